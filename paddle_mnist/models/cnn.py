"""The course's convolutional network: conv-pool-conv-pool-linear."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import MaxPool


class ConvolutionalNetwork(nn.Layer):
    """conv8-pool-BN-conv32-pool-BN-128-10, 5×5, valid padding. 73,714 parameters.

    Two choices make it quick. Pooling comes before normalisation and ReLU: the largest of four
    values stays the largest after ReLU, and three quarters of the work fall away. And the first
    convolution, which sees the largest maps, is narrow. The convolutions have no bias:
    normalisation would take it away again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(1, 8, 5, bias_attr=False),  # [N, 8, 24, 24]
            MaxPool(),  # [N, 8, 12, 12]
            nn.BatchNorm2D(8),
            nn.ReLU(),
            nn.Conv2D(8, 32, 5, bias_attr=False),  # [N, 32, 8, 8]
            MaxPool(),  # [N, 32, 4, 4]
            nn.BatchNorm2D(32),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 512]
            nn.Linear(512, 128),
            nn.ReLU(),
            # Small weights, so that the untrained network prefers no digit: its loss is ln 10.
            nn.Linear(128, 10, weight_attr=nn.initializer.Normal(0.0, 0.01)),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
