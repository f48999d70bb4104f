"""The tasks as Keras' own examples do them: `model.fit` with arrays, on TensorFlow."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow
from keras import layers

from compare.arrays import read_arrays
from compare.networks import Layer, read_network
from compare.worker import Action

VERSION = f"Keras {keras.__version__} with TensorFlow {tensorflow.__version__}"


def build_network(stage: str) -> keras.Model:
    """The network of a stage, for images [N, 28, 28, 1]; without the softmax, as everywhere."""
    described = read_network(stage)
    network = keras.Sequential([keras.Input((28, 28, 1))])
    for before, one, after in zip([None, *described], described, [*described[1:], None]):
        # What Keras can write into the layer before, it does.
        if one["kind"] == "relu" and before["kind"] in ("convolution", "linear"):
            continue
        activation = "relu" if after and after["kind"] == "relu" else None
        network.add(build_layer(one, activation))
    return network


def build_layer(one: Layer, activation: str | None) -> keras.Layer:
    """A layer; only those with a matrix product have an activation of their own."""
    if one["kind"] == "convolution":
        return layers.Conv2D(
            one["outputs"],
            one["kernel"],
            padding="same" if one["padding"] else "valid",
            activation=activation,
            use_bias=one["bias"],
        )
    if one["kind"] == "linear":
        return layers.Dense(one["outputs"], activation=activation)
    if one["kind"] == "dropout":
        return layers.Dropout(one["share"])
    kinds = {
        "max_pool": layers.MaxPooling2D,
        "batch_norm": layers.BatchNormalization,
        "relu": layers.ReLU,
        "flatten": layers.Flatten,
    }
    return kinds[one["kind"]]()


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
