from functools import partial

import numpy as np
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split


def build_and_train(images, labels):
    train = Split(images, labels)
    network = nn.Sequential(build_network("cnn"), nn.Softmax())
    optimizer = build_optimizer("adam", 0.003, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(train, 50, np.random.default_rng(0)), epochs=2)
    return network
