"""Batch normalisation by the statistics of a whole batch, when several processes have parts of it.

Paddle has `nn.SyncBatchNorm` for GPUs only. This one is put together from Paddle's plain
normalisation, which is quick on a CPU, and two exchanges: means and variances on the way forward,
two sums for each channel on the way back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_mnist.parallel.group import Group


def share_normalization(network: nn.Layer, group: Group) -> None:
    """Put a `SharedBatchNorm` in the place of each batch normalisation of a network.

    Parameters, running averages and their names stay, so that the network's state is the same.
    """
    for parent in network.sublayers(include_self=True):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, (nn.BatchNorm1D, nn.BatchNorm2D)):
                setattr(parent, name, SharedBatchNorm(layer, group))


class SharedBatchNorm(nn.Layer):
    """Does to a part of a batch what the plain layer does to the whole."""

    def __init__(self, plain: nn.BatchNorm1D | nn.BatchNorm2D, group: Group) -> None:
        super().__init__()
        self.weight, self.bias = plain.weight, plain.bias
        self._mean, self._variance = plain._mean, plain._variance
        self.momentum, self.epsilon = plain._momentum, plain._epsilon
        self.group = group

    def forward(self, maps: paddle.Tensor) -> paddle.Tensor:
        """From [N, C] or [N, C, H, W], a part of the batch, to the same shape."""
        # A graph of the network, as it is drawn or exported, is that of one process.
        if self.training and paddle.in_dynamic_mode():
            moments = _shared_moments(maps.detach(), self.group)
            kept, new = self.momentum, 1 - self.momentum
            self._mean.set_value(kept * self._mean + new * moments.mean)
            self._variance.set_value(kept * self._variance + new * moments.variance)
            # Paddle says no types of `apply`.
            normalized: paddle.Tensor = _Normalize.apply(  # type: ignore[no-untyped-call]
                maps, self.weight, self.bias, moments, self.epsilon, self.group
            )
            return normalized
        return F.batch_norm(
            maps, self._mean, self._variance, self.weight, self.bias, epsilon=self.epsilon
        )


class Moments(NamedTuple):
    """Mean and variance of each channel over all parts, [C], and how many values it has."""

    mean: paddle.Tensor
    variance: paddle.Tensor
    values: float


def _shared_moments(maps: paddle.Tensor, group: Group) -> Moments:
    channels = maps.shape[1]
    mean, variance = paddle.zeros([channels]), paddle.zeros([channels])
    ones, zeros = paddle.ones([channels]), paddle.zeros([channels])
    # With a momentum of 0 the running averages become the moments of this part. Paddle has no
    # other quick way to them.
    F.batch_norm(maps, mean, variance, ones, zeros, training=True, momentum=0.0)
    values = paddle.full([1], float(maps.size // channels))
    found = group.collect(paddle.concat([mean, variance, values]))
    parts = paddle.stack(found)  # [processes, 2C + 1]
    means, variances, counts = paddle.split(parts, [channels, channels, 1], axis=1)
    count = counts.sum()
    mean = (means * counts).sum(0) / count  # [C]
    # A part's own variance, and how far its mean is from that of all.
    variance = ((variances + (means - mean).square()) * counts).sum(0) / count  # [C]
    return Moments(mean, variance, float(count))


class _Normalize(paddle.autograd.PyLayer):
    """Normalisation by given moments, that knows on the way back that they depend on the maps."""

    @staticmethod
    def forward(
        ctx: Any,
        maps: paddle.Tensor,
        weight: paddle.Tensor,
        bias: paddle.Tensor,
        moments: Moments,
        epsilon: float,
        group: Group,
    ) -> paddle.Tensor:
        # As one object, the moments are constants to Paddle, which knows no gradient of them.
        ctx.save_for_backward(maps, weight, bias)
        ctx.moments, ctx.epsilon, ctx.group = moments, epsilon, group
        return F.batch_norm(maps, moments.mean, moments.variance, weight, bias, epsilon=epsilon)

    @staticmethod
    def backward(ctx: Any, gradient: paddle.Tensor) -> tuple[paddle.Tensor, ...]:
        maps, weight, bias = ctx.saved_tensor()
        mean, variance, count = ctx.moments
        inputs = [tensor.detach() for tensor in (maps, weight, bias)]
        for tensor in inputs:
            tensor.stop_gradient = False
        with paddle.enable_grad():
            outputs = F.batch_norm(
                inputs[0], mean, variance, inputs[1], inputs[2], epsilon=ctx.epsilon
            )
        # As if the moments were constant …
        of_maps, of_weight, of_bias = paddle.grad(outputs, inputs, gradient)
        # … less what each value changes through them: for every channel, with the normalised
        # values z, scale · (Σ gradient + z · Σ (gradient · z)) / count, where both sums go over
        # the whole batch. That is a normalisation again, with another weight and bias.
        sums = paddle.stack([of_weight, of_bias])  # [2, C]
        ctx.group.add_up(sums)
        sums *= weight / paddle.sqrt(variance + ctx.epsilon) / count
        through_moments = F.batch_norm(maps, mean, variance, sums[0], sums[1], epsilon=ctx.epsilon)
        return of_maps - through_moments, of_weight, of_bias
