"""`Config`: everything that decides how a training goes."""

# Without `annotations` of __future__: `get_type_hints` asks for the types of the fields.
import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Optional

from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import AUGMENTATIONS, STAGES, find_stage
from paddle_mnist.system.errors import UsageError


@dataclass(frozen=True)
class Config:
    """Everything that decides how a training goes; saved with its run as JSON. See also `Stage`.

    Attributes:
        data: where the digits come from: "auto", "sample", or a folder.
        seed: where all random numbers start from, 0 to 2**32 - 1.
        device: a name in `runtime.DEVICES`.
        threads: how many share the work of a matrix product, 1 or more.
        amp: automatic mixed precision (16-bit numbers where they are enough), for a GPU.
    """

    stage: str
    data: str
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str
    schedule: str
    augment: str
    early_stopping: Optional[int]
    best_weights: bool
    validation: Optional[float]
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
        **changes: fields of `Config`; None means the default. Another optimiser brings its own
            learning rate, unless one is given.

    Raises:
        UsageError: the stage, or a value, is not allowed.
    """
    defaults = find_stage(stage)
    changes = {name: value for name, value in changes.items() if value is not None}
    optimizer = changes.get("optimizer", defaults.optimizer)
    _check_name("optimizer", optimizer, OPTIMIZERS)
    if optimizer != defaults.optimizer:
        changes.setdefault("learning_rate", OPTIMIZERS[optimizer].learning_rate)
    values: dict[str, Any] = {"stage": stage, "data": "auto", "seed": 0, "device": "auto"}
    # The products are small: a second thread gains little on an idle machine and costs much on a
    # busy one. Convolutions, a small product for each image, are only slower with it.
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
    _check_name("optimizer", config.optimizer, OPTIMIZERS)
    _check_name("schedule", config.schedule, SCHEDULES)
    _check_name("augmentation", config.augment, AUGMENTATIONS)
    rate, smoothing, held_out = config.learning_rate, config.label_smoothing, config.validation
    for name, value, fits, allowed in (
        ("epochs", config.epochs, config.epochs >= 1, "1 or more"),
        ("batch size", config.batch_size, config.batch_size >= 1, "1 or more"),
        ("threads", config.threads, config.threads >= 1, "1 or more"),
        ("the learning rate", rate, rate > 0 and math.isfinite(rate), "a number above 0"),
        ("the seed", config.seed, 0 <= config.seed < 2**32, f"from 0 to {2**32 - 1}"),
        ("the validation share", held_out, 0 <= (held_out or 0) <= 0.5, "from 0 to 0.5"),
        ("the label smoothing", smoothing, 0 <= smoothing < 1, "from 0 to below 1"),
    ):
        if not fits:
            raise UsageError(f"{name} is {value}; it must be {allowed}")
    if smoothing and STAGES[config.stage].loss != "cross_entropy":
        raise UsageError(
            f"stage {config.stage!r} has no probabilities, so there are no labels to smooth"
        )


def _check_name(what: str, name: str, allowed: Iterable[str]) -> None:
    if name not in allowed:
        raise UsageError(f"unknown {what} {name!r}; allowed: {', '.join(allowed)}")
