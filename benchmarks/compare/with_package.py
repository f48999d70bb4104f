"""The tasks as this package does them, through the functions that its users call."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from paddle_mnist.system.runtime import prepare, set_seed

prepare()

import numpy as np
import paddle

from compare.arrays import read_arrays
from compare.worker import Action
from paddle_mnist.core.augmentation import build_augmentation
from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.loop import evaluate as evaluate_network
from paddle_mnist.core.losses import LOSSES, cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import Split, load_mnist
from paddle_mnist.images import load_image
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run

VERSION = f"PaddlePaddle {paddle.__version__}"
MANY_STEPS = 1_000_000  # a schedule needs to know how many; nothing here comes to its end


def trainer(config: Config, train: Split, steps: int) -> tuple[paddle.nn.Layer, Action]:
    """A stage's new network, and the action of training it for the epochs of the configuration.

    Args:
        config: of the stage.
        train: images to learn from.
        steps: in the whole training, for the schedule of the learning rate.
    """
    random = set_seed(config.seed)
    network = build_network(config.stage)
    schedule = build_schedule(config.schedule, config.learning_rate, steps)
    optimizer = build_optimizer(config.optimizer, schedule, network.parameters())
    loss_function = LOSSES[STAGES[config.stage].loss]
    if config.label_smoothing:
        loss_function = partial(cross_entropy, smoothing=config.label_smoothing)

    step = partial(train_step, network, loss_function, optimizer)
    batches = Batches(train, config.batch_size, random, build_augmentation(config.augment))

    def action() -> None:
        fit(step, batches, config.epochs, callbacks=[LearningRate(optimizer, schedule)])

    return network, action


def train(folder: str, stage: str, batch_size: int) -> Action:
    """Train a stage for one epoch over the images in a folder."""
    config = configure(stage, batch_size=batch_size, epochs=1)
    return trainer(config, Split(*read_arrays(folder)), MANY_STEPS)[1]


def train_wholly(stage: str, seed: int, epochs: int | None = None, count: int = 60_000) -> Action:
    """Train a stage as its recipe says; only the training is in `training_seconds`.

    Args:
        stage: a name in STAGES.
        seed: 0 or more.
        epochs: None: as many as the recipe has.
        count: images to train on, at most.
    """
    config = configure(stage, seed=seed, epochs=epochs)
    mnist = load_mnist(validation=config.validation)
    images = mnist.train.take(slice(count))
    steps = config.epochs * -(-len(images) // config.batch_size)
    network, train_it = trainer(config, images, steps)

    def action() -> dict[str, Any]:
        started = time.perf_counter()
        train_it()
        seconds = time.perf_counter() - started
        measured = evaluate_network(network, LOSSES[STAGES[stage].loss], mnist.test)
        return {"training_seconds": seconds, "accuracy": measured.accuracy}

    return action


def linear_epoch(data: str, count: int) -> Action:
    """Read MNIST's files, and train the stage `linear` for one epoch.

    Args:
        data: the folder of the four files.
        count: images to train on, at most.
    """
    config = configure("linear", epochs=1)

    def action() -> None:
        images = load_mnist(data, validation=config.validation).train.take(slice(count))
        trainer(config, images, MANY_STEPS)[1]()

    return action


def evaluate(folder: str, stage: str, outputs: str) -> Action:
    """Read all images in a folder with the weights that ship, and leave the outputs in a file."""
    images, _labels = read_arrays(folder)
    recognizer = Recognizer.load(shipped_run(stage))
    np.save(outputs, recognizer.outputs(images))

    def action() -> None:
        recognizer.outputs(images)

    return action


def read_pictures(stage: str, pictures: list[str], times: int) -> Action:
    """Read picture files one after the other, from the file to the digit."""
    recognizer = Recognizer.load(shipped_run(stage))
    recognizer.read_picture(pictures[0])

    def action() -> None:
        for path in times * pictures:
            recognizer.read_picture(path)

    return action


def read_prepared(stage: str, pictures: list[str], times: int) -> Action:
    """Read images that are prepared already, one after the other."""
    recognizer = Recognizer.load(shipped_run(stage))
    images = [load_image(path) for path in pictures]  # each uint8 [1, 28, 28]
    recognizer.read(images[0])

    def action() -> None:
        for image in times * images:
            recognizer.read(image)

    return action
