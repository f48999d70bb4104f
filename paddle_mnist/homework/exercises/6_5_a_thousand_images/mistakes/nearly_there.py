import numpy as np

from paddle_mnist.core.augmentation import RandomAffine
from paddle_mnist.core.callbacks import Schedule
from paddle_mnist.core.loop import fit
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split


def build_and_train(images, labels):
    train = Split(images, labels)
    schedule = build_schedule("one-cycle", 0.01, 10 * 20)
    network = build_network("cnn")
    optimizer = build_optimizer("adam", schedule, network.parameters())
    fit(
        network,
        cross_entropy,
        optimizer,
        train,
        train.take(slice(0)),
        epochs=10,
        batch_size=50,
        random=np.random.default_rng(0),
        augment=RandomAffine(10, 0.1, 0.05),
        callbacks=[Schedule(schedule)],
    )
    return network
