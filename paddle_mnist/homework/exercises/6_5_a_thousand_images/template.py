from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split


def build_and_train(images: np.ndarray, labels: np.ndarray) -> nn.Layer:
    """From 1,000 images [1000, 28, 28] and labels [1000] to a trained network."""
    train = Split(images, labels)
    network = build_network("cnn")
    optimizer = build_optimizer("sgd", 0.05, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(train, 50, np.random.default_rng(0)), epochs=5)
    return network
