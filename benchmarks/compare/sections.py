"""What is measured, section by section; each returns JSON values for `compare.json`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import numpy as np

from compare.arrays import write_arrays
from compare.contest import (
    KERAS,
    ONNXRUNTIME,
    PACKAGE,
    PADDLE,
    ROOT,
    TORCH,
    Contestant,
    Entry,
    Worker,
    clean_environment,
    run_once,
    take_turns,
    with_first_settings,
    with_quickest_settings,
)
from paddle_mnist.core.stages import STAGES
from paddle_mnist.data import Mnist, Split
from paddle_mnist.runs.shipped import shipped_run

Found = dict[str, Any]

READERS = ("cnn", "best")  # stages whose evaluation is compared
MEMORY_STAGES = ("cnn", "deep-cnn")
GROWTH_STAGES = ("mlp", "cnn")
READER = "best"  # what `predict` uses where no stage is named
PICTURE = "work/example_7.jpg"
LIMIT = 1e-4  # the outputs of the same network in two frameworks differ by less
# Of train_mnist_fast, as it was published.
FAST_EPOCHS = 1
KERAS_STAGE = "deep-cnn"
KERAS_EPOCHS = 10
# Our recipes for 99.0%: a stage, and its epochs where they are not its own.
OURS_TO_99: dict[str, tuple[str, int | None]] = {"cnn": ("cnn", None), "cnn, 1 epoch": ("cnn", 1)}


@dataclass(frozen=True)
class Sizes:
    """How much is done of each.

    Attributes:
        rounds: turns that each contestant takes.
        seeds: trainings to 99.0%.
        images: of a whole epoch.
        steps: batches that stand for an epoch; of the slow networks an epoch is not done whole.
        tests: images to evaluate.
        starts: programs that are started for one picture.
        repeats: how often the pictures are read in one turn.
        counts: images to train on, for the growth.
        batch_sizes: for the growth.
        try_settings: whether each contestant's quickest settings are looked for.
    """

    rounds: int = 5
    seeds: int = 10
    images: int = 60_000
    steps: Mapping[str, int] = field(
        default_factory=lambda: {"mlp": 469, "deep-cnn": 100, "dropout-cnn": 40}
    )
    tests: int = 10_000
    starts: int = 9
    repeats: int = 10
    counts: tuple[int, ...] = (1_000, 4_000, 15_000, 60_000, 240_000)
    batch_sizes: tuple[int, ...] = (16, 32, 64, 128, 256, 512, 1024)
    try_settings: bool = True


QUICK = Sizes(
    rounds=2,
    seeds=1,
    images=1_280,
    steps={"mlp": 5, "deep-cnn": 2, "dropout-cnn": 1},
    tests=500,
    starts=1,
    repeats=1,
    counts=(256, 512),
    batch_sizes=(16, 64),
    try_settings=False,
)


@dataclass(frozen=True)
class Setup:
    """What all sections need.

    Attributes:
        peers: the Python of the peers' environment.
        scratch: a folder for what the processes hand over to each other.
        mnist: all of it, nothing held out.
        sizes: how much is done.
    """

    peers: Path
    scratch: Path
    mnist: Mnist
    sizes: Sizes

    def training(self, count: int) -> str:
        """A folder with so many training images; from the beginning again after the last one."""
        return self._arrays(self.mnist.train, "training", count)

    def testing(self) -> str:
        """A folder with the images to evaluate."""
        return self._arrays(self.mnist.test, "testing", self.sizes.tests)

    def _arrays(self, split: Split, name: str, count: int) -> str:
        folder = self.scratch / f"{name}-{count}"
        if not folder.exists():
            part = split.take(np.arange(count) % len(split))
            write_arrays(folder, part.images, part.labels)
        return str(folder)

    def turns(self, entries: list[Entry]) -> Found:
        """`take_turns` with the quickest settings of each, and the rounds of this setup."""
        chosen = [self.chosen(entry) for entry in entries]
        return take_turns(chosen, self.sizes.rounds, self.peers)

    def chosen(self, entry: Entry) -> Entry:
        """The entry with the settings to measure it with."""
        if not self.sizes.try_settings:
            return with_first_settings(entry)
        return with_quickest_settings(entry, self.peers)


def train_entry(contestant: Contestant, folder: str, stage: str, batch_size: int) -> Entry:
    """An epoch of a stage over the images in a folder."""
    arguments = {"folder": folder, "stage": stage, "batch_size": batch_size}
    return Entry(contestant, "train", arguments)


def ninety_nine(setup: Setup) -> Found:
    """Whole trainings, ours and the two public recipes, in turns; each in a fresh process.

    Of the Keras recipe, one epoch a turn: all of its epochs take the same time.
    """
    sizes = setup.sizes
    folder, test = setup.training(sizes.images), setup.testing()
    fast = {"train": folder, "test": test, "seed": 0, "epochs": FAST_EPOCHS}
    trial = {**fast, "train": setup.training(min(5_120, sizes.images))}
    settings = setup.chosen(Entry(TORCH, "train_wholly", trial)).settings
    size = STAGES[KERAS_STAGE].batch_size
    trial_of_keras = train_entry(KERAS, setup.training(size * 10), KERAS_STAGE, size)
    keras = Entry(
        KERAS,
        "train",
        {**trial_of_keras.arguments, "folder": folder},
        setup.chosen(trial_of_keras).settings,
    )
    found: Found = {"ours": {name: [] for name in OURS_TO_99}, "torch": [], "keras_epochs": []}
    found["settings"] = {"torch": dict(settings), "keras": dict(keras.settings)}
    with Worker(keras, setup.peers) as worker:
        found["keras_version"] = worker.version
        worker.act()
        for seed in range(sizes.seeds):
            for name, (stage, epochs) in OURS_TO_99.items():
                arguments = {"stage": stage, "seed": seed, "epochs": epochs, "count": sizes.images}
                entry = Entry(PACKAGE, "train_wholly", arguments)
                found["ours"][name].append(run_once(entry, setup.peers))
            entry = Entry(TORCH, "train_wholly", {**fast, "seed": seed}, settings)
            found["torch"].append(run_once(entry, setup.peers))
            found["keras_epochs"].append(worker.act()["seconds"] * 60_000 / sizes.images)
    return found


def linear(setup: Setup) -> Found:
    """The first epoch of `linear`, from the files on: ours, and the course's own loop."""
    arguments = {"data": setup.mnist.source.path, "count": setup.sizes.images}
    return setup.turns([Entry(who, "linear_epoch", arguments) for who in (PACKAGE, PADDLE)])


def training(setup: Setup) -> Found:
    """The same networks in all frameworks; seconds are those of an epoch of 60,000 images."""
    found: Found = {}
    for stage, steps in setup.sizes.steps.items():
        size = STAGES[stage].batch_size
        count = min(60_000, steps * size)
        contestants = (PACKAGE, PADDLE, TORCH, KERAS)
        folder = setup.training(count)
        found[stage] = setup.turns([train_entry(who, folder, stage, size) for who in contestants])
        for row in found[stage].values():
            row["seconds"] = [seconds * 60_000 / count for seconds in row["seconds"]]
    return found


def evaluating(setup: Setup) -> Found:
    """The test images, read with the same weights; the outputs must be the same."""
    found: Found = {}
    for stage in READERS:
        files = {name: setup.scratch / f"{stage}-{name}.npy" for name in ("us", "torch", "onnx")}
        model = setup.scratch / f"{stage}.onnx"
        words = ["-m", "paddle_mnist.export", "--stage", stage, "--format", "onnx", "-o"]
        run([sys.executable, *words, str(model)])
        shared = {"folder": setup.testing(), "stage": stage}
        weights = {"weights": weights_of(stage), "outputs": str(files["torch"])}
        onnx = {"folder": setup.testing(), "model": str(model), "outputs": str(files["onnx"])}
        found[stage] = setup.turns(
            [
                Entry(PACKAGE, "evaluate", {**shared, "outputs": str(files["us"])}),
                Entry(TORCH, "evaluate", {**shared, **weights}),
                Entry(ONNXRUNTIME, "evaluate", onnx),
            ]
        )
        ours = np.load(files["us"])
        for name in ("torch", "onnx"):
            difference = float(np.abs(np.load(files[name]) - ours).max())
            if not difference <= LIMIT:
                raise SystemExit(f"error: {stage} gives other outputs in {name}: {difference:.1e}")
    return found


def weights_of(stage: str) -> str:
    """The file of a stage's weights that ship."""
    return str(shipped_run(stage) / "model.safetensors")


def run(words: list[str]) -> float:
    """Run a program from the project's folder, and return its seconds."""
    started = time.perf_counter()
    result = subprocess.run(
        words, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise SystemExit(f"error: {' '.join(words)} failed:\n{result.stderr[-2000:]}")
    return time.perf_counter() - started


def picture(setup: Setup) -> Found:
    """One picture by a fresh program; then many in one process."""
    theirs = ["-m", "compare.read_with_torch", READER, weights_of(READER), PICTURE]
    programs = {
        PACKAGE.name: [sys.executable, "-m", "paddle_mnist.predict", PICTURE],
        TORCH.name: [str(setup.peers), *theirs],
    }
    starts: dict[str, list[float]] = {name: [] for name in programs}
    for words in programs.values():
        run(words)  # the first one also reads its libraries from the disk
    for _ in range(setup.sizes.starts):
        for name, words in programs.items():
            starts[name].append(run(words))
    found: Found = {"start": {name: {"seconds": seconds} for name, seconds in starts.items()}}
    pictures = sorted(str(path) for path in (ROOT / "work").glob("example_?.jpg"))
    times = setup.sizes.repeats
    shared = {"stage": READER, "pictures": pictures, "times": times}
    for task in ("read_pictures", "read_prepared"):
        found[task] = setup.turns(
            [
                Entry(PACKAGE, task, shared),
                Entry(TORCH, task, {**shared, "weights": weights_of(READER)}),
            ]
        )
        for row in found[task].values():
            row["seconds"] = [seconds / len(pictures) / times for seconds in row["seconds"]]
    return found


def memory(setup: Setup) -> Found:
    """The peak memory of a process that trains for one epoch, all images included."""
    found: Found = {}
    for stage in MEMORY_STAGES:
        size = STAGES[stage].batch_size
        short, whole = setup.training(5 * size), setup.training(setup.sizes.images)
        found[stage] = {}
        for who in (PACKAGE, TORCH, KERAS):
            trial = setup.chosen(train_entry(who, short, stage, size))
            arguments = {**trial.arguments, "folder": whole}
            answer = run_once(Entry(who, "train", arguments, trial.settings), setup.peers)
            found[stage][who.name] = {
                "peak": answer["peak"],
                "settings": dict(trial.settings or {}),
                "version": answer["version"],
            }
    return found


def growth(setup: Setup) -> Found:
    """Seconds and memory of our training against images, batch size, and threads.

    Seconds are those of an epoch for images and threads, and those of a step for batch sizes.
    """
    sizes = setup.sizes
    found: Found = {}
    few = min(15_000, sizes.images)
    for stage in GROWTH_STAGES:
        size = STAGES[stage].batch_size
        found[stage] = {
            "images": [
                {"size": count, **grown(setup, stage, count, size)} for count in sizes.counts
            ],
            "batch size": [],
            "threads": [
                {"size": threads, **grown(setup, stage, few, size, threads)} for threads in (1, 2)
            ],
        }
        for batch_size in sizes.batch_sizes:
            steps = max(4, 4_096 // batch_size)
            point = grown(setup, stage, steps * batch_size, batch_size)
            point["seconds"] /= steps
            found[stage]["batch size"].append({"size": batch_size, **point})
    return found


def grown(
    setup: Setup, stage: str, count: int, batch_size: int, threads: int = 1
) -> dict[str, float]:
    """The median seconds of an epoch, and the peak memory, in a process of its own."""
    entry = train_entry(PACKAGE, setup.training(count), stage, batch_size)
    threaded = Contestant(
        PACKAGE.name, PACKAGE.module, False, environment={"MKL_NUM_THREADS": str(threads)}
    )
    entry = Entry(threaded, entry.task, entry.arguments)
    with Worker(entry, setup.peers) as worker:
        worker.act()
        answers = [worker.act() for _ in range(min(3, setup.sizes.rounds))]
    seconds = statistics.median(answer["seconds"] for answer in answers)
    return {"seconds": seconds, "peak": answers[-1]["peak"]}


def limit(setup: Setup) -> Found:
    """Each stage's training step against the peak of a large matrix product."""
    analyst = Contestant(PACKAGE.name, "step_parts", False, environment=PACKAGE.environment)
    folder = setup.training(max(stage.batch_size for stage in STAGES.values()))
    rounds = max(2, 4 * setup.sizes.rounds - 10)
    return {
        stage: run_once(
            Entry(analyst, "measure", {"folder": folder, "stage": stage, "rounds": rounds}),
            setup.peers,
        )
        for stage in STAGES
    }


SECTIONS: dict[str, Callable[[Setup], Found]] = {
    "ninety_nine": ninety_nine,
    "linear": linear,
    "training": training,
    "evaluating": evaluating,
    "picture": picture,
    "memory": memory,
    "growth": growth,
    "limit": limit,
}
