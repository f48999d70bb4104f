"""`Recognizer`: a run and a picture → a digit and its probabilities."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.checkpoint import MODEL, load_record, load_tensors, load_weights
from paddle_mnist.errors import RunError
from paddle_mnist.images import load_image
from paddle_mnist.metrics import predicted_digits, softmax
from paddle_mnist.stages import STAGES, build_network
from paddle_mnist.transforms import norm_img

_BATCH = 500  # only a matter of memory


@dataclass(frozen=True)
class Reading:
    """What a network reads in one picture.

    Attributes:
        digit: 0 to 9.
        probabilities: float32 [10]; None for the linear stage, which has none.
        value: the linear stage's number, before it is rounded; None for all others.
        image: uint8 [28, 28], what the network saw.
    """

    digit: int
    probabilities: np.ndarray | None
    value: float | None
    image: np.ndarray


class Recognizer:
    """Reads digits with a trained network.

    Attributes:
        network: in evaluation mode.
        stage: the name of its stage.
        record: the run's `run.json`.
    """

    def __init__(self, network: nn.Layer, stage: str, record: dict[str, Any] | None = None) -> None:
        self.network = network
        self.stage = stage
        self.record = record or {}
        network.eval()

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Recognizer:
        """Load the run in a folder, such as "runs/cnn".

        Raises:
            RunError: there is no run, or it is damaged.
        """
        folder = Path(folder)
        record = load_record(folder)
        if record["stage"] not in STAGES:
            raise RunError(
                f"the run in {folder} is of stage {record['stage']!r}, which this version does not "
                f"know; the stages are: {', '.join(STAGES)}"
            )
        try:
            # At once after run.json: while a training goes on, the next epoch replaces both.
            weights = load_tensors(folder, MODEL, record)
            network = build_network(record["stage"])
            load_weights(network, weights)
        except RunError as error:
            raise RunError(f"the run in {folder} cannot be loaded: {error}") from error
        return cls(network, record["stage"], record)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """The network's outputs.

        Args:
            images: uint8 [N, 28, 28], N at least 1, white ink on black, as `load_mnist` and
                `load_image` give.

        Returns:
            float32 [N, 10] (logits), or [N, 1] for the linear stage.
        """
        starts = range(0, len(images), _BATCH)
        with paddle.no_grad():
            batches = [self.network(norm_img(images[i : i + _BATCH])).numpy() for i in starts]
        return np.concatenate(batches)

    def read(self, images: np.ndarray) -> list[Reading]:
        """Read a batch of prepared images, uint8 [N, 28, 28]."""
        outputs = self.outputs(images)
        digits = predicted_digits(outputs)
        if outputs.shape[1] == 1:
            return [
                Reading(int(digit), None, float(output[0]), image)
                for digit, output, image in zip(digits, outputs, images)
            ]
        return [
            Reading(int(digit), row, None, image)
            for digit, row, image in zip(digits, softmax(outputs), images)
        ]

    def read_picture(self, path: str | os.PathLike[str]) -> Reading:
        """Read the digit in a picture file.

        Raises:
            PictureError: the file is not a picture that can be read, or shows nothing.
        """
        return self.read(load_image(path))[0]
