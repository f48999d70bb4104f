"""Max-pooling that remembers where each maximum was."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F
from paddle import nn


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
