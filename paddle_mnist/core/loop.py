"""The training loop: `train_step`, `evaluate`, `fit`.

The loop is written here because it is what the course teaches. It knows nothing of files, stages
or the command line; what else should happen between the steps is a callback.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.augmentation import Augmentation
from paddle_mnist.core.callbacks import Callback, Progress, Row
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.core.metrics import Average, means_of_parts, predicted_digits
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Split
from paddle_mnist.parallel.group import ALONE, Workers
from paddle_mnist.system.errors import TrainingError


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        loss: the mean loss over all images.
        accuracy: the share read right, 0 to 1.
        correct: how many were read right.
        count: how many images there were.
        outputs: float32 [N, 10], or [N, 1] for the linear stage: what the network returned.
    """

    loss: float
    accuracy: float
    correct: int
    count: int
    outputs: np.ndarray


def train_step(
    network: nn.Layer,
    loss_function: LossFunction,
    optimizer: paddle.optimizer.Optimizer,
    images: paddle.Tensor,
    labels: paddle.Tensor,
) -> tuple[float, np.ndarray]:
    """Change the network's weights a little, so that the loss on this batch falls.

    Args:
        network: in training mode.
        loss_function: from outputs and labels to one number.
        optimizer: over the network's parameters.
        images: float32 [N, 784], as `norm_img` returns them.
        labels: int64 [N].

    Returns:
        The loss before the change, and the network's outputs [N, 10] or [N, 1].
    """
    outputs = network(images)  # [N, 784] -> [N, 10]
    loss = loss_function(outputs, labels)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    return float(loss), outputs.numpy()


def evaluate(
    network: nn.Layer,
    loss_function: LossFunction,
    split: Split,
    batch_size: int = 500,
    workers: Workers = ALONE,
) -> Evaluation:
    """Measure a network without changing it; afterwards its mode is what it was before.

    Args:
        network: any network of the course.
        loss_function: from outputs and labels to one number.
        split: at least one image.
        batch_size: only a matter of memory: every image counts once.
        workers: each measures its part of the images; all of them get the same answer.

    Raises:
        TrainingError: the loss is not a finite number.
    """
    was_training = network.training
    network.eval()
    loss, outputs, part = Average(), [], split.take(workers.part(len(split)))
    with paddle.no_grad():
        for start in range(0, len(part), batch_size):
            images = norm_img(part.images[start : start + batch_size])
            labels = paddle.to_tensor(part.labels[start : start + batch_size])
            batch_outputs = network(images)
            loss.add(float(loss_function(batch_outputs, labels)), len(labels))
            outputs.append(batch_outputs.numpy())
    if was_training:
        network.train()
    loss.total, loss.count = workers.sums(loss.total, loss.count)
    if not math.isfinite(loss.value):
        raise TrainingError(
            f"the loss is {loss.value} on {len(split)} images: the weights have become useless; "
            "train again with a lower learning rate"
        )
    all_outputs = workers.gather(np.concatenate(outputs), len(split))
    correct = int((predicted_digits(all_outputs) == split.labels).sum())
    return Evaluation(loss.value, correct / len(split), correct, len(split), all_outputs)


def fit(
    network: nn.Layer,
    loss_function: LossFunction,
    optimizer: paddle.optimizer.Optimizer,
    train: Split,
    validation: Split,
    *,
    epochs: int,
    batch_size: int,
    random: np.random.Generator,
    augment: Augmentation | None = None,
    validation_loss_function: LossFunction | None = None,
    callbacks: Sequence[Callback] = (),
    history: Sequence[Row] = (),
    workers: Workers = ALONE,
    step: Callable[..., tuple[float, np.ndarray]] = train_step,
) -> Progress:
    """Train a network, epoch after epoch.

    Args:
        network: changed in place.
        loss_function: from outputs and labels to one number.
        optimizer: over the network's parameters.
        train: the images to learn from, at least one.
        validation: images to measure each epoch on; may be empty.
        epochs: how many epochs there shall be in the end, those of `history` included.
        batch_size: images a step; the last batch of an epoch may be smaller.
        random: decides the order of the images, and the augmentation.
        augment: changes a batch [N, 784] before the network sees it.
        validation_loss_function: what is measured on the validation images; None: loss_function.
        callbacks: called in this order.
        history: rows of epochs already done, when a training goes on.
        workers: each takes its part of every batch.
        step: `train_step`, or one of `parallel.build_step` for several workers.

    Returns:
        The progress at the end, with the full history.

    Raises:
        TrainingError: the loss is no longer a finite number.
    """
    batches = math.ceil(len(train) / batch_size)
    progress = Progress(network, epochs, batches, list(history))
    for callback in callbacks:
        callback.on_train_begin(progress)
    while len(progress.history) < epochs and not progress.stop_reason:
        progress.epoch = len(progress.history) + 1
        started = time.perf_counter()
        for callback in callbacks:
            callback.on_epoch_begin(progress)
        losses = _train_epoch(
            progress,
            loss_function,
            optimizer,
            train,
            batch_size,
            random,
            augment,
            callbacks,
            workers,
            step,
        )
        row: Row = {"epoch": progress.epoch, "loss": progress.loss, "accuracy": progress.accuracy}
        row["losses"] = means_of_parts(losses)
        if len(validation):
            measured = evaluate(
                network, validation_loss_function or loss_function, validation, workers=workers
            )
            row["validation_loss"] = measured.loss
            row["validation_accuracy"] = measured.accuracy
        row["learning_rate"] = float(optimizer.get_lr())
        row["seconds"] = time.perf_counter() - started
        progress.history.append(row)
        for callback in callbacks:
            callback.on_epoch_end(progress)
    return progress


def _train_epoch(
    progress: Progress,
    loss_function: LossFunction,
    optimizer: paddle.optimizer.Optimizer,
    train: Split,
    batch_size: int,
    random: np.random.Generator,
    augment: Augmentation | None,
    callbacks: Sequence[Callback],
    workers: Workers,
    step: Callable[..., tuple[float, np.ndarray]],
) -> list[float]:
    progress.network.train()
    loss, accuracy, batch_losses = Average(), Average(), []
    order = random.permutation(len(train))
    for start in range(0, len(train), batch_size):
        chosen = order[start : start + batch_size]
        images, labels = norm_img(train.images[chosen]), train.labels[chosen]
        if augment is not None:
            images = augment(images, random)
        images, labels = workers.own(images), workers.own(labels)
        batch_loss, outputs = step(
            progress.network, loss_function, optimizer, images, paddle.to_tensor(labels)
        )
        if not math.isfinite(batch_loss):
            raise TrainingError(
                f"the loss became {batch_loss} in epoch {progress.epoch}, "
                f"batch {start // batch_size + 1}: the steps were too large; "
                f"try a learning rate below {optimizer.get_lr():g}"
            )
        batch_losses.append(batch_loss)
        loss.add(batch_loss, len(chosen))
        right = float((predicted_digits(outputs) == labels).mean())
        accuracy.add(right, len(chosen) * workers.share(len(chosen)))
        progress.loss, progress.accuracy = loss.value, accuracy.value
        for callback in callbacks:
            callback.on_batch_end(progress)
    accuracy.total, accuracy.count = workers.sums(accuracy.total, accuracy.count)
    progress.accuracy = accuracy.value
    return batch_losses
