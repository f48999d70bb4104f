"""Going on with a training that was interrupted: only where an unbroken one would have ended there.

Paddle is not imported, so that a command can refuse before it settles the number of threads.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path
from typing import Any

from paddle_mnist.core.config import Config, check
from paddle_mnist.runs.folder import Run, load_record
from paddle_mnist.runs.record import Record
from paddle_mnist.system.errors import RunError, UsageError


def resumed_config(folder: Path, changes: dict[str, Any]) -> Config:
    """The configuration to go on with: the saved one, with what may be changed.

    Args:
        folder: the run.
        changes: fields of `Config` that were asked for; None: not asked for.

    Raises:
        RunError: there is no run, or it is damaged.
        UsageError: something else was asked for than the run was started with.
    """
    record = load_record(folder)
    if "imported" in record or "shipped" in record:
        raise RunError(
            f"the run in {folder} holds weights only, so there is nothing to go on from; "
            "train anew with --out another folder"
        )
    asked = {name: value for name, value in changes.items() if value is not None}
    return _changed(folder, record, asked)


def _changed(folder: Path, record: Record, asked: dict[str, Any]) -> Config:
    # Only `epochs` (where the learning rate does not depend on it), `threads` and `device` may be
    # others than at the start, and the place of the data, whose images are compared elsewhere.
    try:
        saved = Config(**record["config"])
        check(saved)
    except (TypeError, UsageError) as error:
        raise RunError(f"the run in {folder} is damaged: {error}; train again") from error
    for name, value in asked.items():
        before = getattr(saved, name)
        free = name in ("data", "threads", "device") or (
            name == "epochs" and saved.schedule != "one-cycle"
        )
        if value != before and not free:
            planned = " (its learning rate follows a plan for them)" if name == "epochs" else ""
            raise UsageError(
                f"the run in {folder} was started with {name.replace('_', ' ')} {before}{planned}, "
                f"and cannot go on with {value}; leave that option out, or train anew without "
                "--resume"
            )
    config, done = dataclasses.replace(saved, **asked), len(record["history"])
    if config.epochs < done:
        raise UsageError(f"the run in {folder} has {done} epochs already")
    return config


def refuse_other_stage(folder: Path, stage: str) -> None:
    """Refuse, with a RunError, to train where the run of another stage is."""
    try:
        found = load_record(folder)["stage"]
    except RunError:  # none, or damaged: resuming will say so, and a new training replaces it
        return
    if found != stage:
        raise RunError(
            f"{folder} holds a run of stage {found!r}, not {stage!r}; "
            "give --out another folder, or remove that one"
        )


def fingerprint_of(config: Config, fixed: Record, history: list[dict[str, Any]]) -> str:
    """SHA-256 of what all processes of a training must agree on; the data may lie elsewhere."""
    shared = {**dataclasses.asdict(config), "data": fixed["data"]["fingerprint"]}
    losses = [row["loss"] for row in history]
    return hashlib.sha256(json.dumps([shared, losses]).encode()).hexdigest()


def check_same(run: Run, config: Config, fixed: Record) -> None:
    """Refuse to go on with other data or options, and say what else is not as it was.

    Args:
        run: what was saved.
        config: what the training shall go on with.
        fixed: the entries of `run.json` that stay the same, as they are now.

    Raises:
        RunError: the run is damaged, or was trained on other data.
        UsageError: no unbroken training with this configuration would have come here.
    """
    record, saved, now = run.record, run.record["data"], fixed["data"]
    if saved.get("fingerprint") != now["fingerprint"]:
        name = "sample" if saved.get("kind") == "sample" else saved.get("path")
        raise RunError(
            f"the run in {run.folder} was trained on other data ({saved.get('path')}) than there "
            f"is now ({now['path']}); resume it with --data {name}, or train anew"
        )
    _changed(run.folder, record, vars(config))
    # Older records have neither `processes` nor `processor`.
    before = {"processes": 1, "processor": fixed["processor"], **record}
    for name in ("threads", "processes", "device", "processor", "versions"):
        if before.get(name) != fixed[name]:
            print(
                f"note: {name} is {fixed[name]}, and was {before.get(name)!a:.200}: the result "
                "will be as good, but not equal to the last bit",
                flush=True,
            )


def check_history(run: Run, config: Config, fixed: Record) -> None:
    """Refuse, with a RunError, a history that lacks something, or that does not fit the schedule.

    Args:
        run: whose state was restored, so that it is known to have one.
        config: as for `check_same`.
        fixed: as for `check_same`.
    """
    history = run.record["history"]
    needed = {"epoch", "loss", "accuracy", "learning_rate", "seconds"}
    if fixed["data"]["validation"]:
        needed |= {"validation_loss", "validation_accuracy"}
    for number, row in enumerate(history, 1):
        if not needed <= set(row) or row["epoch"] != number:
            raise RunError(
                f"the run in {run.folder} is damaged: epoch {number} of its history is "
                "incomplete; train again"
            )
    by_batch = config.schedule == "one-cycle"
    steps = math.ceil(fixed["data"]["train"] / config.batch_size) if by_batch else 1  # an epoch
    expected = steps * len(history)
    found = run.record["schedule"].get("last_epoch", expected)  # of batches, where it goes by them
    if found != expected:
        raise RunError(
            f"the run in {run.folder} is damaged: its learning rate has taken {found} steps, "
            f"expected {expected} after {len(history)} epochs; train again"
        )
