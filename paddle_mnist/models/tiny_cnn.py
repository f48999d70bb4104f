"""Under 8,000 numbers, and still a good reader: do I need a big network?"""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_mnist.models.layers import MaxPool


class TinyCNN(nn.Layer):
    """conv8-pool-conv14-conv16-pool-conv24-pool-10, with batch normalisation.

    7,898 parameters, running averages included. Where a network has few numbers, most of them
    should look for shapes: the linear layer at the end gets only 2×2 places of 24 maps, and has
    970 of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(1, 8, 5, bias_attr=False),  # [N, 8, 24, 24]
            MaxPool(),  # [N, 8, 12, 12]
            nn.BatchNorm2D(8),
            nn.ReLU(),
            nn.Conv2D(8, 14, 3, padding=1, bias_attr=False),  # [N, 14, 12, 12]
            nn.BatchNorm2D(14),
            nn.ReLU(),
            nn.Conv2D(14, 16, 3, padding=1, bias_attr=False),  # [N, 16, 12, 12]
            MaxPool(),  # [N, 16, 6, 6]
            nn.BatchNorm2D(16),
            nn.ReLU(),
            nn.Conv2D(16, 24, 3, bias_attr=False),  # [N, 24, 4, 4]
            MaxPool(),  # [N, 24, 2, 2]
            nn.BatchNorm2D(24),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),  # [N, 96]
            # Small weights, so that the untrained network prefers no digit: its loss is ln 10.
            nn.Linear(96, 10, weight_attr=nn.initializer.Normal(0.0, 0.01)),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        """From pictures [N, 784] or [N, 28, 28] in 0…1 to logits [N, 10]."""
        return self.classifier(self.features(images.reshape([-1, 1, 28, 28])))
