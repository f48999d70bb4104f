"""A convolution whose bias is added the quick way."""

from __future__ import annotations

import paddle
from paddle import nn


class Convolution(nn.Layer):
    """Same values and gradients as `nn.Conv2D` with a bias.

    Paddle's own layer adds its bias as [1, C, 1, 1], and on a CPU that takes a slow path which
    costs more than the convolution itself; as [C, 1, 1] it is many times faster.
    `benchmarks/figures.py` measures it. Weights start as Keras starts them: Glorot uniform, bias 0.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, padding: int = 0) -> None:
        super().__init__()
        self.filters = nn.Conv2D(
            channels_in,
            channels_out,
            kernel,
            padding=padding,
            weight_attr=nn.initializer.XavierUniform(),
            bias_attr=False,
        )
        self.bias = self.create_parameter([channels_out], is_bias=True)

    def forward(self, maps: paddle.Tensor) -> paddle.Tensor:
        """From [N, channels_in, H, W] to [N, channels_out, H', W']."""
        return self.filters(maps) + self.bias.reshape([-1, 1, 1])
