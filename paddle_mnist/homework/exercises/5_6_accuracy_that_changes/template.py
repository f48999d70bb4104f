from functools import partial

import paddle
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import set_seed


def evaluate(network, images, labels):
    """The share of images [N, 28, 28] that are read as their labels [N] say."""
    right = 0
    with paddle.no_grad():
        for start in range(0, len(images), 100):
            outputs = network(norm_img(images[start : start + 100]))  # [100, 10]
            digits = outputs.numpy().argmax(axis=1)  # [100]
            right += int((digits == labels[start : start + 100]).sum())
    return right / len(images)


if __name__ == "__main__":
    mnist = load_mnist("sample")
    train, validation = mnist.train.take(slice(1000)), mnist.validation
    random = set_seed(0)
    network = nn.Sequential(
        nn.Linear(784, 64), nn.BatchNorm1D(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)
    )
    adam = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    step = partial(train_step, network, cross_entropy, adam)
    fit(step, Batches(train, 50, random), epochs=3)
    for time in ("first", "second", "third"):
        accuracy = evaluate(network, validation.images, validation.labels)
        print(f"{time} measurement: {accuracy:.1%}")
