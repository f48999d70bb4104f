"""Try ideas for the stages `best` and `tiny`, each on validation images only.

    python benchmarks/ideas.py wider            train one idea, seed 0
    python benchmarks/ideas.py wider --seed 1
    python benchmarks/ideas.py --print          write what came out into benchmarks/log.md

Needs all of MNIST. 50,000 of its training images are trained on and the other 10,000 decide; the
test images are never looked at. What came out is kept in benchmarks/ideas.json. Seconds were
measured while other work ran, and say little.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paddle_mnist.system.runtime import prepare, set_seed

prepare(1)

import numpy as np
import paddle
import paddle.nn.functional as F
import safetensors.numpy
from between_marks import write_between
from paddle import nn

from paddle_mnist.core.augmentation import Augmentation, RandomAffine, RandomWriting
from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.loop import (
    Batches,
    Callback,
    Progress,
    Step,
    count_correct,
    evaluate,
    fit,
)
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_schedule
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Split, load_mnist
from paddle_mnist.models.layers import MaxPool
from paddle_mnist.runs.state import load_weights, weights_of

FOLDER = Path(__file__).resolve().parent
RESULTS, LOG = FOLDER / "ideas.json", FOLDER / "log.md"
DECAY, AVERAGED_EVERY = 0.998, 4  # of the moving average of the weights; updated so often, in steps
BEGIN, END = "<!-- {}: benchmarks/ideas.py -->", "<!-- end of {} -->"


@dataclass(frozen=True)
class Convolution:
    """One convolution with batch normalisation; `pool`: max-pooling 2×2 comes between them."""

    channels: int
    kernel: int = 3
    padding: int = 1
    pool: bool = False


@dataclass(frozen=True)
class Idea:
    """What one training does.

    Attributes:
        why: the idea, in a few words.
        layout: the convolutions; a linear layer over all that is left follows.
        average: the linear layer gets the mean of each map, not all of its places.
        epochs: how many images are looked at, in units of 50,000.
        batch_size: images a step.
        learning_rate: the highest one of one-cycle, with Adam.
        augment: changes the training images.
        label_smoothing: the part of each label that is spread over all classes.
        dropout: the part of the values before the linear layer that is set to 0.
        practise: the share of the images that were easy last time, which is looked at again in a
            pass; 1: all. The 30% with the highest losses are always looked at.
        candidates: batches looked at for each step, which takes the hardest images of them.
        teachers: ideas whose networks (seed 0) answer together in place of the labels.
        temperature: divides teachers' and pupil's outputs.
    """

    why: str
    layout: tuple[Convolution, ...]
    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.005
    augment: Augmentation = field(default_factory=RandomWriting)
    label_smoothing: float = 0.0
    dropout: float = 0.0
    practise: float = 1.0
    candidates: int = 1
    teachers: tuple[str, ...] = ()
    temperature: float = 1.0
    average: bool = False


def best_layout(first: int, second: int, third: int, more: int = 0) -> tuple[Convolution, ...]:
    """The stage `best` with other widths; `more`: further convolutions after each pooling."""
    return (
        Convolution(first, kernel=5, padding=0, pool=True),
        *[Convolution(second)] * (1 + more),
        Convolution(second, pool=True),
        *[Convolution(third)] * (1 + more),
        Convolution(third, pool=True),
    )


BASE = Idea("as it is", best_layout(16, 32, 64), epochs=8)
WIDE = replace(
    BASE,
    why="smooth and practise, half as many channels more",
    layout=best_layout(24, 48, 96),
    practise=0.33,
    label_smoothing=0.05,
)
TINY = Idea("one more pooling at the end", (
    Convolution(8, kernel=5, padding=0, pool=True),
    Convolution(14),
    Convolution(16, pool=True),
    Convolution(20, padding=0, pool=True),
), epochs=12, learning_rate=0.01)  # fmt: skip

# The names of those for `tiny` begin with tiny.
IDEAS: dict[str, Idea] = {
    "base": BASE,
    "practise": replace(BASE, why="half as often what was easy last time", practise=0.33),
    "hard": replace(BASE, why="the harder half of twice as many images", candidates=2),
    "smooth": replace(BASE, why="label smoothing 0.05", label_smoothing=0.05),
    "practise-smooth": replace(BASE, why="the two together", practise=0.33, label_smoothing=0.05),
    "dropout": replace(BASE, why="dropout 0.3 before the linear layer", dropout=0.3),
    "batch-64": replace(
        BASE, why="smooth, batches of 64", label_smoothing=0.05, batch_size=64, learning_rate=0.004
    ),
    "deeper": replace(
        BASE,
        why="smooth, a third convolution at each size",
        layout=best_layout(16, 32, 64, more=1),
        label_smoothing=0.05,
    ),
    "wide": WIDE,
    "wide-affine": replace(WIDE, why="the same with gentler augmentation", augment=RandomAffine()),
    "wider": replace(
        BASE,
        why="smooth, twice as many channels",
        layout=best_layout(32, 64, 128),
        label_smoothing=0.05,
    ),
    "tiny": TINY,
    "tiny-wide-end": replace(
        TINY,
        why="10,338: no pooling at the end",
        layout=(
            Convolution(8, kernel=5, padding=0, pool=True),
            Convolution(12),
            Convolution(16, pool=True),
            Convolution(24, padding=0),
        ),
    ),
    "tiny-average": replace(
        TINY,
        why="six convolutions, the mean of each map",
        layout=(
            Convolution(8),
            Convolution(8, pool=True),
            Convolution(12),
            Convolution(16, pool=True),
            Convolution(16),
            Convolution(24, padding=0),
        ),
        average=True,
    ),
    "tiny-affine": replace(TINY, why="gentler augmentation", augment=RandomAffine()),
    "tiny-taught": replace(TINY, why="taught by base", teachers=("base",), temperature=2.0),
    "tiny-taught-by-wide": replace(
        TINY,
        why="24 maps at the end, taught by wide",
        layout=(*TINY.layout[:-1], Convolution(24, padding=0, pool=True)),
        teachers=("wide",),
    ),
}


class Mean(nn.Layer):
    """The mean of each map."""

    def forward(self, maps: paddle.Tensor) -> paddle.Tensor:
        """From [N, C, H, W] to [N, C]."""
        return maps.mean([2, 3])


def build(idea: Idea) -> nn.Layer:
    """Build an idea's network."""
    layers: list[nn.Layer] = [nn.Unflatten(1, [1, 28, 28])]  # [N, 784] -> [N, 1, 28, 28]
    channels, side = 1, 28
    for part in idea.layout:
        layers.append(
            nn.Conv2D(channels, part.channels, part.kernel, padding=part.padding, bias_attr=False)
        )
        channels, side = part.channels, side + 2 * part.padding - part.kernel + 1
        if part.pool:
            layers.append(MaxPool())
            side //= 2
        layers += [nn.BatchNorm2D(channels), nn.ReLU()]
    layers.append(Mean() if idea.average else nn.Flatten())
    if idea.dropout:
        layers.append(nn.Dropout(idea.dropout))
    inputs = channels if idea.average else channels * side * side
    layers.append(nn.Linear(inputs, 10, weight_attr=nn.initializer.Normal(0, 0.01)))
    return nn.Sequential(*layers)


class Passes(Batches):
    """All batches of a training, as one long epoch; what was easy last time may come less often.

    Args:
        idea: decides which images come.
        split: the images to learn from.
        random: decides the order, and the augmentation.

    Attributes:
        losses: float [N], of each image when it was last looked at.
        chosen: the numbers of the images in the batch that came last.
    """

    def __init__(self, idea: Idea, split: Split, random: np.random.Generator) -> None:
        super().__init__(split, idea.batch_size, random, idea.augment)
        self.idea = idea
        self.losses = np.full(len(split), 1e9)  # nothing is known: as hard as can be
        self.chosen = np.empty(0, int)

    def __len__(self) -> int:
        return int(self.idea.epochs * len(self.split) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
        size = self.batch_size * self.idea.candidates
        waiting = np.empty(0, int)
        for _ in range(len(self)):
            if len(waiting) < size:
                waiting = np.concatenate([waiting, self.random.permutation(self._kept())])
            self.chosen, waiting = waiting[:size], waiting[size:]
            images = norm_img(self.split.images[self.chosen])
            labels = paddle.to_tensor(self.split.labels[self.chosen])
            yield self.idea.augment(images, self.random), labels

    def _kept(self) -> np.ndarray:
        """The images of the next pass over all of them."""
        if self.idea.practise == 1:
            return np.arange(len(self.losses))
        hard = self.losses >= np.quantile(self.losses, 0.7)
        return np.flatnonzero(hard | (self.random.random(len(hard)) < self.idea.practise))


class MovingAverage(Callback):
    """Keeps a moving average of a network's weights, in `weights`."""

    def __init__(self, network: nn.Layer) -> None:
        self.state = network.state_dict()
        self.weights = {name: value.clone() for name, value in self.state.items()}

    def on_batch_end(self, progress: Progress) -> None:
        step = len(progress.losses)
        if step % AVERAGED_EVERY == 0:
            keep = min(DECAY, step / (step + 10)) ** AVERAGED_EVERY
            with paddle.no_grad():
                for name, value in self.state.items():
                    self.weights[name] = self.weights[name] * keep + value * (1 - keep)


def losses_of(idea: Idea, outputs: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """The loss of each image, [N]."""
    if idea.label_smoothing:
        soft = F.label_smooth(F.one_hot(labels, 10), epsilon=idea.label_smoothing)
        return F.cross_entropy(outputs, soft, soft_label=True, reduction="none").reshape([-1])
    return F.cross_entropy(outputs, labels, reduction="none").reshape([-1])


def taught(
    idea: Idea, teachers: list[nn.Layer], images: paddle.Tensor, outputs: paddle.Tensor
) -> paddle.Tensor:
    """The cross-entropy with the mean of the teachers' softened probabilities, [N]."""
    with paddle.no_grad():
        answers = [F.softmax(teacher(images) / idea.temperature) for teacher in teachers]
        mean = sum(answers) / len(answers)  # [N, 10]
    found = F.log_softmax(outputs / idea.temperature)
    return -(mean * found).sum(axis=1) * idea.temperature**2


def step_of(
    idea: Idea, network: nn.Layer, optimizer: paddle.optimizer.Optimizer, passes: Passes
) -> Step:
    """What `fit` does with each batch: as `train_step`, with the losses of single images."""
    teachers = [trained_network(teacher) for teacher in idea.teachers]

    def step(images: paddle.Tensor, labels: paddle.Tensor) -> tuple[float, int]:
        if idea.candidates > 1:
            with paddle.no_grad():
                losses = losses_of(idea, network(images), labels)
            hardest = paddle.topk(losses, idea.batch_size)[1]
            images, labels = images[hardest], labels[hardest]
        outputs = network(images)
        if teachers:
            losses = taught(idea, teachers, images, outputs)
        else:
            losses = losses_of(idea, outputs, labels)
        if idea.practise < 1:
            passes.losses[passes.chosen] = losses.numpy()
        loss = losses.mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        return float(loss), count_correct(outputs, labels)

    return step


def train(name: str, seed: int) -> dict[str, Any]:
    """Train one idea; returns what is kept of it."""
    idea = IDEAS[name]
    random = set_seed(seed)
    mnist = load_mnist(validation=1 / 6)
    if len(mnist.train) != 50_000:
        raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
    network = build(idea)
    passes = Passes(idea, mnist.train, random)
    schedule = build_schedule("one-cycle", idea.learning_rate, len(passes))
    optimizer = paddle.optimizer.Adam(schedule, parameters=network.parameters(), epsilon=1e-7)
    step, average = step_of(idea, network, optimizer, passes), MovingAverage(network)
    started = time.perf_counter()
    fit(step, passes, epochs=1, callbacks=[LearningRate(optimizer, schedule), average])
    seconds = time.perf_counter() - started
    safetensors.numpy.save_file(weights_of(network), file_of(name, seed))
    found = {
        "numbers": sum(array.size for array in weights_of(network).values()),
        "mistakes": mistakes(network, mnist.validation),
        "seconds": round(seconds),
    }
    network.set_state_dict(average.weights)
    return {**found, "mistakes_of_moving_average": mistakes(network, mnist.validation)}


def mistakes(network: nn.Layer, split: Split) -> int:
    """How many images are misread."""
    return len(split) - evaluate(network, cross_entropy, split).correct


def file_of(name: str, seed: int) -> Path:
    """Where the weights of an idea are kept, for those that they teach."""
    folder = FOLDER.parent / "runs" / "ideas"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{seed}.safetensors"


def trained_network(name: str) -> nn.Layer:
    """The network of an idea that was trained before, with seed 0."""
    network = build(IDEAS[name])
    load_weights(network, safetensors.numpy.load_file(file_of(name, 0)))
    network.eval()
    return network


def table(results: dict[str, Any], stage: str) -> list[str]:
    """What came out of the ideas for one stage, in Markdown."""
    lines = [
        "| name | idea | numbers | passes | mistakes of 10,000 | with the moving average | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, idea in IDEAS.items():
        runs = list(results.get(name, {}).values())
        if name.startswith("tiny") != (stage == "tiny") or not runs:
            continue
        cells = [f"`{name}`", idea.why, f"{runs[0]['numbers']:,}", str(idea.epochs)]
        cells += [
            ", ".join(str(run[key]) for run in runs)
            for key in ("mistakes", "mistakes_of_moving_average")
        ]
        lines.append(f"| {' | '.join([*cells, str(len(runs))])} |")
    return lines


def write_log(results: dict[str, Any]) -> None:
    """Put both tables between their marks in the log."""
    for stage in ("best", "tiny"):
        marks = (BEGIN.format(stage), END.format(stage))
        write_between(LOG, marks, "\n".join(table(results, stage)))


def main() -> None:
    """Train the ideas that are named, keep what came out, and write the log's tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(IDEAS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(IDEAS)
    if unknown or not (arguments.names or arguments.print):
        parser.error(f"unknown: {sorted(unknown)}; known: {', '.join(IDEAS)}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in arguments.names:
        found = train(name, arguments.seed)
        print(f"{name}, seed {arguments.seed}: {found}", flush=True)
        results.setdefault(name, {})[str(arguments.seed)] = found
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_log(results)


if __name__ == "__main__":
    main()
