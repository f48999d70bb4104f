"""Weights that ship with the package, so that pictures are read before anything was trained."""

from __future__ import annotations

from pathlib import Path

from paddle_mnist.errors import UsageError
from paddle_mnist.stages import find_stage

# From the simplest to the best.
SHIPPED = ("linear", "mlp", "cnn", "best")


def shipped_run(stage: str) -> Path:
    """The folder of the run of a stage that ships; it is loaded like any other run.

    Args:
        stage: a name in SHIPPED.

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
    return Path(__file__).parent / "weights" / stage
