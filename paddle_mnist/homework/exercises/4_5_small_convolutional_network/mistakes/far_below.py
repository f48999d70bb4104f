from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.data import Split


class SmallNetwork(nn.Layer):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2D(1, 4, 5, stride=2),  # [N, 4, 12, 12]
            nn.ReLU(),
            nn.Flatten(),  # [N, 576]
            nn.Linear(576, 10),
        )

    def forward(self, images):
        return self.layers(images.reshape([-1, 1, 28, 28]))  # [N, 10]


def build_and_train(images, labels):
    train = Split(images, labels).take(slice(1500))
    network = SmallNetwork()
    optimizer = build_optimizer("adam", 0.005, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(train, 50, np.random.default_rng(0)), epochs=2)
    return network
