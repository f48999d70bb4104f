"""STAGES: the one table from a stage's name to its network, loss and defaults.

`--stage` is the one dial of the course: it sets defaults that fit together, and each of them can
be overridden. The table is plain data; Paddle is imported only when a network is built.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paddle_mnist.system.errors import UsageError

if TYPE_CHECKING:
    from paddle import nn


@dataclass(frozen=True)
class Stage:
    """One stage of the course: a network, and how it is trained.

    Attributes:
        network: module and class under `paddle_mnist.models`.
        parameters: how many numbers the network holds, running averages included.
        loss: a name in `losses.LOSSES`.
        optimizer: a name in `optimizers.OPTIMIZERS`.
        learning_rate: that of the optimiser; for "one-cycle" the highest one.
        batch_size: how many images each step learns from.
        epochs: times through the training images, at most.
        source: where the recipe comes from, and the accuracy given there.
        schedule: a name in `optimizers.SCHEDULES`.
        augment: a name in AUGMENTATIONS: how training images are changed at random.
        early_stopping: epochs to wait for a lower validation loss; None: no epoch is left out.
        best_weights: whether the best epoch's weights are kept, not those of the last.
        label_smoothing: the part of each label that is spread, see `losses.cross_entropy`.
        validation: the part of the training images that is held out to choose with, 0 to 0.5; None:
            5,000 images, or one in eight of fewer than 40,000. A recipe that chooses nothing holds
            nothing out, like its source.
    """

    network: str
    parameters: int
    loss: str
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    source: str
    schedule: str = "constant"
    augment: str = "none"
    early_stopping: int | None = None
    best_weights: bool = False
    label_smoothing: float = 0.0
    validation: float | None = None


# How training images may be changed at random; `augmentation.build_augmentation` has the classes.
AUGMENTATIONS = ("none", "affine", "writing")

STAGES: dict[str, Stage] = {
    "linear": Stage(
        network="linear:LinearRegression",
        parameters=785,
        loss="square_error",
        optimizer="sgd",
        learning_rate=0.001,
        batch_size=16,
        epochs=10,
        source="the PaddlePaddle course, section 2.2; no accuracy given",
        validation=0.0,
    ),
    "mlp": Stage(
        network="mlp:MultilayerPerceptron",
        parameters=407_050,
        loss="cross_entropy",
        optimizer="rmsprop",
        learning_rate=0.004,
        batch_size=128,
        epochs=5,
        source="the Keras MLP, 98.04%",
        schedule="one-cycle",
        validation=0.0,
    ),
    "cnn": Stage(
        network="cnn:ConvolutionalNetwork",
        parameters=73_714,
        loss="cross_entropy",
        optimizer="adam",
        learning_rate=0.01,
        batch_size=128,
        epochs=2,
        source="our own; no source",
        schedule="one-cycle",
    ),
    "deep-cnn": Stage(
        network="deep_cnn:DeepCNN",
        parameters=97_414,
        loss="cross_entropy",
        optimizer="rmsprop",
        learning_rate=0.001,
        batch_size=128,
        epochs=10,
        source="the Keras three-block CNN, 98.68%",
        schedule="one-cycle",
        validation=0.0,
    ),
    "dropout-cnn": Stage(
        network="dropout_cnn:DropoutCNN",
        parameters=1_199_882,
        loss="cross_entropy",
        optimizer="adadelta",
        learning_rate=1.0,
        batch_size=128,
        epochs=10,
        source="the Keras two-convolution CNN, 99.04%",
        validation=0.0,
    ),
    "tuned-cnn": Stage(
        network="tuned_cnn:TunedCNN",
        parameters=742_858,
        loss="cross_entropy",
        optimizer="adam",
        learning_rate=0.001,
        batch_size=64,
        epochs=50,
        source="the Keras tuned CNN, 99.62% on its own validation split",
        validation=0.15,
        schedule="plateau",
        augment="affine",
        early_stopping=10,
        best_weights=True,
    ),
    "tiny": Stage(
        network="tiny_cnn:TinyCNN",
        parameters=7_898,
        loss="cross_entropy",
        optimizer="adam",
        learning_rate=0.01,
        batch_size=128,
        epochs=40,
        source="our own; no source",
        schedule="one-cycle",
        augment="affine",
    ),
    "best": Stage(
        network="best_cnn:BestCNN",
        parameters=166_018,
        loss="cross_entropy",
        optimizer="adam",
        learning_rate=0.005,
        batch_size=128,
        epochs=30,
        source="our own; no source",
        schedule="one-cycle",
        augment="writing",
        label_smoothing=0.05,
    ),
}


def find_stage(name: str) -> Stage:
    """Look a stage up by its name.

    Raises:
        UsageError: there is no such stage; the message has the nearest name, and all names.
    """
    if name in STAGES:
        return STAGES[name]
    nearest = difflib.get_close_matches(name.lower(), STAGES, n=1, cutoff=0.4)
    guess = f"did you mean {nearest[0]!r}? The" if nearest else "the"
    raise UsageError(f"unknown stage {name!r}; {guess} stages are: {', '.join(STAGES)}")


def build_network(stage: str) -> nn.Layer:
    """Build a stage's untrained network; `runtime.set_seed`, called before, decides its weights.

    Raises:
        UsageError: there is no such stage.
    """
    module_name, class_name = find_stage(stage).network.split(":")
    # Only here, because the models import Paddle, which takes seconds.
    module = importlib.import_module(f"paddle_mnist.models.{module_name}")
    network: nn.Layer = getattr(module, class_name)()
    return network
