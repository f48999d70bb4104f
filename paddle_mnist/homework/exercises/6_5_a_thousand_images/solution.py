from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.augmentation import RandomAffine
from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.data import Split
from paddle_mnist.models.layers import MaxPool

EPOCHS, BATCH_SIZE = 100, 50


class WiderNetwork(nn.Layer):
    """The network of chapter 4 with more maps, and with dropout against learning by heart."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2D(1, 16, 5, bias_attr=False),  # [N, 16, 24, 24]
            MaxPool(),  # [N, 16, 12, 12]
            nn.BatchNorm2D(16),
            nn.ReLU(),
            nn.Conv2D(16, 48, 5, bias_attr=False),  # [N, 48, 8, 8]
            MaxPool(),  # [N, 48, 4, 4]
            nn.BatchNorm2D(48),
            nn.ReLU(),
            nn.Flatten(),  # [N, 768]
            nn.Dropout(0.3),
            nn.Linear(768, 128),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(128, 10),
        )

    def forward(self, images):
        return self.layers(images.reshape([-1, 1, 28, 28]))  # [N, 10]


def build_and_train(images: np.ndarray, labels: np.ndarray) -> nn.Layer:
    """From 1,000 images [1000, 28, 28] and labels [1000] to a trained network."""
    train = Split(images, labels)
    network = WiderNetwork()
    steps = EPOCHS * -(-len(train) // BATCH_SIZE)  # rounded up
    schedule = build_schedule("one-cycle", 0.01, steps)
    optimizer = build_optimizer("adam", schedule, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(
        step,
        Batches(
            train,
            BATCH_SIZE,
            np.random.default_rng(0),
            RandomAffine(degrees=15, zoom=0.15, shift=0.1),
        ),
        epochs=EPOCHS,
        callbacks=[LearningRate(optimizer, schedule)],
    )
    return network
