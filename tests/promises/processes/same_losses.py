"""Trains some small networks and writes down the loss of each step; run by test_group.py.

Arguments: a file to write, whose name gets the number of the process, and the names of trainings.
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.augmentation import build_augmentation
from paddle_mnist.core.callbacks import LearningRate, Validate
from paddle_mnist.core.loop import Batches, evaluate, fit, train_step
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.parallel.batch_norm import SharedBatchNorm, share_normalization
from paddle_mnist.parallel.group import Group, join, part_of
from paddle_mnist.parallel.launch import place_of_process
from paddle_mnist.parallel.step import parallel_step
from paddle_mnist.system.runtime import set_seed

STEPS = 50
# Name → stage, images, batch size, augmentation. Batches whose parts are unequal, and a last one
# with a single image.
TRAININGS = {
    "linear": ("linear", 151, 15, "none"),
    "mlp": ("mlp", 251, 25, "none"),
    "cnn": ("cnn", 1271, 127, "none"),
    "deep-cnn": ("deep-cnn", 251, 25, "none"),
    "affine": ("cnn", 1271, 127, "affine"),
}


def marks(images: np.ndarray) -> list[str]:
    """A short name for each image, by its pixels."""
    return [hashlib.sha256(image.tobytes()).hexdigest()[:16] for image in images]


def train(name: str, group: Group) -> dict[str, list]:
    """The loss of each step, what evaluation finds, the running averages, the images seen."""
    stage, count, batch_size, augmentation = TRAININGS[name]
    recipe, random = STAGES[stage], set_seed(0)
    split = load_mnist("sample", validation=0.0).train.take(slice(count))
    network = build_network(stage)
    whole_training = recipe.epochs * -(-60_000 // recipe.batch_size)
    schedule = build_schedule(recipe.schedule, recipe.learning_rate, whole_training)
    optimizer = build_optimizer(recipe.optimizer, schedule, network.parameters())
    batches = Batches(split, batch_size, random, build_augmentation(augmentation))
    loss_function = LOSSES[recipe.loss]
    step = partial(train_step, network, loss_function, optimizer)
    if group.members > 1:
        share_normalization(network, group)
        step = parallel_step(network, loss_function, optimizer, group)
    losses: list[float] = []
    seen: list[str] = []

    def note_images(_network, inputs) -> None:
        if network.training and len(losses) < len(batches):  # of the first epoch
            seen.extend(marks(inputs[0].numpy()))

    network.register_forward_pre_hook(note_images)

    def noted_step(images, labels) -> tuple[float, int]:
        loss, correct = step(images, labels)
        losses.append(loss)
        return loss, correct

    validate = Validate(network, loss_function, split.take(slice(101)))
    progress = fit(
        noted_step,
        batches,
        epochs=-(-STEPS // len(batches)),
        callbacks=[validate, LearningRate(optimizer, schedule)],
    )
    one = evaluate(network, loss_function, split.take(slice(1)))
    state = network.state_dict()
    averages = [state[key].numpy() for key in sorted(state) if key.endswith(("_mean", "_variance"))]
    return {
        "losses": losses[:STEPS],
        "accuracy": [row["accuracy"] for row in progress.history],
        "validation": [row["validation_loss"] for row in progress.history],
        "one image": [one.loss, *one.outputs.ravel().tolist()],
        "seen": seen,
        "averages": np.concatenate([np.zeros(1), *averages]).tolist(),
    }


def normalize(group: Group) -> dict[str, float]:
    """How far shared normalisation of a part is from the plain one of the whole batch."""
    differences = {}
    for name, layer, shape in (
        ("maps", nn.BatchNorm2D, (7, 4, 3, 3)),
        ("rows", nn.BatchNorm1D, (7, 4)),
        ("one image", nn.BatchNorm2D, (1, 4, 3, 3)),
    ):
        random = np.random.default_rng(3)
        plain, other = layer(4), layer(4)
        for one in (plain, other):
            one.weight.set_value(np.array([1.0, -2.0, 0.0, 0.5], np.float32))
            one.bias.set_value(np.array([0.0, 1.0, 2.0, -1.0], np.float32))
        shared = SharedBatchNorm(other, group)
        whole = paddle.to_tensor(random.normal(3, 2, shape).astype(np.float32))
        direction = paddle.to_tensor(random.normal(0, 1, shape).astype(np.float32))
        place = part_of(group.rank, group.members, shape[0])
        part = whole[place].detach()
        whole.stop_gradient = part.stop_gradient = False
        found, expected = shared(part), plain(whole)
        found.backward(direction[place])
        expected.backward(direction)
        # Where everybody has the one image, its gradients come from all of them.
        times = group.members if shape[0] < group.members else 1
        gradients = paddle.stack([shared.weight.grad, shared.bias.grad])
        group.add_up(gradients)
        pairs = {
            "outputs": (found, expected[place]),
            "gradient": (part.grad, whole.grad[place]),
            "parameters": (gradients, times * paddle.stack([plain.weight.grad, plain.bias.grad])),
            "mean": (shared._mean, plain._mean),
            "variance": (shared._variance, plain._variance),
        }
        for what, (one, another) in pairs.items():
            differences[f"{name}, {what}"] = float((one - another).abs().max())
    return differences


def main(path: str, *names: str) -> None:
    """Train, and write what was found."""
    group = join(*place_of_process(), device="cpu")
    found = {name: train(name, group) for name in names}
    if group.members > 1:
        found["differences"] = normalize(group)
    Path(f"{path}.{group.rank}").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
