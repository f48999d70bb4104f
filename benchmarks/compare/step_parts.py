"""What share of the processor's peak a training step reaches, and where the rest of it goes.

The peak is what a large matrix product reaches in the same process, in turn with the steps. A step
is cut in two ways: along its course (data, forward, backward, optimiser), and by the kind of layer:
each layer runs forward and backward alone, on the input that it has within the network.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from functools import partial
from typing import Any, Callable

from paddle_mnist.system.runtime import prepare, set_seed

prepare()

import numpy as np
import paddle
from paddle import nn

from compare.arrays import read_arrays
from compare.operations import training_operations
from compare.worker import Action
from paddle_mnist.core.augmentation import build_augmentation
from paddle_mnist.core.config import configure
from paddle_mnist.core.loop import Batches, train_step
from paddle_mnist.core.losses import LOSSES, cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Split

VERSION = f"PaddlePaddle {paddle.__version__}"
SIDE = 2048  # of the matrices of the large product
WARM_UP = 2
PARTS = ("data", "forward", "backward", "optimiser")  # of a step

# A layer, its input, and its output.
Call = tuple[nn.Layer, paddle.Tensor, paddle.Tensor]


def calls_of(network: nn.Layer, images: paddle.Tensor) -> list[Call]:
    """The layers of a network that hold no others, as they are called for some images."""
    calls: list[Call] = []

    def note(layer: nn.Layer, inputs: tuple[paddle.Tensor, ...], output: paddle.Tensor) -> None:
        calls.append((layer, inputs[0].detach(), output))

    leaves = [layer for layer in network.sublayers() if not layer.sublayers()]
    hooks = [layer.register_forward_post_hook(note) for layer in leaves]
    network(images)
    for hook in hooks:
        hook.remove()
    return calls


def products_of(calls: list[Call]) -> list[tuple[list[int], list[int]]]:
    """The shapes of weight and output of the layers with a matrix product."""
    weights = [(getattr(layer, "weight", None), output) for layer, _input, output in calls]
    return [
        (weight.shape, output.shape)
        for weight, output in weights
        if weight is not None and len(weight.shape) in (2, 4)
    ]


def kind_of(layer: nn.Layer) -> str:
    """What a layer counts as in the profile."""
    weight = getattr(layer, "weight", None)
    dimensions = 0 if weight is None else len(weight.shape)
    if dimensions in (2, 4):
        return "linear layers" if dimensions == 2 else "convolutions"
    name = type(layer).__name__
    if "Pool" in name:
        return "pooling"
    return "normalisation" if "Norm" in name else "other layers"


def seconds_of(action: Callable[[], Any]) -> float:
    """The seconds of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def layer_seconds(call: Call, is_first: bool, rounds: int) -> float:
    """A layer alone, forward and backward; the first one's input needs no gradient."""
    layer, maps, output = call
    gradient = paddle.ones(output.shape)
    maps.stop_gradient = is_first

    def forward_and_backward() -> None:
        result = layer(maps)
        if not result.stop_gradient:
            paddle.autograd.backward([result], [gradient])

    seconds = []
    for _ in range(WARM_UP + rounds):
        seconds.append(seconds_of(forward_and_backward))
        layer.clear_gradients()
        maps.clear_gradient(set_to_zero=False)
    return statistics.median(seconds[WARM_UP:])


class Training:
    """A stage's training on one batch, whose images come in another order each time.

    Args:
        folder: of the arrays; at least a batch of the stage.
        stage: a name in STAGES.
    """

    def __init__(self, folder: str, stage: str) -> None:
        config = configure(stage)
        random = set_seed(0)
        split = Split(*(array[: config.batch_size] for array in read_arrays(folder)))
        augment = build_augmentation(config.augment)
        self.images = norm_img(split.images)
        self.batches = Batches(split, config.batch_size, random, augment)
        self.network = build_network(stage)
        self.optimizer = build_optimizer(
            config.optimizer, config.learning_rate, self.network.parameters()
        )
        self.loss_function = LOSSES[STAGES[stage].loss]
        if config.label_smoothing:
            self.loss_function = partial(cross_entropy, smoothing=config.label_smoothing)

    def step(self) -> None:
        """A whole step."""
        train_step(self.network, self.loss_function, self.optimizer, *next(iter(self.batches)))

    def cut_step(self) -> list[float]:
        """A step; the seconds of each of its PARTS."""
        clock = [time.perf_counter()]
        images, labels = next(iter(self.batches))
        clock.append(time.perf_counter())
        loss = self.loss_function(self.network(images), labels)
        clock.append(time.perf_counter())
        loss.backward()
        clock.append(time.perf_counter())
        self.optimizer.step()
        self.optimizer.clear_grad()
        clock.append(time.perf_counter())
        return np.diff(clock).tolist()


def measure(folder: str, stage: str, rounds: int) -> Action:
    """Measure one stage's training step.

    Args:
        folder: of the arrays; at least a batch of the stage.
        stage: a name in STAGES.
        rounds: how often each part is measured.
    """
    training = Training(folder, stage)
    left, right = paddle.rand([SIDE, SIDE]), paddle.rand([SIDE, SIDE])

    def action() -> dict[str, Any]:
        for _ in range(WARM_UP):
            training.step()
            paddle.matmul(left, right)
        products, steps = [], []
        for _ in range(rounds):
            products.append(seconds_of(lambda: paddle.matmul(left, right)))
            training.step()  # after the product, it would find the cache full of large matrices
            steps.append(seconds_of(training.step))
        parts = zip(*(training.cut_step() for _ in range(rounds)))
        calls = calls_of(training.network, training.images)
        kinds: dict[str, float] = defaultdict(float)
        for number, call in enumerate(calls):
            kinds[kind_of(call[0])] += layer_seconds(call, number == 0, rounds)
        return {
            "batch_size": len(training.images),
            "operations": training_operations(products_of(calls)),
            "product_operations": 2 * SIDE**3,
            "product_seconds": products,
            "step_seconds": steps,
            "parts": dict(zip(PARTS, map(statistics.median, parts))),
            "kinds": dict(kinds),
        }

    return action
