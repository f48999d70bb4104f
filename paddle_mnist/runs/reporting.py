"""What a run tells: its record, its history as a table, how it was trained, what it reads."""

from __future__ import annotations

import csv
import dataclasses
import io
import platform
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.loop import Evaluation, Row
from paddle_mnist.core.metrics import confusion_matrix, predicted_digits, softmax
from paddle_mnist.core.stages import STAGES
from paddle_mnist.data import Mnist, fingerprint
from paddle_mnist.plots import plot_confusion, plot_history, plot_mistakes, save_figure
from paddle_mnist.runs.folder import update_record
from paddle_mnist.runs.record import Record
from paddle_mnist.system.command_line import command_line
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.files import write_file
from paddle_mnist.system.runtime import processor, thread_count

# The losses within an epoch are a list, and stay in run.json.
_COLUMNS = (
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)


def write_history(path: Path, history: list[Row]) -> None:
    """Write a CSV table with a line for each epoch; a RunError says why it cannot be written."""
    text = io.StringIO()
    columns = [name for name in _COLUMNS if name in history[0]]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write_file(path, text.getvalue().encode(), RunError)


def command_of(config: Config, processes: int = 1) -> str | None:
    """The command that trains so; None: no command can ask for this, only a program.

    What the stage decides anyway is left out.
    """
    defaults = vars(configure(config.stage, optimizer=config.optimizer))
    changed = {name: value for name, value in vars(config).items() if value != defaults[name]}
    if None in changed.values() or "early_stopping" in changed:
        return None
    options: dict[str, Any] = {"stage": config.stage}
    if config.optimizer != STAGES[config.stage].optimizer:
        options["optimizer"] = config.optimizer
    options.update(changed)
    if processes > 1:
        options["processes"] = processes
    return command_line("train", options)


def fixed_record(config: Config, mnist: Mnist, device: str, processes: int) -> Record:
    """The entries of `run.json` that stay the same through a training."""
    return {
        "stage": config.stage,
        "config": dataclasses.asdict(config),
        "command": command_of(config, processes),
        "parameters": STAGES[config.stage].parameters,
        "data": {
            "kind": mnist.source.kind,
            "path": mnist.source.path,
            "is_mnist": mnist.source.is_mnist,
            "classes": list(mnist.source.class_names),
            "train": len(mnist.train),
            "validation": len(mnist.validation),
            "test": len(mnist.test),
            "fingerprint": fingerprint(mnist.train, mnist.validation, mnist.test),
        },
        "device": device,
        "processor": processor(),
        "threads": thread_count(),
        "processes": processes,
        "versions": {
            "python": platform.python_version(),
            "paddle": paddle.version.full_version,
            "numpy": np.__version__,
        },
    }


def report(stage: str, folder: Path, mnist: Mnist, test: Evaluation, history: list[Row]) -> None:
    """Write into a saved run what came out: the test, the history as a table, and pictures."""
    labels, names = mnist.test.labels, mnist.source.class_names
    measured = {name: value for name, value in vars(test).items() if name != "outputs"}
    if test.outputs.shape[1] == 1:
        truncated = predicted_digits(test.outputs, truncate=True) == labels
        measured["accuracy_truncated"] = float(truncated.mean())
    matrix = confusion_matrix(labels, predicted_digits(test.outputs))
    write_history(folder / "history.csv", history)
    save_figure(plot_history(history, stage), folder / "curves.png")
    save_figure(plot_confusion(matrix, f"{stage}, test images", names), folder / "confusion.png")
    if test.outputs.shape[1] > 1:
        probabilities = softmax(test.outputs)
        mistakes = plot_mistakes(mnist.test.images, labels, probabilities, class_names=names)
        save_figure(mistakes, folder / "mistakes.png")
    update_record(folder, {"test": measured})
