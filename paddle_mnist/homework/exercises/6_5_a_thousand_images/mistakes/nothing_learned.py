import numpy as np

from paddle_mnist.data import Split
from paddle_mnist.loop import fit
from paddle_mnist.losses import cross_entropy
from paddle_mnist.optimizers import build_optimizer
from paddle_mnist.stages import build_network


def build_and_train(images, labels):
    train = Split(images, labels)
    network = build_network("cnn")
    optimizer = build_optimizer("adam", 0.003, build_network("cnn").parameters())
    fit(
        network,
        cross_entropy,
        optimizer,
        train,
        train.take(slice(0)),
        epochs=2,
        batch_size=50,
        random=np.random.default_rng(0),
    )
    return network
