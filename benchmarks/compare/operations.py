"""How many multiplications and additions a network's training needs, by the shapes of its layers.

Only layers with a matrix product are counted: convolutions and linear layers. All others together
(pooling, normalisation, ReLU) need a few operations for each number, which is little beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

# A weight's shape, and the shape of what its layer puts out.
Layer = tuple[Sequence[int], Sequence[int]]


def multiply_adds(weight: Sequence[int], output: Sequence[int]) -> int:
    """Pairs of one multiplication and one addition in the forward pass of a layer.

    Each number that comes out is a sum over the inputs that it sees.

    Args:
        weight: [in, out] of a linear layer, as Paddle stores it, or
            [channels out, channels in, height, width] of a convolution.
        output: [N, out] or [N, channels out, H, W].
    """
    seen = weight[0] if len(weight) == 2 else prod(weight[1:])
    return seen * prod(output)


def training_operations(layers: Sequence[Layer]) -> int:
    """Multiplications and additions of one training step, forward and backward.

    The backward pass has two more products of the same size for each layer: the gradient of the
    weights, and that of the input, which the first layer is spared, as nobody asks for the
    gradient of the pixels.

    Args:
        layers: in order; at least one.
    """
    counts = [multiply_adds(weight, output) for weight, output in layers]
    return 2 * (3 * sum(counts) - counts[0])
