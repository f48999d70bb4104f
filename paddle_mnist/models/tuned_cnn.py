"""Three wide convolutions with batch normalisation, the tuned network of the Keras examples."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import Convolution, MaxPool

# Keras' own constants for batch normalisation: running averages move by 1% a step.
_MOMENTUM, _EPSILON = 0.99, 1e-3


class TunedCNN(nn.Layer):
    """conv64-BN-pool-conv128-BN-pool-conv192-pool-256-BN-dropout-10, 3×3, same padding.

    742,858 parameters, of which 741,962 are trained; the other 896 are the running averages of
    batch normalisation. Weights start as Keras starts them (Glorot uniform, biases 0).
    """

    def __init__(self) -> None:
        super().__init__()
        start = nn.initializer.XavierUniform()
        self.features = nn.Sequential(
            Convolution(1, 64, 3, padding=1),  # [N, 64, 28, 28]
            nn.ReLU(),
            nn.BatchNorm2D(64, momentum=_MOMENTUM, epsilon=_EPSILON),
            MaxPool(),  # [N, 64, 14, 14]
            Convolution(64, 128, 3, padding=1),  # [N, 128, 14, 14]
            nn.ReLU(),
            nn.BatchNorm2D(128, momentum=_MOMENTUM, epsilon=_EPSILON),
            MaxPool(),  # [N, 128, 7, 7]
            Convolution(128, 192, 3, padding=1),  # [N, 192, 7, 7]
            nn.ReLU(),
            MaxPool(),  # [N, 192, 3, 3]
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 1728]
            nn.Linear(1728, 256, weight_attr=start),
            nn.ReLU(),
            nn.BatchNorm1D(256, momentum=_MOMENTUM, epsilon=_EPSILON),
            nn.Dropout(0.3),
            nn.Linear(256, 10, weight_attr=start),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
