from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.data import Split


def build_and_train(images: np.ndarray, labels: np.ndarray) -> nn.Layer:
    """From images [N, 28, 28] and labels [N] to a trained network of at most 50,000 parameters."""
    train = Split(images, labels)
    network = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
    optimizer = build_optimizer("sgd", 0.1, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(train, 128, np.random.default_rng(0)), epochs=1)
    return network
