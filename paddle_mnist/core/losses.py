"""The losses of the course. The network returns logits, and the loss owns the softmax."""

from __future__ import annotations

from typing import Callable

import paddle
import paddle.nn.functional as F

# From outputs [N, 10] or [N, 1] and labels [N] to one number.
LossFunction = Callable[[paddle.Tensor, paddle.Tensor], paddle.Tensor]


def square_error(predictions: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """The mean of (prediction - label)².

    Args:
        predictions: float32 [N, 1], any number.
        labels: int64 [N], 0 to 9, taken as numbers.

    Returns:
        A float32 tensor without dimensions, 0 or more.
    """
    targets = labels.astype("float32").reshape([-1, 1])  # [N] -> [N, 1]
    return F.square_error_cost(predictions, targets).mean()


def cross_entropy(
    logits: paddle.Tensor, labels: paddle.Tensor, smoothing: float = 0.0
) -> paddle.Tensor:
    """The mean of -ln(softmax(logits)[label]); ln 10 = 2.303 where all digits seem equally likely.

    Args:
        logits: float32 [N, 10], a score for each digit; softmax is done here, and not before.
        labels: int64 [N], 0 to 9.
        smoothing: the part of each label that is spread evenly over all ten classes, 0 to below
            1, so that a network that is too sure loses by it (Szegedy et al., arXiv:1512.00567,
            section 7).

    Returns:
        A float32 tensor without dimensions, 0 or more.
    """
    loss = F.cross_entropy(logits, labels)
    if smoothing:
        of_all_classes = -F.log_softmax(logits).mean()  # the mean, with each class as the label
        loss = (1 - smoothing) * loss + smoothing * of_all_classes
    return loss


LOSSES: dict[str, LossFunction] = {
    "square_error": square_error,
    "cross_entropy": cross_entropy,
}
