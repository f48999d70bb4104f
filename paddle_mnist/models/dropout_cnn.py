"""Two convolutions and dropout, the two-convolution network of the Keras examples."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import Convolution, MaxPool


class DropoutCNN(nn.Layer):
    """conv32-conv64-pool-dropout-128-dropout-10, 3×3, valid padding. 1,199,882 parameters.

    Weights start as Keras starts them (Glorot uniform, biases 0). Pooling comes before ReLU, which
    gives the same numbers for a quarter of ReLU's work.
    """

    def __init__(self) -> None:
        super().__init__()
        start = nn.initializer.XavierUniform()
        self.features = nn.Sequential(
            Convolution(1, 32, 3),  # [N, 32, 26, 26]
            nn.ReLU(),
            Convolution(32, 64, 3),  # [N, 64, 24, 24]
            MaxPool(),  # [N, 64, 12, 12]
            nn.ReLU(),
            nn.Dropout(0.25),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 9216]
            nn.Linear(9216, 128, weight_attr=start),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10, weight_attr=start),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
