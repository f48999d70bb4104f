"""`ProgressBar`: how far a training is, in the terminal or under a notebook's cell."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

from paddle_mnist.core.loop import Callback, Progress


class ProgressBar(Callback):
    """A bar with loss, accuracy and time left on a terminal, and a line for each finished epoch."""

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None

    def on_epoch_begin(self, progress: Progress) -> None:
        self.bar = tqdm(
            total=progress.batches,
            desc=f"epoch {progress.epoch}/{progress.epochs}",
            unit="batch",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_batch_end(self, progress: Progress) -> None:
        if self.bar is not None and not self.bar.disable:
            text = f"loss {progress.loss:.4f}, accuracy {progress.accuracy:.4f}"
            self.bar.set_postfix_str(text, refresh=False)
            self.bar.update()

    def on_epoch_end(self, progress: Progress) -> None:
        if self.bar is not None:
            self.bar.close()
        row = progress.history[-1]
        line = f"epoch {row['epoch']}/{progress.epochs}: loss {row['loss']:.4f}, "
        line += f"accuracy {row['accuracy']:.4f}"
        if "validation_loss" in row:
            line += f"; validation loss {row['validation_loss']:.4f}, "
            line += f"accuracy {row['validation_accuracy']:.4f}"
        print(f"{line}; {row['seconds']:.1f} s", flush=True)
