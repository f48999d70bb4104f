from functools import partial

import numpy as np

from paddle_mnist.core.augmentation import RandomAffine
from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split


def build_and_train(images, labels):
    train = Split(images, labels)
    schedule = build_schedule("one-cycle", 0.01, 10 * 20)
    network = build_network("cnn")
    optimizer = build_optimizer("adam", schedule, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(
        step,
        Batches(train, 50, np.random.default_rng(0), RandomAffine(10, 0.1, 0.05)),
        epochs=10,
        callbacks=[LearningRate(optimizer, schedule)],
    )
    return network
