"""What happens between the steps of a training: schedules, best weights, stopping, a progress bar.

`loop.fit` calls each callback at the end of every batch and epoch. Callbacks know nothing of
files, stages or the command line.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from paddle import nn
from paddle.optimizer.lr import LRScheduler, ReduceOnPlateau
from tqdm import tqdm

Row = dict[str, Any]


@dataclass
class Progress:
    """Where a training is.

    Attributes:
        network: what is trained.
        epochs: how many epochs are planned.
        batches: how many batches an epoch has.
        history: a row for each finished epoch: epoch, loss, accuracy, losses (the mean loss of
            each twentieth of the epoch), seconds, learning_rate and, where there are validation
            images, validation_loss and validation_accuracy.
        epoch: the running epoch, from 1.
        loss: the running epoch's mean loss so far.
        accuracy: the running epoch's accuracy so far, on batches as they were trained.
        stop_reason: set by a callback that wants training to end after this epoch.
    """

    network: nn.Layer
    epochs: int
    batches: int
    history: list[Row] = field(default_factory=list)
    epoch: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    stop_reason: str = ""


class Callback:
    """The base: does nothing at any moment."""

    def on_train_begin(self, progress: Progress) -> None:
        """Before the first epoch of this call of `fit`."""

    def on_epoch_begin(self, progress: Progress) -> None:
        """Before the first batch of an epoch."""

    def on_batch_end(self, progress: Progress) -> None:
        """After each step of the optimiser."""

    def on_epoch_end(self, progress: Progress) -> None:
        """After validation; `progress.history` has the epoch's row."""


class Schedule(Callback):
    """Moves a learning-rate schedule: ReduceOnPlateau once an epoch, all others once a batch."""

    def __init__(self, schedule: LRScheduler) -> None:
        self.schedule = schedule
        self.waits_for_loss = isinstance(schedule, ReduceOnPlateau)

    def on_batch_end(self, progress: Progress) -> None:
        if not self.waits_for_loss:
            self.schedule.step()

    def on_epoch_end(self, progress: Progress) -> None:
        if self.waits_for_loss:
            row = progress.history[-1]
            self.schedule.step(row.get("validation_loss", row["loss"]))


def best_epoch(history: list[Row]) -> int:
    """The epoch (from 1) with the highest validation accuracy; of equals, the lowest loss.

    Without validation images nothing can be chosen, and the last epoch is the answer.
    """
    if "validation_accuracy" not in history[-1]:
        return int(history[-1]["epoch"])
    best = max(history, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    return int(best["epoch"])


def epochs_without_gain(history: list[Row]) -> int:
    """How many epochs ago the validation loss was last lower than ever before.

    Args:
        history: at least one row, with validation_loss.
    """
    lowest, since = float("inf"), 0
    for row in history:
        if row["validation_loss"] < lowest:
            lowest, since = row["validation_loss"], 0
        else:
            since += 1
    return since


class EarlyStopping(Callback):
    """Ends training when the validation loss has not fallen for `patience` epochs."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_train_begin(self, progress: Progress) -> None:
        # A run that was interrupted right after its last epoch must not go on when resumed.
        self.on_epoch_end(progress)

    def on_epoch_end(self, progress: Progress) -> None:
        if not progress.history or "validation_loss" not in progress.history[-1]:
            return
        waited = epochs_without_gain(progress.history)
        if waited >= self.patience:
            progress.stop_reason = f"the validation loss has not fallen for {waited} epochs"


class BestWeights(Callback):
    """Keeps a copy of the weights of the best epoch so far.

    Attributes:
        weights: name → array of the best epoch; empty before the first one.
    """

    def __init__(self, weights: dict[str, np.ndarray] | None = None) -> None:
        self.weights = dict(weights or {})

    def on_epoch_end(self, progress: Progress) -> None:
        if best_epoch(progress.history) == progress.epoch:
            state = progress.network.state_dict()
            self.weights = {name: tensor.numpy().copy() for name, tensor in state.items()}


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
