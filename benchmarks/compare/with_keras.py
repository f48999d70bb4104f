"""The tasks as Keras' own examples do them: `model.fit` with arrays, on TensorFlow."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow
from keras import layers

from compare.arrays import read_arrays
from compare.worker import Action

VERSION = f"Keras {keras.__version__} with TensorFlow {tensorflow.__version__}"


def build_network(stage: str) -> keras.Model:
    """The network of a stage, for images [N, 28, 28, 1]; without the softmax, as everywhere."""
    if stage == "mlp":
        inner = [layers.Flatten(), layers.Dense(512, activation="relu")]
    elif stage == "cnn":
        inner = [
            layers.Conv2D(8, 5, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(32, 5, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ]
    elif stage == "deep-cnn":
        inner = [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(500, activation="relu"),
        ]
    elif stage == "dropout-cnn":
        inner = [
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
        ]
    else:
        raise ValueError(f"no network of stage {stage!r} here")
    return keras.Sequential([keras.Input((28, 28, 1)), *inner, layers.Dense(10)])


def build_optimizer(stage: str) -> keras.optimizers.Optimizer:
    """The optimiser of a stage."""
    if stage == "cnn":
        return keras.optimizers.Adam(0.001)
    if stage == "dropout-cnn":
        return keras.optimizers.Adadelta(1.0, rho=0.95)
    return keras.optimizers.RMSprop(0.001)


def train(folder: str, stage: str, batch_size: int, threads: int, compiled: bool) -> Action:
    """Train a stage's network for one epoch over the images in a folder.

    Args:
        folder: of the arrays.
        stage: of the network.
        batch_size: images a step.
        threads: that a product may use.
        compiled: whether Keras chooses by itself to compile with XLA, which is its default; else
            it runs TensorFlow's graph as it is.
    """
    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    images, labels = read_arrays(folder)
    images = images[..., None].astype("float32") / 255  # [N, 28, 28, 1]
    network = build_network(stage)
    network.compile(
        build_optimizer(stage),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile="auto" if compiled else False,
    )

    def action() -> None:
        network.fit(images, labels, batch_size=batch_size, epochs=1, verbose=0)

    return action
