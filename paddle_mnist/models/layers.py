"""A convolution whose bias is added the quick way."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn


class Convolution(nn.Layer):
    """Same values and gradients as `nn.Conv2D` with a bias.

    Paddle's own layer adds its bias as [1, C, 1, 1], and on a CPU that takes a slow path; as
    [C, 1, 1] it does not. `benchmarks/figures.py` measures what that is worth. Weights start as
    Keras starts them: Glorot uniform, bias 0.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, padding: int = 0) -> None:
        super().__init__()
        self.weight = self.create_parameter(
            [channels_out, channels_in, kernel, kernel],
            default_initializer=nn.initializer.XavierUniform(),
        )
        self.bias = self.create_parameter([channels_out], is_bias=True)
        self.padding = padding

    def forward(self, maps: paddle.Tensor) -> paddle.Tensor:
        """From [N, channels_in, H, W] to [N, channels_out, H', W']."""
        summed = F.conv2d(maps, self.weight, padding=self.padding)
        return summed + self.bias.reshape([-1, 1, 1])


class MaxPool(nn.Layer):
    """The largest value of each 2×2 square; an odd last row or column is left out.

    Same values and gradients as `nn.MaxPool2D(2)`. Asking for the positions of the maxima makes
    Paddle keep them for the backward pass, which then writes each gradient to its place instead of
    searching for the maximum again; `benchmarks/figures.py` measures what that is worth.
    """

    def forward(self, maps: paddle.Tensor) -> paddle.Tensor:
        """From [N, C, H, W] to [N, C, H // 2, W // 2]."""
        pooled, _positions = F.max_pool2d(maps, 2, return_mask=True)
        return pooled
