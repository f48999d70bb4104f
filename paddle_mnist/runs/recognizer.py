"""`Recognizer`: a run and a picture → a digit and its probabilities."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.metrics import predicted_digits, softmax
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data.class_names import DIGITS, are_digits
from paddle_mnist.images import open_picture
from paddle_mnist.images.preparation import explain_with_doubt
from paddle_mnist.runs.folder import Run, Tensors
from paddle_mnist.runs.record import Record
from paddle_mnist.runs.shipped import seen_of_mnist
from paddle_mnist.runs.state import load_weights
from paddle_mnist.system.errors import PictureError, RunError

_BATCH = 500  # only a matter of memory
_LONGEST_NAME = 80  # characters; the name of a class stands in tables and above pictures

# Below this probability a reading is in doubt; `evaluate --images` measures other thresholds too.
SURE = 0.8

# Why a reading should not be believed.
DOUBTS = {
    "several": "there seem to be several digits; cut out one of them",
    "nothing": "it may not be a digit: only something along the border was found",
    "unsure": "the network is unsure; it may not be a digit, or be an unclear one",
}


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Reading:
    """What a network reads in one picture."""

    digit: int  # 0 to 9
    probabilities: np.ndarray | None  # float32 [10]; None for the linear stage, which has none
    value: float | None  # the linear stage's number, before it is rounded; None for all others
    image: np.ndarray  # uint8 [28, 28], what the network saw
    class_names: tuple[str, ...] = DIGITS
    doubt: str | None = None  # a key of DOUBTS; None: no doubt is known
    steps: Mapping[str, Any] | None = None  # of a picture file, as `images.explain` returns them

    @property
    def name(self) -> str:
        """What the class that was read is called."""
        return self.class_names[self.digit]


@dataclass(eq=False)
class Recognizer:
    """Reads digits with a trained network."""

    network: nn.Layer  # in evaluation mode
    stage: str  # its name
    record: Record = field(default_factory=dict)  # the run's `run.json`
    seen: Tensors | None = None  # hashes for `seen.count_seen`; None: they are not known

    def __post_init__(self) -> None:
        self.network.eval()

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the ten classes are called; those of digits where the record does not say."""
        return tuple(self.record.get("data", {}).get("classes", DIGITS))

    @property
    def caution(self) -> str | None:
        """Why not to rely on what it reads in picture files; None: it reads digits."""
        if are_digits(self.class_names):
            return None
        return (
            "pictures are prepared, and doubted, as digits are; this run was trained on "
            f"{', '.join(self.class_names[:2])} and so on, so do not rely on it here"
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Recognizer:
        """Load the run in a folder, such as "runs/cnn"; a RunError says why it cannot be used."""
        run = Run.load(Path(folder))
        record, stage = run.record, run.record["stage"]
        if stage not in STAGES:
            raise RunError(
                f"the run in {folder} is of stage {stage!r:.80}, which this version "
                f"does not know; the stages are: {', '.join(STAGES)}"
            )
        try:
            _check_class_names(record["data"].get("classes", DIGITS))
            # At once after run.json: while a training goes on, the next epoch replaces both.
            weights, seen = run.model(), run.seen()
            network = build_network(stage)
            load_weights(network, weights)
        except RunError as error:
            raise RunError(f"the run in {folder} cannot be loaded: {error}") from error
        if seen is None and record["data"].get("is_mnist"):
            seen = seen_of_mnist()
        return cls(network, stage, record, seen)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """The network's outputs for images as `load_mnist` and `load_image` give them.

        Args:
            images: uint8 [N, 28, 28], N at least 1, white ink on black.

        Returns:
            float32 [N, 10] (logits), or [N, 1] for the linear stage.

        Raises:
            RunError: the weights are so large that the outputs are not finite numbers.
        """
        starts = range(0, len(images), _BATCH)
        with paddle.no_grad():
            batches = [self.network(norm_img(images[i : i + _BATCH])).numpy() for i in starts]
        outputs = np.concatenate(batches)
        if not np.isfinite(outputs).all():
            raise RunError(
                f"the network of stage {self.stage!r} answers with something that is not a number; "
                "train it again"
            )
        return outputs

    def read(self, images: np.ndarray) -> list[Reading]:
        """Read a batch of prepared images, uint8 [N, 28, 28]."""
        outputs, names = self.outputs(images), self.class_names
        digits = map(int, predicted_digits(outputs))
        if outputs.shape[1] == 1:
            found = zip(digits, outputs, images)
            return [
                Reading(digit, None, float(row[0]), image, names) for digit, row, image in found
            ]
        return [
            Reading(digit, row, None, image, names, None if row.max() >= SURE else "unsure")
            for digit, row, image in zip(digits, softmax(outputs), images)
        ]

    def read_picture(self, path: str | os.PathLike[str]) -> Reading:
        """Read the digit in a picture file; a PictureError says why nothing can be read in it."""
        picture = open_picture(path)
        try:
            steps, doubt = explain_with_doubt(picture)
        except PictureError as error:
            raise PictureError(f"{path}: {error}") from error
        image = np.asarray(list(steps.values())[-1])
        reading = self.read(image[np.newaxis])[0]
        return replace(reading, steps=steps, doubt=doubt or reading.doubt)


def _check_class_names(names: Any) -> None:
    # A run may come from anybody, and its names are printed in the terminal.
    fits = isinstance(names, (list, tuple)) and len(names) == len(DIGITS)
    if not fits or not all(
        isinstance(name, str) and name.isprintable() and len(name) <= _LONGEST_NAME
        for name in names
    ):
        raise RunError(f"its class names are {names!a:.80}; expected ten names; train again")
