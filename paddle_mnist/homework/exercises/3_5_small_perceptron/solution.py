from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.data import Split


class SmallPerceptron(nn.Layer):
    """A multilayer perceptron that looks at pictures of half the height and width."""

    def __init__(self):
        super().__init__()
        # A quarter of the inputs leaves room for more neurons, and for a second hidden layer:
        # 196·160 + 160 + 160·64 + 64 + 64·10 + 10 = 42,474 parameters.
        self.layers = nn.Sequential(
            nn.Linear(196, 160),
            nn.ReLU(),
            nn.Linear(160, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def forward(self, images):
        squares = images.reshape([-1, 14, 2, 14, 2])  # [N, 14, 2, 14, 2]
        small = squares.mean(axis=[2, 4])  # [N, 14, 14]
        return self.layers(small.reshape([-1, 196]))  # [N, 10]


def build_and_train(images: np.ndarray, labels: np.ndarray) -> nn.Layer:
    """From images [N, 28, 28] and labels [N] to a trained network of at most 50,000 parameters."""
    train = Split(images, labels)
    random = np.random.default_rng(0)
    network = SmallPerceptron()
    # Long steps first, to get there quickly; then short ones, which no longer jump about.
    for learning_rate, epochs in ((0.003, 7), (0.0003, 3)):
        optimizer = build_optimizer("adam", learning_rate, network.parameters())
        step = partial(train_step, network, cross_entropy, optimizer)
        fit(step, Batches(train, 100, random), epochs=epochs)
    return network
