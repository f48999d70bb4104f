"""How well a `Recognizer` reads: on a data set's test images, or on a folder of labelled pictures.

Knows nothing of the command line, and writes no files.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
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


@dataclass(frozen=True)
class Coverage:
    """The readings that are at least so sure: which share they are, and how many are right."""

    threshold: float
    coverage: float
    accuracy: float | None  # None: no reading is so sure


@dataclass(frozen=True)
class SourceAccuracy:
    """How the pictures of one source were read."""

    accuracy: float
    count: int


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Measurement:
    """What was read, against the truth.

    Attributes:
        labels: int64 [N], the true digits.
        digits: int64 [N], what was read; -1 where a picture showed nothing to read.
        loss: the mean over what was read; None where nothing was.
        sure: float32 [N], the probability of each digit that was read; -1 where nothing was read,
            and everywhere for the linear stage, which has no probabilities.
        sources: where each picture comes from, or empty.
        unreadable: file → why nothing could be read in it; each counts as a mistake.
        class_names: what the ten classes are called.
        note: what to know of the images before the figures are believed; None: nothing.
    """

    labels: np.ndarray
    digits: np.ndarray
    loss: float | None
    sure: np.ndarray
    sources: tuple[str, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = DIGITS
    note: str | None = None

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
    def by_source(self) -> dict[str, SourceAccuracy]:
        """The accuracy for each source, in alphabetical order; empty where none is named."""
        sources, right = np.array(self.sources), self._right
        return {
            str(name): SourceAccuracy(
                float(right[sources == name].mean()), int((sources == name).sum())
            )
            for name in np.unique(sources)
        }

    @property
    def mean_of_sources(self) -> float | None:
        """The accuracy in which each source counts the same; None where none is named."""
        if not self.sources:
            return None
        return float(np.mean([source.accuracy for source in self.by_source.values()]))

    @property
    def coverage(self) -> list[Coverage]:
        """What is left, and how good it is, at each of THRESHOLDS; empty without probabilities."""
        if not (self.sure >= 0).any():
            return []
        rows = []
        for threshold in THRESHOLDS:
            believed = self.sure >= threshold
            accuracy = float(self._right[believed].mean()) if believed.any() else None
            rows.append(Coverage(threshold, float(believed.mean()), accuracy))
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
            result["by_source"] = {name: vars(row) for name, row in self.by_source.items()}
            result["mean_of_sources"] = self.mean_of_sources
        if self.coverage:
            result["coverage"] = [vars(row) for row in self.coverage]
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
    digits = predicted_digits(test.outputs)
    return Measurement(
        mnist.test.labels,
        digits,
        test.loss,
        highest_probabilities(test.outputs),
        class_names=mnist.source.class_names,
        note=note,
    )


def check_unseen(recognizer: Recognizer, mnist: Mnist) -> str | None:
    """Refuse to measure a run on test images that it was trained on or chosen with.

    Returns:
        What to tell the user: a few images coincide, or it is not known what the run has seen;
        None: it has seen none of them.

    Raises:
        UsageError: it has seen more of them than chance explains.
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
    whose = ""
    if mnist.source.kind == "sample":
        whose = " (the sample's come from MNIST's training set)"
    raise UsageError(
        f"{done}{whose}: it has seen them, so its accuracy there says nothing; give --data with "
        "test images that it has not seen, or a run that was trained on other images"
    )


def highest_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Tell how sure a network is of each of its readings.

    Args:
        outputs: float32 [N, 10], or [N, 1] of the linear stage.

    Returns:
        float32 [N], 0.1 to 1; -1 for the linear stage, which has no probabilities.
    """
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
    rows = _open_npz(folder) if folder.suffix.lower() == ".npz" else _open_folder(folder)
    labels = np.array([row.label for row, _open in rows])
    digits, images, unreadable = np.full(len(rows), -1), {}, {}
    sure = np.full(len(rows), -1, np.float32)
    for index, (row, open_one) in enumerate(rows):
        try:
            images[index] = prepare(open_one(), instead)
        except PictureError as error:
            # The message begins with the whole path, and the file is named already.
            unreadable[row.file] = str(error).removeprefix(f"{folder / row.file}: ")
    loss = None
    if images:
        readable = np.array(list(images))
        outputs = recognizer.outputs(np.stack(list(images.values())))
        digits[readable] = predicted_digits(outputs)
        sure[readable] = highest_probabilities(outputs)
        loss_function = LOSSES[STAGES[recognizer.stage].loss]
        truth = paddle.to_tensor(labels[readable])
        loss = float(loss_function(paddle.to_tensor(outputs), truth))
    sources = tuple(row.source for row, _open in rows)
    return Measurement(
        labels,
        digits,
        loss,
        sure,
        sources if any(sources) else (),
        unreadable,
        recognizer.class_names,
    )


_Rows = list[tuple[LabelledPicture, Callable[[], Image.Image]]]


def _open_folder(folder: Path) -> _Rows:
    return [
        (row, functools.partial(open_picture, folder / row.file)) for row in read_labels_csv(folder)
    ]


def _open_npz(path: Path) -> _Rows:
    images, labels = read_pictures_npz(path)
    return [
        (
            LabelledPicture(f"image {number}", int(label), ""),
            functools.partial(Image.fromarray, image),
        )
        for number, (image, label) in enumerate(zip(images, labels))
    ]
