"""The tasks as Paddle's own examples do them, with nothing but the framework's defaults.

No variable for MKL, no setting of the memory's allocator, no layer of this package.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.vision.datasets import MNIST

from compare.arrays import read_arrays
from compare.networks import Layer, read_network
from compare.worker import Action

VERSION = f"PaddlePaddle {paddle.__version__}, its defaults"


# How each kind of layer is made here.
LAYERS: dict[str, Callable[[Layer], nn.Layer]] = {
    "convolution": lambda one: nn.Conv2D(
        one["inputs"],
        one["outputs"],
        one["kernel"],
        padding=one["padding"],
        bias_attr=None if one["bias"] else False,
    ),
    "max_pool": lambda _one: nn.MaxPool2D(2),
    "batch_norm": lambda one: nn.BatchNorm2D(one["channels"]),
    "relu": lambda _one: nn.ReLU(),
    "dropout": lambda one: nn.Dropout(one["share"]),
    "flatten": lambda _one: nn.Flatten(),
    "linear": lambda one: nn.Linear(one["inputs"], one["outputs"]),
}


def build_network(stage: str) -> nn.Layer:
    """The network of a stage in Paddle's own layers, for images [N, 1, 28, 28]."""
    return nn.Sequential(*(LAYERS[one["kind"]](one) for one in read_network(stage)))


def build_optimizer(stage: str, network: nn.Layer) -> paddle.optimizer.Optimizer:
    """The optimiser of a stage."""
    parameters = network.parameters()
    if stage == "dropout-cnn":
        return paddle.optimizer.Adadelta(1.0, rho=0.95, epsilon=1e-7, parameters=parameters)
    return paddle.optimizer.RMSProp(0.001, rho=0.9, epsilon=1e-14, parameters=parameters)


def train(folder: str, stage: str, batch_size: int) -> Action:
    """Train a stage's network for one epoch over the images in a folder."""
    images, labels = read_arrays(folder)
    images = paddle.to_tensor(images.reshape(-1, 1, 28, 28).astype("float32") / 255)
    labels = paddle.to_tensor(labels)
    network = build_network(stage)
    optimizer = build_optimizer(stage, network)

    def action() -> None:
        order = paddle.randperm(len(labels))
        correct, loss_sum = 0.0, 0.0
        for start in range(0, len(labels), batch_size):
            chosen = order[start : start + batch_size]
            batch_labels = labels[chosen]
            logits = network(images[chosen])
            loss = F.cross_entropy(logits, batch_labels)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            loss_sum += float(loss)
            correct += int((logits.argmax(axis=1) == batch_labels).sum())

    return action


def linear_epoch(data: str, count: int) -> Action:
    """The loop of the PaddlePaddle course, section 2.2, from the files to the end of an epoch.

    Args:
        data: the folder of MNIST's four gzipped files.
        count: images to train on, at most; the loop is left after them.
    """

    def action() -> None:
        images_file = Path(data) / "train-images-idx3-ubyte.gz"
        labels_file = Path(data) / "train-labels-idx1-ubyte.gz"
        # With its default backend, pil, the loader never gives a batch.
        images = MNIST(str(images_file), str(labels_file), mode="train", backend="cv2")
        loader = paddle.io.DataLoader(images, batch_size=16, shuffle=True)
        network = nn.Linear(784, 1)
        optimizer = paddle.optimizer.SGD(0.001, parameters=network.parameters())
        network.train()
        for number, (pictures, digits) in enumerate(loader()):
            if number >= math.ceil(count / 16):
                break
            rows = pictures.astype("float32").reshape([pictures.shape[0], 784]) / 255
            predicts = network(rows)
            loss = F.square_error_cost(predicts, digits.astype("float32"))
            avg_loss = paddle.mean(loss)
            if number % 1000 == 0:
                print(float(avg_loss))
            avg_loss.backward()
            optimizer.step()
            optimizer.clear_grad()

    return action
