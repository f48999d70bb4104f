"""One neuron: a weighted sum of the pixels, as in section 2.2 of the PaddlePaddle course."""

from __future__ import annotations

import paddle
from paddle import nn


class LinearRegression(nn.Layer):
    """784 → 1, no activation: the digit itself is the number to predict. 785 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.neuron = nn.Linear(784, 1)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to one number each, [N, 1]."""
        return self.neuron(images.reshape([-1, 784]))
