"""One training from its configuration to a run's folder, new or resumed.

This is where the rooms come together: data, network, loss, optimiser, loop, checkpoint, pictures.
It reports by printing; it knows nothing of command-line arguments.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import paddle
from paddle.optimizer.lr import LRScheduler

from paddle_mnist.core.callbacks import (
    BestWeights,
    Callback,
    EarlyStopping,
    Progress,
    ProgressBar,
    Schedule,
    best_epoch,
)
from paddle_mnist.core.config import Config, check_changes
from paddle_mnist.core.loop import Evaluation, evaluate, fit, train_step
from paddle_mnist.core.losses import LOSSES, cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import STAGES, build_augmentation, build_network
from paddle_mnist.data import Mnist, load_mnist
from paddle_mnist.parallel.batch_norm import share_normalization
from paddle_mnist.parallel.group import OwnDropout, Workers, build_step, join
from paddle_mnist.parallel.launch import check_processes, place_of_process
from paddle_mnist.plots.board import Board, check_visualdl, how_to_watch
from paddle_mnist.runs import folder as checkpoint
from paddle_mnist.runs.reporting import finish, fixed_record, write_history
from paddle_mnist.runs.seen import are_no_test_images, count_seen, describe_seen, seen_images
from paddle_mnist.runs.state import (
    load_optimizer_state,
    load_weights,
    optimizer_state,
    random_state,
    restore_random_state,
    weights_of,
)
from paddle_mnist.system.errors import DataError, RunError
from paddle_mnist.system.runtime import (
    select_device,
    select_precision,
    set_seed,
)


class Checkpoint(Callback):
    """Saves the run after each epoch.

    Args:
        folder: the run's folder.
        fixed: entries of `run.json` that stay the same through the training.
        optimizer: its state is saved too.
        random: its state is saved too.
        best: where the best weights are; None: the last weights are the ones to use.
        seen: hashes of the images that are trained on or chosen with.
    """

    def __init__(
        self,
        folder: Path,
        fixed: checkpoint.Record,
        optimizer: paddle.optimizer.Optimizer,
        random: np.random.Generator,
        best: BestWeights | None,
        seen: checkpoint.Tensors,
    ) -> None:
        self.folder = folder
        self.fixed = fixed
        self.optimizer = optimizer
        self.random = random
        self.best = best
        self.seen = seen

    def on_epoch_end(self, progress: Progress) -> None:
        last = weights_of(progress.network)
        averages, schedule = optimizer_state(self.optimizer)
        state = {f"network/{name}": array for name, array in last.items()}
        state.update({f"optimizer/{name}": array for name, array in averages.items()})
        history = progress.history
        record = {
            **self.fixed,
            "history": history,
            "used_epoch": best_epoch(history) if self.best else history[-1]["epoch"],
            "seconds": sum(row["seconds"] for row in history),
            "random": random_state(self.random),
            "schedule": schedule,
            "test": None,
        }
        model = self.best.weights if self.best else last
        checkpoint.save_run(self.folder, record, model, state, self.seen)
        write_history(self.folder / "history.csv", history)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # Only one training at a time; and where none could begin, nothing is left of its folder.
    lock = filelock.FileLock(folder / ".lock", timeout=0)
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise RunError(
            f"another training is writing to {folder}; wait for its end, or give --out another one"
        ) from None
    except (FileExistsError, NotADirectoryError):
        raise RunError(
            f"{folder} cannot be a run's folder: a file is in the way; give --out another one"
        ) from None
    except OSError as error:
        raise RunError(f"the run cannot be saved in {folder}: {error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows takes an open file away only after the release
            Path(lock.lock_file).unlink()
        lock.release()
        with suppress(OSError):  # it is not empty: there is a run
            for path in made:
                path.rmdir()


def run_training(
    config: Config, folder: Path, *, resume: bool = False, visualdl: Path | None = None
) -> Evaluation:
    """Train a stage, save the run after each epoch, and measure it once on the test images.

    Where Paddle's variables say that this is one of several processes, they train together: each
    calls this, and the first one alone prints and writes.

    Args:
        config: what to train, and how.
        folder: the run's folder; a finished run of the same stage there is replaced after the
            first epoch.
        resume: go on from the last finished epoch of the run in `folder`.
        visualdl: write a board for VisualDL here, in a folder with the name of the run's; None: no
            board.

    Returns:
        The evaluation on the test images.

    Raises:
        UsageError: a board is asked for, and VisualDL is not installed; or, to resume, the run was
            started with another configuration.
        RunError: the folder holds a run of another stage, or cannot be written; or, to resume,
            there is none, it is damaged, or it was trained on other data.
        DataError: the data cannot be used, or its test images are among those to train on.
        TrainingError: the loss is no longer a number.
    """
    if visualdl:
        check_visualdl()
    rank, count = place_of_process()
    check_processes(count, config.batch_size)
    with _writing(folder) if rank == 0 else _silent(), paddle.utils.unique_name.guard():
        _refuse_other_stage(config, folder)
        device = select_device(config.device)
        precision = select_precision(config.amp, device)
        mnist = load_mnist(config.data, validation=config.validation)
        print(mnist.source.message, flush=True)
        workers = join(rank, count, device)
        return _train(config, folder, mnist, device, precision, resume, visualdl, workers)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    with _locked(folder):
        checkpoint.sweep(folder)
        yield


@contextmanager
def _silent() -> Iterator[None]:
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


def _refuse_other_stage(config: Config, folder: Path) -> None:
    if not (folder / checkpoint.RECORD).exists():
        return
    try:
        stage = checkpoint.load_record(folder)["stage"]
    except RunError:  # damaged: resuming will say so, and a new training replaces it
        return
    if stage != config.stage:
        raise RunError(
            f"{folder} holds a run of stage {stage!r}, not {config.stage!r}; "
            "give --out another folder, or remove that one"
        )


def _refuse_seen_test_images(mnist: Mnist, seen: checkpoint.Tensors) -> None:
    # Before hours of training, whose result would be a figure that says nothing.
    count = len(mnist.test)
    found = count_seen(mnist.test.images, seen)
    if not any(found.values()):
        return
    text = f"the network would be {describe_seen(found, count)} of {mnist.source.path}"
    if are_no_test_images(found, count):
        raise DataError(
            f"{text}: it would have seen them, so its accuracy there would say nothing; put other "
            "images into the files to test on"
        )
    print(f"note: {text}", flush=True)


def _train(
    config: Config,
    folder: Path,
    mnist: Mnist,
    device: str,
    precision: str,
    resume: bool,
    visualdl: Path | None,
    workers: Workers,
) -> Evaluation:
    seen = seen_images(mnist.train, mnist.validation)
    _refuse_seen_test_images(mnist, seen)
    random = set_seed(config.seed)
    network = build_network(config.stage)
    batches = math.ceil(len(mnist.train) / config.batch_size)
    schedule = build_schedule(config.schedule, config.learning_rate, config.epochs * batches)
    optimizer = build_optimizer(config.optimizer, schedule, network.parameters())
    fixed = fixed_record(config, mnist, device, workers.count)
    best = BestWeights() if config.best_weights else None
    history: list[dict[str, Any]] = []
    if resume:
        record = checkpoint.load_record(folder)
        _check_same(folder, record, fixed, config)
        weights = _restore(folder, record, network, optimizer, random)
        history = record["history"]
        best = BestWeights(weights) if config.best_weights else None
        _check_history(folder, record, bool(len(mnist.validation)))
        _check_steps(folder, record, batches if config.schedule == "one-cycle" else 1)
        print(f"going on after epoch {len(history)} of {config.epochs}", flush=True)
    workers.check_same("training", _fingerprint(config, fixed, history))
    step = train_step
    if workers.count > 1:
        share_normalization(network, workers)
    if workers.count > 1 or precision != "float32":
        step = build_step(workers, precision)
    loss_function = training_loss = LOSSES[STAGES[config.stage].loss]
    if config.label_smoothing:
        training_loss = partial(cross_entropy, smoothing=config.label_smoothing)
    board = None
    if visualdl and workers.is_first:
        name = folder.resolve().name
        board = Board(visualdl / name, mnist, optimizer, loss_function, config.batch_size)
        print(f"watch the training with: {how_to_watch(visualdl)}", flush=True)
    callbacks: list[Callback] = [board] if board else []
    callbacks += [Schedule(schedule)] if isinstance(schedule, LRScheduler) else []
    callbacks += [best] if best else []
    callbacks += [EarlyStopping(config.early_stopping)] if config.early_stopping else []
    callbacks += [OwnDropout(workers, config.seed)]
    if workers.is_first:
        callbacks += [ProgressBar(), Checkpoint(folder, fixed, optimizer, random, best, seen)]
    with board or nullcontext():
        progress = fit(
            network,
            training_loss,
            optimizer,
            mnist.train,
            mnist.validation,
            epochs=config.epochs,
            batch_size=config.batch_size,
            random=random,
            augment=build_augmentation(config.augment),
            validation_loss_function=loss_function,
            callbacks=callbacks,
            history=history,
            workers=workers,
            step=step,
        )
    if progress.stop_reason:
        print(f"stopped after epoch {len(progress.history)}: {progress.stop_reason}")
    if best:
        load_weights(network, best.weights)
        print(f"the weights of epoch {best_epoch(progress.history)} are used")
    test = evaluate(network, loss_function, mnist.test, workers=workers)
    if workers.is_first:
        finish(config, folder, mnist, test, progress.history)
    return test


def _fingerprint(config: Config, fixed: checkpoint.Record, history: list[dict[str, Any]]) -> str:
    """SHA-256 of what all processes of a training must agree on; the data may lie elsewhere."""
    shared = {**dataclasses.asdict(config), "data": fixed["data"]["fingerprint"]}
    losses = [row["loss"] for row in history]
    return hashlib.sha256(json.dumps([shared, losses]).encode()).hexdigest()


def _name_of(data: checkpoint.Record) -> str:
    return "sample" if data.get("kind") == "sample" else str(data.get("path"))


def _check_same(
    folder: Path, record: checkpoint.Record, fixed: checkpoint.Record, config: Config
) -> None:
    saved, now = record["data"], fixed["data"]
    if saved.get("fingerprint") != now["fingerprint"]:
        raise RunError(
            f"the run in {folder} was trained on other data ({saved.get('path')}) than there is "
            f"now ({now['path']}); resume it with --data {_name_of(saved)}, or train anew"
        )
    try:
        saved_config = Config(**record["config"])
    except TypeError as error:
        raise RunError(f"the run in {folder} is damaged: {error}; train again") from error
    check_changes(folder, saved_config, vars(config), len(record["history"]))
    # Older runs had no more processes, and did not tell their processor.
    before = {"processes": 1, "processor": fixed["processor"], **record}
    for name in ("threads", "processes", "device", "processor", "versions"):
        if before.get(name) != fixed[name]:
            print(
                f"note: {name} is {fixed[name]}, and was {before.get(name)!a:.200}: the result "
                "will be as good, but not equal to the last bit",
                flush=True,
            )


def _restore(
    folder: Path,
    record: checkpoint.Record,
    network: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    random: np.random.Generator,
) -> checkpoint.Tensors:
    model = checkpoint.load_tensors(folder, checkpoint.MODEL, record)
    state = checkpoint.load_tensors(folder, checkpoint.STATE, record)
    checkpoint.load_seen(folder, record)  # refuses a damaged one
    parts: dict[str, checkpoint.Tensors] = {"network": {}, "optimizer": {}}
    for name, array in state.items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array
    try:
        load_weights(network, model)  # which may be used only after the last epoch
        load_weights(network, parts["network"])
        load_optimizer_state(optimizer, parts["optimizer"], record["schedule"])
        restore_random_state(random, record["random"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RuntimeError) as error:
        # What Python, NumPy and Paddle say of a state that is none of theirs.
        raise RunError(f"the run in {folder} is damaged: {error!a:.200}; train again") from error
    return model


def _check_history(folder: Path, record: checkpoint.Record, validated: bool) -> None:
    needed = {"epoch", "loss", "accuracy", "learning_rate", "seconds"}
    needed |= {"validation_loss", "validation_accuracy"} if validated else set()
    for number, row in enumerate(record["history"], 1):
        if not needed <= set(row) or row["epoch"] != number:
            raise RunError(
                f"the run in {folder} is damaged: epoch {number} of its history is incomplete; "
                "train again"
            )


def _check_steps(folder: Path, record: checkpoint.Record, steps_an_epoch: int) -> None:
    expected = steps_an_epoch * len(record["history"])
    found = record["schedule"].get("last_epoch", expected)  # of batches, where it goes by them
    if found != expected:
        raise RunError(
            f"the run in {folder} is damaged: its learning rate has taken {found} steps, expected "
            f"{expected} after {len(record['history'])} epochs; train again"
        )
