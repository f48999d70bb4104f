"""A multilayer perceptron: one hidden layer, then a score for each digit."""

from __future__ import annotations

import paddle
from paddle import nn


class MultilayerPerceptron(nn.Layer):
    """784-512-10 with ReLU, as in the Keras guide's first example. 407,050 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(784, 512)
        self.activation = nn.ReLU()
        self.output = nn.Linear(512, 10)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        hidden = self.activation(self.hidden(images.reshape([-1, 784])))  # [N, 512]
        return self.output(hidden)
