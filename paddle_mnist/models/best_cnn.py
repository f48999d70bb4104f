"""Five small convolutions with batch normalisation: the course's best reader."""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.pooling import MaxPool


class BestCNN(nn.Layer):
    """conv16-pool-conv32-conv32-pool-conv64-conv64-pool-10, batch normalisation. 76,122 parameters.

    The first convolution is 5×5 with valid padding, the others are 3×3 with same padding: two of
    them see as much as one of 5×5 and have fewer weights (Simonyan and Zisserman, arXiv 1409.1556).
    Pooling comes before normalisation, which is quicker and gives the same kind of network.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(1, 16, 5, bias_attr=False),  # [N, 16, 24, 24]
            MaxPool(),  # [N, 16, 12, 12]
            nn.BatchNorm2D(16),
            nn.ReLU(),
            nn.Conv2D(16, 32, 3, padding=1, bias_attr=False),  # [N, 32, 12, 12]
            nn.BatchNorm2D(32),
            nn.ReLU(),
            nn.Conv2D(32, 32, 3, padding=1, bias_attr=False),  # [N, 32, 12, 12]
            MaxPool(),  # [N, 32, 6, 6]
            nn.BatchNorm2D(32),
            nn.ReLU(),
            nn.Conv2D(32, 64, 3, padding=1, bias_attr=False),  # [N, 64, 6, 6]
            nn.BatchNorm2D(64),
            nn.ReLU(),
            nn.Conv2D(64, 64, 3, padding=1, bias_attr=False),  # [N, 64, 6, 6]
            MaxPool(),  # [N, 64, 3, 3]
            nn.BatchNorm2D(64),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 576]
            # Small weights, so that the untrained network prefers no digit: its loss is ln 10.
            nn.Linear(576, 10, weight_attr=nn.initializer.Normal(0.0, 0.01)),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
