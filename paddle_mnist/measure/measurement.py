"""How well a `Recognizer` reads: on a data set's test images, or on labelled pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from PIL import Image

from paddle_mnist.core import loop
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.metrics import accuracy_by_class, confusion_matrix, predicted_digits, softmax
from paddle_mnist.core.stages import STAGES
from paddle_mnist.data import Mnist
from paddle_mnist.data.class_names import DIGITS
from paddle_mnist.images import open_picture
from paddle_mnist.images.preparation import Step, prepare
from paddle_mnist.measure.labelled_pictures import (
    LabelledPicture,
    read_labels_csv,
    read_pictures_npz,
)
from paddle_mnist.runs.recognizer import SURE, Recognizer
from paddle_mnist.runs.seen import count_seen, describe_seen, more_than_by_chance
from paddle_mnist.system.errors import PictureError, UsageError

# Probabilities below which a reading may be left out, for the table of accuracy and coverage.
THRESHOLDS = (0.0, 0.5, 0.7, SURE, 0.9, 0.95, 0.99)


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Measurement:
    """What was read, against the truth."""

    labels: np.ndarray  # int64 [N], the true digits
    digits: np.ndarray  # int64 [N], what was read; -1 where a picture showed nothing to read
    loss: float | None  # the mean over what was read; None where nothing was
    sure: np.ndarray  # float32 [N], the probability of each digit; -1 where there is none
    sources: tuple[str, ...] = ()  # where each picture comes from, or empty
    unreadable: dict[str, str] = field(default_factory=dict)  # file → why it is a mistake
    class_names: tuple[str, ...] = DIGITS
    note: str | None = None  # what to know of the images before the figures are believed

    @property
    def matrix(self) -> np.ndarray:
        """The confusion matrix, int64 [10, 10], of what was read."""
        read = self.digits >= 0
        return confusion_matrix(self.labels[read], self.digits[read])

    @property
    def accuracy(self) -> float:
        """The share that was read right."""
        return float(self._right.mean())

    @property
    def correct(self) -> int:
        """How many were read right."""
        return int(self._right.sum())

    @property
    def count(self) -> int:
        """How many there were to read."""
        return len(self.labels)

    @property
    def by_class(self) -> dict[int, float]:
        """The accuracy for each digit that occurs."""
        return accuracy_by_class(self.labels, self.digits)

    @property
    def by_source(self) -> dict[str, dict[str, float]]:
        """The accuracy and the count of each source, by name; empty where none is named."""
        sources, found = np.array(self.sources), {}
        for name in sorted(set(self.sources)):
            right = self._right[sources == name]
            found[name] = {"accuracy": float(right.mean()), "count": len(right)}
        return found

    @property
    def mean_of_sources(self) -> float | None:
        """The accuracy in which each source counts the same; None where none is named."""
        accuracies = [source["accuracy"] for source in self.by_source.values()]
        return float(np.mean(accuracies)) if accuracies else None

    @property
    def coverage(self) -> list[dict[str, float | None]]:
        """What is left, and how good it is, at each of THRESHOLDS; empty without probabilities."""
        rows: list[dict[str, float | None]] = []
        if not (self.sure >= 0).any():
            return rows
        for threshold in THRESHOLDS:
            right = self._right[self.sure >= threshold]
            accuracy = float(right.mean()) if len(right) else None
            share = len(right) / self.count
            rows.append({"threshold": threshold, "coverage": share, "accuracy": accuracy})
        return rows

    @property
    def _right(self) -> np.ndarray:
        right: np.ndarray = self.digits == self.labels
        return right

    def as_json(self) -> dict[str, Any]:
        """Turn the measurement into JSON values; what there is nothing of is left out."""
        result: dict[str, Any] = {
            "accuracy": self.accuracy,
            "correct": self.correct,
            "count": self.count,
            "loss": self.loss,
            "by_class": {str(digit): accuracy for digit, accuracy in self.by_class.items()},
            "class_names": list(self.class_names),
        }
        if self.sources:
            result["by_source"] = self.by_source
            result["mean_of_sources"] = self.mean_of_sources
        if self.coverage:
            result["coverage"] = self.coverage
        if self.unreadable:
            result["unreadable"] = self.unreadable
        if self.note:
            result["note"] = self.note
        return result


def measure_test_images(recognizer: Recognizer, mnist: Mnist) -> Measurement:
    """Measure on a data set's test images.

    Raises:
        UsageError: the run has seen these test images.
        TrainingError: the run's weights are useless: its loss is not a number.
    """
    note = check_unseen(recognizer, mnist)
    loss_function = LOSSES[STAGES[recognizer.stage].loss]
    test = loop.evaluate(recognizer.network, loss_function, mnist.test)
    digits, sure = predicted_digits(test.outputs), highest_probabilities(test.outputs)
    names = mnist.source.class_names
    return Measurement(mnist.test.labels, digits, test.loss, sure, class_names=names, note=note)


def check_unseen(recognizer: Recognizer, mnist: Mnist) -> str | None:
    """Refuse, by a UsageError, test images that a run was trained on or chosen with.

    Returns:
        What to tell the user where a few of them coincide, which may be chance, or where it is not
        known what the run has seen; None: it has seen none of them.
    """
    if recognizer.seen is None:
        return "it is not known which images this run was trained on; it may have seen these"
    count = len(mnist.test)
    found = count_seen(mnist.test.images, recognizer.seen)
    if not any(found.values()):
        return None
    done = f"this run was {describe_seen(found, count)}"
    if not more_than_by_chance(found, count):
        return done
    is_sample = mnist.source.kind == "sample"
    whose = " (the sample's come from MNIST's training set)" if is_sample else ""
    raise UsageError(
        f"{done}{whose}: it has seen them, so its accuracy there says nothing; give --data with "
        "test images that it has not seen, or a run that was trained on other images"
    )


def highest_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Tell how sure a network is of each reading: float32 [N], -1 for the linear stage's [N, 1]."""
    if outputs.shape[1] == 1:
        return np.full(len(outputs), -1, np.float32)
    highest: np.ndarray = softmax(outputs).max(axis=1)
    return highest


def measure_pictures(
    recognizer: Recognizer, folder: Path, instead: Mapping[str, Step] | None = None
) -> Measurement:
    """Measure on a folder of pictures; one in which nothing can be read counts as a mistake.

    Args:
        recognizer: the run.
        folder: has `labels.csv` with the columns file and label and, for the accuracy of each
            source, source_repo; or an .npz file with the arrays images and labels.
        instead: functions that take the place of steps of the preparation, by the step's name.

    Raises:
        DataError: `labels.csv` is missing or damaged, or names a picture that is not there.
    """
    rows = _labelled(folder)
    labels = np.array([row.label for row, _pixels in rows])
    digits, images, unreadable = np.full(len(rows), -1), {}, {}
    sure = np.full(len(rows), -1, np.float32)
    for index, (row, pixels) in enumerate(rows):
        file = folder / row.file
        try:
            picture = open_picture(file) if pixels is None else Image.fromarray(pixels)
            images[index] = prepare(picture, instead)
        except PictureError as error:
            # The message begins with the whole path, and the file is named already.
            unreadable[row.file] = str(error).removeprefix(f"{file}: ")
    loss = None
    if images:
        readable = np.array(list(images))
        outputs = recognizer.outputs(np.stack(list(images.values())))
        digits[readable] = predicted_digits(outputs)
        sure[readable] = highest_probabilities(outputs)
        loss_function = LOSSES[STAGES[recognizer.stage].loss]
        truth = paddle.to_tensor(labels[readable])
        loss = float(loss_function(paddle.to_tensor(outputs), truth))
    sources = tuple(row.source for row, _pixels in rows)
    if not any(sources):
        sources = ()
    return Measurement(labels, digits, loss, sure, sources, unreadable, recognizer.class_names)


def _labelled(folder: Path) -> list[tuple[LabelledPicture, np.ndarray | None]]:
    """The rows of a folder's labels.csv; or of an .npz, each with its pixels, uint8 [H, W]."""
    if folder.suffix.lower() != ".npz":
        return [(row, None) for row in read_labels_csv(folder)]
    images, labels = read_pictures_npz(folder)
    names = [f"image {number}" for number in range(len(images))]
    return [
        (LabelledPicture(name, int(label), ""), image)
        for name, label, image in zip(names, labels, images)
    ]
