"""Weights that ship with the package, so that pictures are read before anything was trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mnist.core.stages import STAGES, find_stage
from paddle_mnist.system.errors import UsageError

if TYPE_CHECKING:
    from paddle_mnist.runs.folder import Tensors

FOLDER = Path(__file__).resolve().parents[1] / "weights"

# From the simplest to the best, which is the one that is used where none is named.
SHIPPED = tuple(stage for stage in STAGES if (FOLDER / stage / "run.json").exists())

# All that ships was trained on MNIST, so what each run has seen is kept once for all.
SEEN_OF_MNIST = FOLDER / "mnist_training_images.safetensors"


def shipped_run(stage: str) -> Path:
    """Find the folder of a stage's run that ships; it is loaded like any other run.

    Raises:
        UsageError: there is no such stage, or no weights of it ship.
    """
    if stage not in SHIPPED:
        find_stage(stage)  # nothing that does not exist can be trained
        raise UsageError(
            f"no weights of stage {stage!r} ship with the package, only those of "
            f"{', '.join(SHIPPED)}; train it with: python -m paddle_mnist.train --stage {stage}, "
            f"and name its run with --run runs/{stage}"
        )
    return FOLDER / stage


def seen_of_mnist() -> Tensors:
    """Read the hashes of MNIST's 60,000 training images, as `Run.seen` gives those of a run."""
    from paddle_mnist.runs.folder import read_tensors
    from paddle_mnist.runs.seen import checked_seen

    return checked_seen(SEEN_OF_MNIST, read_tensors(SEEN_OF_MNIST))
