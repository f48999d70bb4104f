import numpy as np
from paddle import nn

from paddle_mnist.core.loop import fit
from paddle_mnist.core.losses import square_error
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split


def build_and_train(images, labels):
    train = Split(images, labels)
    network = nn.Sequential(build_network("cnn"), nn.ReLU(), nn.Linear(10, 1))
    optimizer = build_optimizer("adam", 0.003, network.parameters())
    fit(
        network,
        square_error,
        optimizer,
        train,
        train.take(slice(0)),
        epochs=2,
        batch_size=50,
        random=np.random.default_rng(0),
    )
    return network
