"""What happens between the steps of a training: validation, learning rate, stopping, best weights.

`loop.fit` calls them in the order in which they are given, so `Validate` comes before those that
use the validation loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import paddle
from paddle import nn
from paddle.optimizer.lr import LRScheduler, ReduceOnPlateau

from paddle_mnist.core.loop import Callback, Progress, Row, evaluate
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.data import Split


class Validate(Callback):
    """Measures the network after each epoch, on images that it does not learn from.

    The row of the epoch gets `validation_loss` and `validation_accuracy`.

    Args:
        network: what is trained.
        loss_function: from outputs and labels to one number.
        split: the images to measure on, at least one.
    """

    def __init__(self, network: nn.Layer, loss_function: LossFunction, split: Split) -> None:
        self.network = network
        self.loss_function = loss_function
        self.split = split

    def on_epoch_end(self, progress: Progress) -> None:
        measured = evaluate(self.network, self.loss_function, self.split)
        row = progress.history[-1]
        row["validation_loss"] = measured.loss
        row["validation_accuracy"] = measured.accuracy
        row["seconds"] = progress.seconds()  # measuring is a part of the epoch


class LearningRate(Callback):
    """Notes the learning rate of each epoch, and moves its schedule where there is one.

    ReduceOnPlateau moves once an epoch, by the validation loss; all others once a batch.

    Args:
        optimizer: its rate is noted, as `learning_rate` of the epoch's row.
        schedule: what `optimizers.build_schedule` returned; a plain number stays as it is.
    """

    def __init__(
        self, optimizer: paddle.optimizer.Optimizer, schedule: LRScheduler | float = 0.0
    ) -> None:
        self.optimizer = optimizer
        self.schedule = schedule if isinstance(schedule, LRScheduler) else None
        self.waits_for_loss = isinstance(schedule, ReduceOnPlateau)

    def on_train_begin(self, progress: Progress) -> None:
        progress.learning_rate = float(self.optimizer.get_lr())

    def on_batch_end(self, progress: Progress) -> None:
        if self.schedule is not None and not self.waits_for_loss:
            self.schedule.step()
            progress.learning_rate = float(self.optimizer.get_lr())

    def on_epoch_end(self, progress: Progress) -> None:
        row = progress.history[-1]
        row["learning_rate"] = progress.learning_rate
        if self.schedule is not None and self.waits_for_loss:
            self.schedule.step(row.get("validation_loss", row["loss"]))
            progress.learning_rate = float(self.optimizer.get_lr())


def best_epoch(history: Sequence[Row]) -> int:
    """The epoch (from 1) with the highest validation accuracy; if equal, the lowest loss.

    Without validation images there is nothing to choose by, and the last epoch is taken.
    """
    if "validation_accuracy" not in history[-1]:
        return int(history[-1]["epoch"])
    best = max(history, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    return int(best["epoch"])


def epochs_without_gain(history: Sequence[Row]) -> int:
    """How many epochs ago the validation loss last improved.

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

    Args:
        network: what is trained.
        weights: those of the best epoch so far, when an earlier training is continued.

    Attributes:
        weights: name → array, of the best epoch; empty before the end of the first.
    """

    def __init__(self, network: nn.Layer, weights: Mapping[str, np.ndarray] | None = None) -> None:
        self.network = network
        self.weights = dict(weights or {})

    def on_epoch_end(self, progress: Progress) -> None:
        if best_epoch(progress.history) == progress.epoch:
            state = self.network.state_dict()
            self.weights = {name: tensor.numpy().copy() for name, tensor in state.items()}
