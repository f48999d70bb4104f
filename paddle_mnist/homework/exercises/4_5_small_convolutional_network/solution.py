from functools import partial

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.data import Split
from paddle_mnist.models.layers import MaxPool

BATCH_SIZE = 128


class SmallNetwork(nn.Layer):
    """The network of chapter 4, with fewer maps and a much smaller hidden layer."""

    def __init__(self):
        super().__init__()
        # 8·25 + 4·8 + 24·8·25 + 4·24 + 384·24 + 24 + 24·10 + 10 = 14,618 parameters.
        self.layers = nn.Sequential(
            nn.Conv2D(1, 8, 5, bias_attr=False),  # [N, 8, 24, 24]
            MaxPool(),  # [N, 8, 12, 12]
            nn.BatchNorm2D(8),
            nn.ReLU(),
            nn.Conv2D(8, 24, 5, bias_attr=False),  # [N, 24, 8, 8]
            MaxPool(),  # [N, 24, 4, 4]
            nn.BatchNorm2D(24),
            nn.ReLU(),
            nn.Flatten(),  # [N, 384]
            nn.Linear(384, 24),
            nn.ReLU(),
            nn.Linear(24, 10),
        )

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.layers(images.reshape([-1, 1, 28, 28]))  # [N, 10]


def build_and_train(images: np.ndarray, labels: np.ndarray) -> nn.Layer:
    """From images [N, 28, 28] and labels [N] to a trained network of at most 20,000 parameters."""
    train = Split(images, labels)
    network = SmallNetwork()
    # Of few images, each must be seen more often.
    epochs = 5 if len(train) > 20_000 else 12
    steps = epochs * -(-len(train) // BATCH_SIZE)  # rounded up
    schedule = build_schedule("one-cycle", 0.02, steps)
    optimizer = build_optimizer("adam", schedule, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(
        step,
        Batches(train, BATCH_SIZE, np.random.default_rng(0)),
        epochs=epochs,
        callbacks=[LearningRate(optimizer, schedule)],
    )
    return network
