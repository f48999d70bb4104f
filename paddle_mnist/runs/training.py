"""One training from its configuration to a run's folder, new or resumed.

This is where the rooms come together: data, network, loss, optimiser, loop, folder, pictures. It
reports by printing; it knows nothing of command-line arguments.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import paddle
from paddle import nn
from paddle.optimizer.lr import LRScheduler

from paddle_mnist.core.augmentation import build_augmentation
from paddle_mnist.core.callbacks import (
    BestWeights,
    EarlyStopping,
    LearningRate,
    Validate,
    best_epoch,
)
from paddle_mnist.core.config import Config
from paddle_mnist.core.loop import (
    Batches,
    Callback,
    Evaluation,
    Progress,
    Row,
    Step,
    evaluate,
    fit,
    train_step,
)
from paddle_mnist.core.losses import LOSSES, LossFunction, cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import Mnist, load_mnist
from paddle_mnist.parallel.batch_norm import share_normalization
from paddle_mnist.parallel.group import Group, OwnDropout, join
from paddle_mnist.parallel.launch import check_processes, place_of_process
from paddle_mnist.parallel.step import parallel_step
from paddle_mnist.plots.board import Board, check_visualdl, how_to_watch
from paddle_mnist.plots.progress_bar import ProgressBar
from paddle_mnist.runs.folder import Run, Tensors, locked, save_run
from paddle_mnist.runs.record import Record
from paddle_mnist.runs.reporting import fixed_record, report, write_history
from paddle_mnist.runs.resuming import (
    check_history,
    check_same,
    fingerprint_of,
    refuse_other_stage,
)
from paddle_mnist.runs.seen import refuse_seen_test_images, seen_images
from paddle_mnist.runs.state import load_weights, restore, training_state, weights_of
from paddle_mnist.system.runtime import select_device, select_precision, set_seed


@dataclass(eq=False)
class Training:
    """Everything that one training is made of."""

    config: Config
    folder: Path  # of the run
    mnist: Mnist
    group: Group  # this process among those that train together
    precision: str  # the type of number to train in, see `runtime.select_precision`
    fixed: Record  # entries of `run.json` that stay the same through the training
    seen: Tensors  # hashes of the images that are trained on or chosen with
    random: np.random.Generator  # for the order of the images, and the augmentation
    network: nn.Layer
    optimizer: paddle.optimizer.Optimizer
    schedule: LRScheduler | float  # of the learning rate; a number where that stays
    best: BestWeights | None  # None: the last weights are the ones to use
    history: list[Row] = field(default_factory=list)  # of the epochs that are done

    @property
    def loss_function(self) -> LossFunction:
        """What is measured on images that are not learned from."""
        return LOSSES[STAGES[self.config.stage].loss]


class Checkpoint(Callback):
    """Saves the run after each epoch."""

    def __init__(self, training: Training) -> None:
        self.training = training

    def on_epoch_end(self, progress: Progress) -> None:
        training, history = self.training, progress.history
        state, moment = training_state(training.network, training.optimizer, training.random)
        record = {
            **training.fixed,
            "history": history,
            "used_epoch": best_epoch(history) if training.best else history[-1]["epoch"],
            "seconds": sum(row["seconds"] for row in history),
            **moment,
            "test": None,
        }
        model = training.best.weights if training.best else weights_of(training.network)
        save_run(training.folder, record, model, state, training.seen)
        write_history(training.folder / "history.csv", history)


def run_training(
    config: Config, folder: Path, *, resume: bool = False, visualdl: Path | None = None
) -> Evaluation:
    """Train a stage, save the run after each epoch, and measure it once on the test images.

    Where Paddle's variables say that this is one of several processes, they train together: each
    calls this, and the first one alone prints and writes.

    Args:
        config: what to train, and how.
        folder: of the run; a finished one of the same stage is replaced after the first epoch.
        resume: go on from the last finished epoch of the run in `folder`.
        visualdl: where to write a board for VisualDL, in a folder with the name of the run's.

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
    rank, members = place_of_process()
    check_processes(members, config.batch_size)
    # The others check the same and say the same, which nobody wants to read twice.
    quiet = redirect_stdout(io.StringIO()) if rank else nullcontext()
    lock = nullcontext() if rank else locked(folder)
    with quiet, paddle.utils.unique_name.guard():
        refuse_other_stage(folder, config.stage)  # and again where nobody else can write it
        training = _build(config, folder, rank, members)
        with lock:
            return _train(training, resume, visualdl)


def _train(training: Training, resume: bool, visualdl: Path | None) -> Evaluation:
    refuse_other_stage(training.folder, training.config.stage)
    if resume:
        _go_on(training)
    fingerprint = fingerprint_of(training.config, training.fixed, training.history)
    training.group.check_same("training", fingerprint)
    board = _board(training, visualdl) if visualdl and training.group.is_first else None
    config, augment = training.config, build_augmentation(training.config.augment)
    batches = Batches(training.mnist.train, config.batch_size, training.random, augment)
    callbacks = [*_callbacks(training, board)]
    with board or nullcontext():
        progress = fit(
            _step(training), batches, config.epochs, callbacks=callbacks, history=training.history
        )
    return _finish(training, progress)


def _build(config: Config, folder: Path, rank: int, members: int) -> Training:
    device = select_device(config.device)
    precision = select_precision(config.amp, device)
    mnist = load_mnist(config.data, validation=config.validation)
    print(mnist.source.message, flush=True)
    group = join(rank, members, device)
    seen = seen_images(mnist.train, mnist.validation)
    refuse_seen_test_images(mnist, seen)
    random = set_seed(config.seed)
    network = build_network(config.stage)
    steps = config.epochs * math.ceil(len(mnist.train) / config.batch_size)
    schedule = build_schedule(config.schedule, config.learning_rate, steps)
    return Training(
        config=config,
        folder=folder,
        mnist=mnist,
        group=group,
        precision=precision,
        fixed=fixed_record(config, mnist, device, members),
        seen=seen,
        random=random,
        network=network,
        optimizer=build_optimizer(config.optimizer, schedule, network.parameters()),
        schedule=schedule,
        best=BestWeights(network) if config.best_weights else None,
    )


def _go_on(training: Training) -> None:
    run = Run.load(training.folder)
    check_same(run, training.config, training.fixed)
    weights = restore(run, training.network, training.optimizer, training.random)
    check_history(run, training.config, training.fixed)
    if training.best:
        training.best = BestWeights(training.network, weights)
    training.history = run.record["history"]
    print(f"going on after epoch {len(training.history)} of {training.config.epochs}", flush=True)


def _board(training: Training, visualdl: Path) -> Board:
    print(f"watch the training with: {how_to_watch(visualdl)}", flush=True)
    return Board(
        visualdl / training.folder.resolve().name,
        training.mnist,
        training.network,
        training.optimizer,
        training.loss_function,
        training.config.batch_size,
    )


def _step(training: Training) -> Step:
    config, network, group = training.config, training.network, training.group
    loss_function = training.loss_function
    if config.label_smoothing:
        loss_function = partial(cross_entropy, smoothing=config.label_smoothing)
    if group.members > 1:
        share_normalization(network, group)
    if group.members > 1 or training.precision != "float32":
        return parallel_step(network, loss_function, training.optimizer, group, training.precision)
    return partial(train_step, network, loss_function, training.optimizer)


def _callbacks(training: Training, board: Board | None) -> Iterator[Callback]:
    config, validation = training.config, training.mnist.validation
    if len(validation):
        yield Validate(training.network, training.loss_function, validation)
    if board:
        yield board  # before the rate moves, so that it sees the one that was used
    yield LearningRate(training.optimizer, training.schedule)
    if training.best:
        yield training.best
    if config.early_stopping:
        yield EarlyStopping(config.early_stopping)
    yield OwnDropout(training.group, config.seed)
    if training.group.is_first:
        yield ProgressBar()
        yield Checkpoint(training)


def _finish(training: Training, progress: Progress) -> Evaluation:
    if progress.stop_reason:
        print(f"stopped after epoch {len(progress.history)}: {progress.stop_reason}")
    if training.best:
        load_weights(training.network, training.best.weights)
        print(f"the weights of epoch {best_epoch(progress.history)} are used")
    test = evaluate(training.network, training.loss_function, training.mnist.test)
    if training.group.is_first:
        report(training.config.stage, training.folder, training.mnist, test, progress.history)
    return test
