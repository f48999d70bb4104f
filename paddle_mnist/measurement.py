"""How well a `Recognizer` reads: on a data set's test images, or on a folder of labelled pictures.

Knows nothing of the command line, and writes no files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mnist.data import Mnist, read_labels_csv
from paddle_mnist.errors import PictureError, UsageError
from paddle_mnist.images import load_image
from paddle_mnist.infer import Recognizer
from paddle_mnist.loop import evaluate
from paddle_mnist.losses import LOSSES
from paddle_mnist.metrics import accuracy_by_class, confusion_matrix, predicted_digits
from paddle_mnist.stages import STAGES


@dataclass(frozen=True)
class Measurement:
    """What was read, against the truth.

    Attributes:
        labels: int64 [N], the true digits.
        digits: int64 [N], what was read; -1 where a picture showed nothing to read.
        loss: the mean over what was read; None where nothing was.
        sources: where each picture comes from, or empty.
        unreadable: file → why nothing could be read in it; each counts as a mistake.
    """

    labels: np.ndarray
    digits: np.ndarray
    loss: float | None
    sources: tuple[str, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def matrix(self) -> np.ndarray:
        """The confusion matrix, int64 [10, 10], of what was read."""
        read = self.digits >= 0
        return confusion_matrix(self.labels[read], self.digits[read])

    def as_json(self) -> dict[str, Any]:
        """The measurement as JSON values."""
        right = self.digits == self.labels
        by_class = accuracy_by_class(self.labels, self.digits)
        result: dict[str, Any] = {
            "accuracy": float(right.mean()),
            "correct": int(right.sum()),
            "count": len(self.labels),
            "loss": self.loss,
            "by_class": {str(digit): accuracy for digit, accuracy in by_class.items()},
        }
        if self.sources:
            result["by_source"] = self._by_source(right)
            accuracies = [source["accuracy"] for source in result["by_source"].values()]
            result["mean_of_sources"] = float(np.mean(accuracies))
        if self.unreadable:
            result["unreadable"] = self.unreadable
        return result

    def _by_source(self, right: np.ndarray) -> dict[str, dict[str, Any]]:
        sources = np.array(self.sources)
        return {
            str(name): {
                "accuracy": float(right[sources == name].mean()),
                "count": int((sources == name).sum()),
            }
            for name in np.unique(sources)
        }


def measure_test_images(recognizer: Recognizer, mnist: Mnist) -> Measurement:
    """Measure on a data set's test images.

    Raises:
        UsageError: the run was trained on images of that test set.
        TrainingError: the run's weights are useless: its loss is not a number.
    """
    trained_on = recognizer.record["data"]
    if mnist.source.test_is_from_mnist_training and trained_on.get("is_mnist"):
        raise UsageError(
            "the sample's test images come from MNIST's training set, and this run was trained on "
            "it: it has seen them, so its accuracy there says nothing; give MNIST itself with "
            "--data, or a run that was trained with --data sample"
        )
    test = evaluate(recognizer.network, LOSSES[STAGES[recognizer.stage].loss], mnist.test)
    return Measurement(mnist.test.labels, predicted_digits(test.outputs), test.loss)


def measure_pictures(recognizer: Recognizer, folder: Path) -> Measurement:
    """Measure on a folder of pictures; one in which nothing can be read counts as a mistake.

    Args:
        recognizer: the run.
        folder: has `labels.csv` with the columns file and label and, for the accuracy of each
            source, source_repo.

    Raises:
        DataError: `labels.csv` is missing or damaged, or names a picture that is not there.
    """
    rows = read_labels_csv(folder)
    labels = np.array([row.label for row in rows])
    digits, images, unreadable = np.full(len(rows), -1), {}, {}
    for index, row in enumerate(rows):
        try:
            images[index] = load_image(folder / row.file)[0]
        except PictureError as error:
            unreadable[row.file] = str(error)
    loss = None
    if images:
        readable = np.array(list(images))
        outputs = recognizer.outputs(np.stack(list(images.values())))
        digits[readable] = predicted_digits(outputs)
        loss_function = LOSSES[STAGES[recognizer.stage].loss]
        truth = paddle.to_tensor(labels[readable])
        loss = float(loss_function(paddle.to_tensor(outputs), truth))
    sources = tuple(row.source for row in rows)
    return Measurement(labels, digits, loss, sources if any(sources) else (), unreadable)
