"""The training loop: `train_step`, `evaluate`, `Batches`, `fit`.

The loop is written here because it is what the course teaches. It knows a step and where batches
come from; what else should happen between the steps is a callback.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.augmentation import Augmentation
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.core.metrics import Average, means_of_parts, predicted_digits
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Split
from paddle_mnist.system.errors import TrainingError

# From images [B, 784] and labels [B] to the mean loss, and how many images were read right. It
# changes the weights.
Step = Callable[[paddle.Tensor, paddle.Tensor], tuple[float, int]]

Row = dict[str, Any]


def train_step(
    network: nn.Layer,
    loss_function: LossFunction,
    optimizer: paddle.optimizer.Optimizer,
    images: paddle.Tensor,
    labels: paddle.Tensor,
) -> tuple[float, int]:
    """Change the network's weights a little, so that the loss on this batch falls.

    Args:
        network: changed in place; afterwards in training mode.
        loss_function: from outputs and labels to one number.
        optimizer: over the network's parameters.
        images: float32 [B, 784], as `norm_img` returns them.
        labels: int64 [B].

    Returns:
        The loss before the change, and how many images were read right then.
    """
    network.train()
    outputs = network(images)  # [B, 784] -> [B, 10]
    loss = loss_function(outputs, labels)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    return float(loss), count_correct(outputs, labels)


def count_correct(outputs: paddle.Tensor, labels: paddle.Tensor) -> int:
    """Count the images that were read right, by outputs [B, 10] or [B, 1] and labels [B]."""
    return int((predicted_digits(outputs.numpy()) == labels.numpy()).sum())


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        loss: the mean loss over all images.
        accuracy: the share read right, 0 to 1: `correct` of `count` images.
        outputs: float32 [N, 10], or [N, 1] for the linear stage: what the network returned.
    """

    loss: float
    accuracy: float
    correct: int
    count: int
    outputs: np.ndarray


def evaluate(
    network: nn.Layer, loss_function: LossFunction, split: Split, batch_size: int = 500
) -> Evaluation:
    """Measure a network without changing it, or the mode (training or not) that it is in.

    Args:
        network: any network of the course.
        loss_function: from outputs and labels to one number.
        split: at least one image.
        batch_size: decides only how much memory is used: every image counts once.

    Raises:
        TrainingError: the loss is not a finite number.
    """
    was_training = network.training
    network.eval()
    loss, outputs = Average(), []
    with paddle.no_grad():
        for start in range(0, len(split), batch_size):
            images = norm_img(split.images[start : start + batch_size])  # [B, 784]
            labels = paddle.to_tensor(split.labels[start : start + batch_size])  # [B]
            batch_outputs = network(images)  # [B, 784] -> [B, 10]
            loss.add(float(loss_function(batch_outputs, labels)), len(labels))
            outputs.append(batch_outputs.numpy())
    if was_training:
        network.train()
    if not math.isfinite(loss.value):
        raise TrainingError(
            f"the loss is {loss.value} on {len(split)} images: the weights have become useless; "
            "train again with a lower learning rate"
        )
    all_outputs = np.concatenate(outputs)  # [N, 10]
    correct = int((predicted_digits(all_outputs) == split.labels).sum())
    return Evaluation(loss.value, correct / len(split), correct, len(split), all_outputs)


class Batches:
    """The images of a split in random order, a batch at a time; each epoch has an order of its own.

    Args:
        split: the images to learn from, at least one.
        batch_size: images in a batch; the last batch of an epoch may be smaller.
        random: decides the order of the images, and the augmentation.
        augment: changes a batch [B, 784] before the network sees it.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        random: np.random.Generator,
        augment: Augmentation | None = None,
    ) -> None:
        self.split = split
        self.batch_size = batch_size
        self.random = random
        self.augment = augment

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
        order = self.random.permutation(len(self.split))  # [N]
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]  # [B]
            images = norm_img(self.split.images[chosen])  # [B, 28, 28] -> [B, 784]
            if self.augment is not None:
                images = self.augment(images, self.random)
            yield images, paddle.to_tensor(self.split.labels[chosen])


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        epochs: how many epochs are planned.
        batches: how many batches an epoch has.
        history: a row for each finished epoch: epoch, loss, accuracy, losses (the mean loss of
            each twentieth of the epoch), seconds; and what callbacks add to it.
        epoch: the running epoch, from 1.
        losses: the loss of each of its batches so far.
        loss: the mean of these, in which every image counts once.
        accuracy: the share of the images so far that were read right, before the step on each.
        learning_rate: that of the next step; None: no callback notes it.
        stop_reason: set by a callback that wants training to end after this epoch.
    """

    epochs: int
    batches: int
    history: list[Row] = field(default_factory=list)
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    loss: float = 0.0
    accuracy: float = 0.0
    learning_rate: float | None = None
    stop_reason: str = ""

    def begin_epoch(self) -> None:
        """Begin the next epoch, and count its batches from zero."""
        self.epoch, self.losses = len(self.history) + 1, []
        self._loss, self._accuracy = Average(), Average()
        self._started = time.perf_counter()

    def add(self, loss: float, correct: int, count: int) -> None:
        """Take in what a step returned for a batch of `count` images.

        Raises:
            TrainingError: the loss is no longer a finite number.
        """
        self.losses.append(loss)
        if not math.isfinite(loss):
            limit = f"below {self.learning_rate:g}" if self.learning_rate else "lower than now"
            raise TrainingError(
                f"the loss became {loss} in epoch {self.epoch}, batch {len(self.losses)}: the "
                f"steps were too large; try a learning rate {limit}"
            )
        self._loss.add(loss, count)
        self._accuracy.add(correct / count, count)
        self.loss, self.accuracy = self._loss.value, self._accuracy.value

    def seconds(self) -> float:
        """Seconds since the running epoch began."""
        return time.perf_counter() - self._started

    def end_epoch(self) -> None:
        """Write the epoch's row into the history."""
        row: Row = {"epoch": self.epoch, "loss": self.loss, "accuracy": self.accuracy}
        self.history.append(
            {**row, "losses": means_of_parts(self.losses), "seconds": self.seconds()}
        )


class Callback:
    """What `fit` calls between the steps; this base class does nothing."""

    def on_train_begin(self, progress: Progress) -> None:
        """Before the first epoch of this call of `fit`."""

    def on_epoch_begin(self, progress: Progress) -> None:
        """Before the first batch of an epoch."""

    def on_batch_end(self, progress: Progress) -> None:
        """After each step of the optimiser."""

    def on_epoch_end(self, progress: Progress) -> None:
        """After an epoch; `progress.history` has its row."""


def fit(
    step: Step,
    batches: Batches,
    epochs: int,
    *,
    callbacks: Sequence[Callback] = (),
    history: Sequence[Row] = (),
) -> Progress:
    """Train, epoch after epoch.

    Args:
        step: learns from one batch; `functools.partial(train_step, network, loss_function,
            optimizer)`, or anything that is called like it.
        batches: each `for` loop over it gives the batches of one epoch.
        epochs: how many epochs in all, those of `history` included.
        callbacks: called in this order.
        history: rows of the epochs already done, when an earlier training is continued.

    Returns:
        The progress at the end, with the full history.

    Raises:
        TrainingError: the loss is no longer a finite number.
    """
    progress = Progress(epochs, len(batches), list(history))
    for callback in callbacks:
        callback.on_train_begin(progress)
    while len(progress.history) < epochs and not progress.stop_reason:
        progress.begin_epoch()
        for callback in callbacks:
            callback.on_epoch_begin(progress)
        for images, labels in batches:
            loss, correct = step(images, labels)
            progress.add(loss, correct, len(labels))
            for callback in callbacks:
                callback.on_batch_end(progress)
        progress.end_epoch()
        for callback in callbacks:
            callback.on_epoch_end(progress)
    return progress
