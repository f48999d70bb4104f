"""A step of training that several processes share, or that computes in 16 bits.

`parallel_step` has the shape of `loop.Step`: it takes a whole batch, lets this process learn from
its own part of it, and returns what the step was over all parts. So `loop.fit` need not know.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.loop import Step, count_correct
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.parallel.group import Group, ProcessLostError, part_of


def parallel_step(
    network: nn.Layer,
    loss_function: LossFunction,
    optimizer: paddle.optimizer.Optimizer,
    group: Group,
    precision: str = "float32",
) -> Step:
    """Make a step for several processes, or for mixed precision.

    Args:
        network: the same in all processes.
        loss_function: from outputs and labels to the mean loss.
        optimizer: over the network's parameters.
        group: who trains together.
        precision: "float32"; or "bfloat16" or "float16", in which a GPU then computes operations
            that tolerate it. The smallest gradients vanish in float16, so there the loss is scaled
            up, and the gradients down again.
    """
    mixed = precision != "float32"
    scaler = paddle.amp.GradScaler(enable=precision == "float16")
    kind: Literal["bfloat16", "float16"] = "bfloat16" if precision == "bfloat16" else "float16"

    def step(images: paddle.Tensor, labels: paddle.Tensor) -> tuple[float, int]:
        network.train()
        part = part_of(group.rank, group.members, len(labels))
        own_images, own_labels = images[part], labels[part]
        with paddle.amp.auto_cast(mixed, dtype=kind):
            outputs = network(own_images)  # [part of B, 784] -> [part of B, 10]
            # The sum, not the mean: sums of parts of any size add up to that of the whole.
            loss_sum = loss_function(outputs, own_labels) * len(own_labels)
        _backward(group, scaler.scale(loss_sum))
        correct = count_correct(outputs.astype("float32"), own_labels)
        sums = np.array([float(loss_sum), correct, len(own_labels)], np.float32)
        loss, share = _average_gradients(group, network.parameters(), sums)
        scaler.step(optimizer)
        scaler.update()
        optimizer.clear_grad()
        return loss, round(share * len(labels))

    return step


def _backward(group: Group, loss: paddle.Tensor) -> None:
    try:
        loss.backward()
    except OSError as error:
        # Paddle turns what was raised in a layer of ours into an error of its own.
        if group.lost:
            raise ProcessLostError(str(error.__cause__ or "another process has ended")) from error
        raise


def _average_gradients(
    group: Group, parameters: list[paddle.Tensor], sums: np.ndarray
) -> tuple[float, float]:
    """Replace gradients of sums over parts of a batch by those of the mean over all of it.

    Args:
        group: who computed a part each.
        parameters: with the gradients of the sum of losses; those without one are left out.
        sums: float32 [3], of this process' part: of the losses, of right readings, of images.

    Returns:
        The mean loss and the share read right, over the whole batch.
    """
    trained = [(one, one.grad) for one in parameters if one.grad is not None]
    pieces = [gradient.reshape([-1]) for _, gradient in trained]
    vector = paddle.concat([*pieces, paddle.to_tensor(sums)])  # [gradients + 3]
    group.add_up(vector)
    *summed, numbers = paddle.split(vector, [*(piece.shape[0] for piece in pieces), 3])
    loss, correct, count = map(float, numbers.numpy())
    for (parameter, _), gradient in zip(trained, summed):
        # By a number of Python: Paddle divides by a tensor of one number many times slower.
        parameter.grad = gradient.reshape(parameter.shape).scale(1 / count)
    return loss / count, correct / count
