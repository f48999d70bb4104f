"""Going on with a training that was interrupted: only where an unbroken one would have ended there.

Knows nothing of loops; what is restored is given. Paddle is not imported, so that a command can
refuse before it settles the number of threads.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mnist.core.config import Config
from paddle_mnist.runs.folder import RECORD, Run, Tensors, load_record
from paddle_mnist.runs.record import Record
from paddle_mnist.runs.state import load_optimizer_state, load_weights, restore_random_state
from paddle_mnist.system.errors import RunError, UsageError

if TYPE_CHECKING:
    import paddle

    from paddle_mnist.core.loop import Row


def resume_run(
    run: Run,
    config: Config,
    fixed: Record,
    network: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    random: np.random.Generator,
) -> Tensors:
    """Put a training back to where its run ends.

    Args:
        run: what was saved.
        config: what the training shall go on with.
        fixed: the entries of `run.json` that stay the same, as they are now.
        network: new, of the run's stage; gets the last weights.
        optimizer: new, over its parameters.
        random: gets the state that it had.

    Returns:
        The weights to use so far, which need not be the last ones.

    Raises:
        RunError: the run is damaged, or was trained on other data.
        UsageError: no unbroken training with this configuration would have come here.
    """
    _check_same(run, config, fixed)
    weights = _restore(run, network, optimizer, random)
    _check_history(run, validated=fixed["data"]["validation"] > 0)
    by_batch = config.schedule == "one-cycle"
    _check_steps(run, math.ceil(fixed["data"]["train"] / config.batch_size) if by_batch else 1)
    return weights


def refuse_other_stage(folder: Path, stage: str) -> None:
    """Refuse to train where the run of another stage is.

    Raises:
        RunError: there is one.
    """
    if not (folder / RECORD).exists():
        return
    try:
        found = load_record(folder)["stage"]
    except RunError:  # damaged: resuming will say so, and a new training replaces it
        return
    if found != stage:
        raise RunError(
            f"{folder} holds a run of stage {found!r}, not {stage!r}; "
            "give --out another folder, or remove that one"
        )


def fingerprint_of(config: Config, fixed: Record, history: list[Row]) -> str:
    """SHA-256 of what all processes of a training must agree on; the data may lie elsewhere."""
    shared = {**dataclasses.asdict(config), "data": fixed["data"]["fingerprint"]}
    losses = [row["loss"] for row in history]
    return hashlib.sha256(json.dumps([shared, losses]).encode()).hexdigest()


def check_changes(run: Path, saved: Config, asked: dict[str, Any], done: int) -> None:
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


def _check_same(run: Run, config: Config, fixed: Record) -> None:
    record, saved, now = run.record, run.record["data"], fixed["data"]
    if saved.get("fingerprint") != now["fingerprint"]:
        name = "sample" if saved.get("kind") == "sample" else saved.get("path")
        raise RunError(
            f"the run in {run.folder} was trained on other data ({saved.get('path')}) than there "
            f"is now ({now['path']}); resume it with --data {name}, or train anew"
        )
    try:
        saved_config = Config(**record["config"])
    except TypeError as error:
        raise RunError(f"the run in {run.folder} is damaged: {error}; train again") from error
    check_changes(run.folder, saved_config, vars(config), len(record["history"]))
    # Older records have neither `processes` nor `processor`.
    before = {"processes": 1, "processor": fixed["processor"], **record}
    for name in ("threads", "processes", "device", "processor", "versions"):
        if before.get(name) != fixed[name]:
            print(
                f"note: {name} is {fixed[name]}, and was {before.get(name)!a:.200}: the result "
                "will be as good, but not equal to the last bit",
                flush=True,
            )


def _restore(
    run: Run,
    network: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    random: np.random.Generator,
) -> Tensors:
    model, state = run.model(), run.state()
    run.seen()  # refuses a damaged one
    parts: dict[str, Tensors] = {"network": {}, "optimizer": {}}
    for name, array in state.items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array
    try:
        load_weights(network, model)  # which may be used only after the last epoch
        load_weights(network, parts["network"])
        load_optimizer_state(optimizer, parts["optimizer"], run.record["schedule"])
        restore_random_state(random, run.record["random"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        # What Python, NumPy and Paddle say of a state that is none of theirs.
        raise RunError(
            f"the run in {run.folder} is damaged: {error!a:.200}; train again"
        ) from error
    return model


def _check_history(run: Run, validated: bool) -> None:
    needed = {"epoch", "loss", "accuracy", "learning_rate", "seconds"}
    needed |= {"validation_loss", "validation_accuracy"} if validated else set()
    for number, row in enumerate(run.record["history"], 1):
        if not needed <= set(row) or row["epoch"] != number:
            raise RunError(
                f"the run in {run.folder} is damaged: epoch {number} of its history is "
                "incomplete; train again"
            )


def _check_steps(run: Run, steps_an_epoch: int) -> None:
    epochs = len(run.record["history"])
    expected = steps_an_epoch * epochs
    found = run.record["schedule"].get("last_epoch", expected)  # of batches, where it goes by them
    if found != expected:
        raise RunError(
            f"the run in {run.folder} is damaged: its learning rate has taken {found} steps, "
            f"expected {expected} after {epochs} epochs; train again"
        )
