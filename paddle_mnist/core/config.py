"""`Config`: everything that decides how a training goes."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import STAGES, check_augmentation, find_stage
from paddle_mnist.system.errors import UsageError


@dataclass(frozen=True)
class Config:
    """Everything that decides how a training goes; saved with its run as JSON."""

    stage: str
    data: str
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str
    schedule: str
    augment: str
    early_stopping: int | None
    best_weights: bool
    validation: float | None
    seed: int
    device: str
    threads: int
    # Not in the records of older runs.
    label_smoothing: float = 0.0
    amp: bool = False


def configure(stage: str, **changes: Any) -> Config:
    """Take a stage's defaults, with some of them changed.

    Args:
        stage: a name in STAGES.
        **changes: fields of `Config`; None means the default. Another optimiser without a learning
            rate brings its own rate.

    Raises:
        UsageError: the stage, or a value, is not allowed.
    """
    defaults = find_stage(stage)
    changes = {name: value for name, value in changes.items() if value is not None}
    optimizer = changes.get("optimizer", defaults.optimizer)
    _check_optimizer(optimizer)
    if optimizer != defaults.optimizer:
        changes.setdefault("learning_rate", OPTIMIZERS[optimizer].learning_rate)
    values: dict[str, Any] = {"stage": stage, "data": "auto", "seed": 0, "device": "auto"}
    # A second thread gains little in products of this size while nothing else runs, and loses much
    # while something does; convolutions, a small product for each image, only lose by it.
    values["threads"] = 1
    shared = {field.name for field in dataclasses.fields(Config)} & set(vars(defaults))
    values.update({name: getattr(defaults, name) for name in shared})
    config = Config(**{**values, **changes})
    check(config)
    return config


def check(config: Config) -> None:
    """Refuse values that no training can have.

    Raises:
        UsageError: a value is not allowed.
    """
    find_stage(config.stage)
    _check_optimizer(config.optimizer)
    for name in ("epochs", "batch_size", "threads"):
        value = getattr(config, name)
        if value < 1:
            raise UsageError(f"{name.replace('_', ' ')} is {value}; it must be 1 or more")
    if not (config.learning_rate > 0 and math.isfinite(config.learning_rate)):
        raise UsageError(
            f"the learning rate is {config.learning_rate}; it must be a number above 0"
        )
    if not 0 <= config.seed < 2**32:
        raise UsageError(f"the seed is {config.seed}; it must be from 0 to {2**32 - 1}")
    if config.validation is not None and not 0 <= config.validation <= 0.5:
        raise UsageError(f"the validation share is {config.validation}; it must be from 0 to 0.5")
    if not 0 <= config.label_smoothing < 1:
        raise UsageError(
            f"the label smoothing is {config.label_smoothing}; it must be from 0 to below 1"
        )
    if config.label_smoothing and STAGES[config.stage].loss != "cross_entropy":
        raise UsageError(
            f"stage {config.stage!r} has no probabilities, so there are no labels to smooth"
        )
    check_augmentation(config.augment)
    if config.schedule not in SCHEDULES:
        raise UsageError(f"unknown schedule {config.schedule!r}; allowed: {', '.join(SCHEDULES)}")


def check_changes(run: object, saved: Config, asked: dict[str, Any], done: int) -> None:
    """Refuse what a training cannot go on with, because no unbroken one would end there.

    Args:
        run: its folder, to be named.
        saved: what it was started with.
        asked: what it shall go on with, fields of `Config`. Only `epochs` (where the learning rate
            does not depend on it), `threads` and `device` may be others, and the place of the
            data, whose images are compared elsewhere.
        done: how many epochs it has finished.

    Raises:
        UsageError: something else was asked for, or fewer epochs than there are already.
    """
    for name, value in asked.items():
        before = getattr(saved, name)
        free = name in ("data", "threads", "device") or (
            name == "epochs" and saved.schedule != "one-cycle"
        )
        if value != before and not free:
            planned = " (its learning rate follows a plan for them)" if name == "epochs" else ""
            raise UsageError(
                f"the run in {run} was started with {name.replace('_', ' ')} {before}{planned}, "
                f"and cannot go on with {value}; leave that option out, or train anew without "
                "--resume"
            )
    if asked.get("epochs", saved.epochs) < done:
        raise UsageError(f"the run in {run} has {done} epochs already")


def _check_optimizer(name: str) -> None:
    if name not in OPTIMIZERS:
        raise UsageError(f"unknown optimizer {name!r}; allowed: {', '.join(OPTIMIZERS)}")
