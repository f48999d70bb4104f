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
from paddle_mnist.system.files import replace_file
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
    """Write a table with a line for each epoch.

    Args:
        path: the file, a CSV.
        history: at least one row.

    Raises:
        RunError: the file cannot be written.
    """
    text = io.StringIO()
    columns = [name for name in _COLUMNS if name in history[0]]
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    try:
        replace_file(path, text.getvalue().encode())
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error}") from error


def command_of(config: Config, processes: int = 1) -> str | None:
    """The command that trains so; what the stage decides anyway is left out.

    Args:
        config: of the training.
        processes: how many train together.

    Returns:
        The command's line; None: no command can ask for this, only a program.
    """
    defaults = configure(config.stage, optimizer=config.optimizer)
    options: dict[str, Any] = {"stage": config.stage}
    if config.optimizer != STAGES[config.stage].optimizer:
        options["optimizer"] = config.optimizer
    others = {
        name: value for name, value in vars(config).items() if value != getattr(defaults, name)
    }
    if None in others.values() or "early_stopping" in others:
        return None
    options.update(others)
    if processes > 1:
        options["processes"] = processes
    return command_line("train", options)


def fixed_record(config: Config, mnist: Mnist, device: str, processes: int) -> Record:
    """The entries of `run.json` that stay the same through a training.

    Args:
        config: what is trained, and how.
        mnist: the data.
        device: what `runtime.select_device` returned.
        processes: how many train together.
    """
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
    """Write into a run what came out: the test, and pictures.

    Args:
        stage: what was trained.
        folder: the run, saved before.
        mnist: the data.
        test: what was measured on its test images.
        history: a row for each epoch.

    Raises:
        RunError: the folder cannot be written.
    """
    digits = predicted_digits(test.outputs)
    measured: dict[str, Any] = {
        "accuracy": test.accuracy,
        "loss": test.loss,
        "correct": test.correct,
        "count": test.count,
    }
    if test.outputs.shape[1] == 1:
        truncated = predicted_digits(test.outputs, truncate=True) == mnist.test.labels
        measured["accuracy_truncated"] = float(truncated.mean())
    matrix = confusion_matrix(mnist.test.labels, digits)
    write_history(folder / "history.csv", history)
    save_figure(plot_history(history, stage), folder / "curves.png")
    names = mnist.source.class_names
    confusion = plot_confusion(matrix, f"{stage}, test images", names)
    save_figure(confusion, folder / "confusion.png")
    if test.outputs.shape[1] > 1:
        probabilities = softmax(test.outputs)
        mistakes = plot_mistakes(
            mnist.test.images, mnist.test.labels, probabilities, class_names=names
        )
        save_figure(mistakes, folder / "mistakes.png")
    update_record(folder, {"test": measured})
