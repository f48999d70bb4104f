"""The goals of the comparison, and what was measured of each."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compare.ratios import described, ratios, slope
from compare.sections import KERAS_EPOCHS

PACKAGE, PADDLE, TORCH, KERAS, ONNXRUNTIME = (
    "paddle_mnist",
    "Paddle's defaults",
    "PyTorch",
    "Keras",
    "onnxruntime",
)
ENOUGH = 0.99  # of the test images
# Slopes; noise moves them by a few hundredths.
LINEAR = 1.05
CONSTANT = 0.05
MILLISECONDS = 3.0
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        work: what was done.
        against: what it is compared with.
        values: measured; a ratio theirs / ours for each round, unless `unit` says otherwise.
        goal: for ratios the least that the median shall be, for all others the most; None: no
            goal was set, the line is there for orientation.
        unit: "" for ratios; else what `values` count.
        note: anything else to know.
    """

    work: str
    against: str
    values: Sequence[float]
    goal: float | None
    unit: str = ""
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the median is as good as the goal, where there is one."""
        if self.goal is None:
            return True
        median = statistics.median(self.values)
        return median <= self.goal if self.unit else median >= self.goal

    @property
    def cells(self) -> list[str]:
        """The line as the table has it."""
        sign, unit = ("≤", f" {self.unit}") if self.unit else ("≥", "×")
        goal = answer = "—"
        if self.goal is not None:
            goal = f"{sign} {self.goal:.3g}{unit}"
            answer = "yes" if self.reached else f"**no**: {self.shortfall}"
        measured = f"{described(self.values)}{unit}"
        return [self.work, self.against, goal, measured, answer, self.note]

    @property
    def shortfall(self) -> str:
        """By how much a goal is missed."""
        median = statistics.median(self.values)
        if self.unit:
            return f"{median - self.goal:.2f} above the goal"
        return f"short by a factor of {self.goal / median:.2f}"


def seconds(found: Found, name: str) -> list[float]:
    """The seconds of a contestant, round by round."""
    return found[name]["seconds"]


def faster(found: Found, theirs: str) -> list[float]:
    """How many times as long another one takes as this package."""
    return ratios(seconds(found, theirs), seconds(found, PACKAGE))


def accuracy(runs: Sequence[Found]) -> float:
    """The mean over the seeds."""
    return statistics.mean(run["accuracy"] for run in runs)


def quickest_to_99(ours: Mapping[str, Sequence[Found]]) -> str:
    """The quickest of our recipes that gets there; where none does, the most accurate one."""
    enough = [name for name, runs in ours.items() if accuracy(runs) >= ENOUGH]
    if not enough:
        return max(ours, key=lambda name: accuracy(ours[name]))
    return min(
        enough, key=lambda name: statistics.median(run["training_seconds"] for run in ours[name])
    )


def whole(runs: Sequence[Found]) -> list[float]:
    """The seconds of whole processes, from their start to the end of the training."""
    return [run["start_seconds"] + run["training_seconds"] for run in runs]


def lines_of_ninety_nine(found: Found) -> list[Line]:
    """Time to 99.0%."""
    name = quickest_to_99(found["ours"])
    ours, torch = found["ours"][name], found["torch"]
    trained = [run["training_seconds"] for run in ours]
    theirs = [run["training_seconds"] for run in torch]
    keras = [KERAS_EPOCHS * epoch for epoch in found["keras_epochs"]]
    reading = f"{100 * accuracy(ours):.2f}% here, {100 * accuracy(torch):.2f}% there"
    work, fast = f"training to 99.0% (`{name}`)", "PyTorch, `train_mnist_fast`"
    return [
        Line(work, fast, ratios(theirs, trained), 1, note=reading),
        Line(
            "the same, with the start of the process",
            fast,
            ratios(whole(torch), whole(ours)),
            1,
            note="Python, imports, data, training",
        ),
        Line(
            work,
            "Keras' three-block CNN, 10 epochs",
            ratios(keras, trained),
            20,
            note="ten times one epoch; 98.68% as published",
        ),
    ]


def lines_of_linear(found: Found) -> list[Line]:
    """The first epoch of the course."""
    work = "one epoch of `linear`, batch 16, from the files on"
    return [Line(work, "the course's own loop, Paddle's defaults", faster(found, PADDLE), 5)]


def lines_of_training(found: Found) -> list[Line]:
    """An epoch of the networks that all frameworks have."""
    lines = []
    for stage, rows in found.items():
        work = f"one epoch of `{stage}`"
        needed = 1.0 if stage == "mlp" else 1 / 1.5
        for name in (TORCH, KERAS):
            lines.append(Line(work, name, faster(rows, name), needed))
        if stage != "mlp":
            lines.append(Line(work, PADDLE, faster(rows, PADDLE), 2))
    return lines


def lines_of_evaluating(found: Found) -> list[Line]:
    """Reading the test images: time and memory."""
    lines = []
    for stage, rows in found.items():
        work = f"evaluating with `{stage}`"
        lines.append(Line(work, "PyTorch, eager", faster(rows, TORCH), 1))
        lines.append(Line(work, ONNXRUNTIME, faster(rows, ONNXRUNTIME), None))
    return lines


def lines_of_picture(found: Found) -> list[Line]:
    """One picture, and each further one."""
    lines = [Line("one picture, cold start", TORCH, faster(found["start"], TORCH), 1)]
    works = {"read_pictures": "each further picture file", "read_prepared": "a prepared image"}
    for task, work in works.items():
        ours, torch = found[task][PACKAGE], found[task][TORCH]
        theirs = 1000 * statistics.median(torch["seconds"])
        values = [1000 * value for value in ours["seconds"]]
        note = f"PyTorch: {theirs:.2f} ms"
        lines.append(Line(work, "a fixed time", values, MILLISECONDS, "ms", note))
    return lines


def lines_of_memory(trained: Found, evaluated: Found) -> list[Line]:
    """Peak memory: what others need, as a multiple of ours."""
    works = {f"peak memory, an epoch of `{stage}`": rows for stage, rows in trained.items()}
    works.update({f"peak memory, evaluating `{stage}`": rows for stage, rows in evaluated.items()})
    lines = []
    for work, rows in works.items():
        ours = rows[PACKAGE]["peak"]
        for name, row in rows.items():
            if name != PACKAGE:
                note = f"{ours:.0f} MiB here, {row['peak']:.0f} MiB there"
                lines.append(Line(work, name, [row["peak"] / ours], 1, note=note))
    return lines


def lines_of_growth(found: Found) -> list[Line]:
    """The exponents of growth."""
    lines = []
    for stage, axes in found.items():
        for axis, points in axes.items():
            sizes = [point["size"] for point in points]
            for what in ("seconds", "peak"):
                exponent = slope(sizes, [point[what] for point in points])
                name = {"seconds": "time", "peak": "memory"}[what]
                work = f"{name} of `{stage}` against {axis}"
                goal = CONSTANT if axis == "threads" and what == "seconds" else LINEAR
                extent = f"{sizes[0]:,} to {sizes[-1]:,}"
                lines.append(Line(work, extent, [exponent], goal, "slope"))
    return lines
