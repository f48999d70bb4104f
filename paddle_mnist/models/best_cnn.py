"""Five small convolutions with batch normalisation: the course's best reader."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import MaxPool


class BestCNN(nn.Layer):
    """conv24-pool-conv48-conv48-pool-conv96-conv96-pool-10, with batch normalisation.

    166,018 parameters, running averages included.

    The first convolution is 5×5 with valid padding, the others are 3×3 with same padding: two of
    them see as much as one of 5×5 and have fewer weights (Simonyan and Zisserman, arXiv 1409.1556).
    Pooling comes before normalisation, which is quicker and gives the same kind of network.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(1, 24, 5, bias_attr=False),  # [N, 24, 24, 24]
            MaxPool(),  # [N, 24, 12, 12]
            nn.BatchNorm2D(24),
            nn.ReLU(),
            nn.Conv2D(24, 48, 3, padding=1, bias_attr=False),  # [N, 48, 12, 12]
            nn.BatchNorm2D(48),
            nn.ReLU(),
            nn.Conv2D(48, 48, 3, padding=1, bias_attr=False),  # [N, 48, 12, 12]
            MaxPool(),  # [N, 48, 6, 6]
            nn.BatchNorm2D(48),
            nn.ReLU(),
            nn.Conv2D(48, 96, 3, padding=1, bias_attr=False),  # [N, 96, 6, 6]
            nn.BatchNorm2D(96),
            nn.ReLU(),
            nn.Conv2D(96, 96, 3, padding=1, bias_attr=False),  # [N, 96, 6, 6]
            MaxPool(),  # [N, 96, 3, 3]
            nn.BatchNorm2D(96),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 864]
            # Small weights, so that the untrained network prefers no digit: its loss is ln 10.
            nn.Linear(864, 10, weight_attr=nn.initializer.Normal(0.0, 0.01)),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
