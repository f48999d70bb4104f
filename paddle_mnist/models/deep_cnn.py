"""Three convolutions deep, the three-block network of the Keras examples."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import Convolution, MaxPool


class DeepCNN(nn.Layer):
    """conv32-pool-conv64-pool-conv64-pool-64-500-10, 3×3, valid padding. 97,414 parameters.

    Weights start as Keras starts them (Glorot uniform, biases 0): Paddle's own start for
    convolutions is another one. Pooling comes before ReLU, which gives the same numbers (the
    largest of four values stays the largest) for a quarter of ReLU's work.
    """

    def __init__(self) -> None:
        super().__init__()
        start = nn.initializer.XavierUniform()
        self.features = nn.Sequential(
            Convolution(1, 32, 3),  # [N, 32, 26, 26]
            MaxPool(),  # [N, 32, 13, 13]
            nn.ReLU(),
            Convolution(32, 64, 3),  # [N, 64, 11, 11]
            MaxPool(),  # [N, 64, 5, 5]
            nn.ReLU(),
            Convolution(64, 64, 3),  # [N, 64, 3, 3]
            MaxPool(),  # [N, 64, 1, 1]
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 64]
            nn.Linear(64, 64, weight_attr=start),
            nn.ReLU(),
            nn.Linear(64, 500, weight_attr=start),
            nn.ReLU(),
            nn.Linear(500, 10, weight_attr=start),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
