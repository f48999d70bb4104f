from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.data import Split


def build_and_train(images, labels):
    train = Split(images, labels).take(slice(3000))
    network = nn.Sequential(
        nn.Unflatten(1, [1, 28, 28]),
        nn.Conv2D(1, 4, 5, stride=3),  # [N, 4, 8, 8]
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )
    optimizer = build_optimizer("adam", 0.003, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(train, 100, np.random.default_rng(0)), epochs=1)
    return network
