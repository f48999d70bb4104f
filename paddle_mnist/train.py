"""python -m paddle_mnist.train: train a stage of the course, and save the run.

On several machines, the same command on each of them, with another --rank:

    GLOO_SOCKET_IFNAME=eth0 python -m paddle.distributed.launch --master HOST:PORT --nnodes 2 \
        --rank 0 --host OWN_ADDRESS --nproc_per_node 1 paddle_mnist/train.py --stage cnn
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional, get_type_hints

from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import AUGMENTATIONS, STAGES, build_network, find_stage
from paddle_mnist.parallel.launch import (
    LOST,
    ProcessEndedError,
    check_processes,
    is_watched,
    place_of_process,
    run_together,
)
from paddle_mnist.system.command_line import Parser, StoppedError, command_line, run
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.runtime import DEVICES, prepare

# The fields of Config that are options; what kind of value each takes, Config says.
_OPTIONS = {
    "stage": f"one of: {', '.join(STAGES)} (default: cnn)",
    "data": "where the digits come from; a folder has MNIST's IDX files or Kaggle's train.csv "
    "(default: auto, the first of PADDLE_MNIST_DATA, the cache, a download, the sample)",
    "epochs": "times through the images",
    "batch_size": "images a step",
    "learning_rate": "the size of the steps",
    "optimizer": f"one of: {', '.join(OPTIMIZERS)}",
    "schedule": f"how the learning rate changes, one of: {', '.join(SCHEDULES)}",
    "augment": f"how training images are changed at random, one of: {', '.join(AUGMENTATIONS)}",
    "label_smoothing": "spread this part of each label evenly over all classes",
    "validation": "hold out this part of the training images",
    "best_weights": "keep the weights of the best epoch on the images held out, not those of the "
    "last",
    "seed": "of all random numbers (default: 0)",
    "device": f"one of: {', '.join(DEVICES)}",
    "threads": "threads of a matrix product",
    "amp": "mixed precision: compute in 16 bits where that is safe (needs a GPU)",
}
_METAVARS: dict[Any, str] = {int: "N", float: "X", Optional[float]: "X"}


def build_parser() -> Parser:
    """The command's arguments; what is not given comes from the stage."""
    parser = Parser(
        prog="python -m paddle_mnist.train",
        description="Train a stage of the course, save the run, and measure it on the test images.",
    )
    kinds = get_type_hints(Config)
    for name, text in _OPTIONS.items():
        option, kind = f"--{name.replace('_', '-')}", kinds[name]
        if kind is bool:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        else:
            metavar = _METAVARS.get(kind, "auto|sample|DIR" if name == "data" else "NAME")
            kind = float if kind == Optional[float] else kind
            parser.add_argument(option, type=kind, metavar=metavar, help=text)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/STAGE)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on after the last finished epoch of the run"
    )
    parser.add_argument(
        "--visualdl",
        type=Path,
        metavar="DIR",
        help="write a board for VisualDL: curves, weights, mistakes on the images held out, the "
        "graph (needs visualdl)",
    )
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="train with N processes of this machine, each with its part of every batch "
        "(default: 1)",
    )
    parser.add_argument(
        "--summary", action="store_true", help="print the network's layers, and stop"
    )
    return parser


def train(arguments: argparse.Namespace, words: Sequence[str]) -> int | None:
    """Run the command, whose words are needed again for further processes."""
    options = {name: getattr(arguments, name) for name in _OPTIONS}
    stage = arguments.stage or "cnn"
    find_stage(stage)
    if arguments.summary:
        import paddle

        paddle.summary(build_network(stage), (1, 784))
        return None
    folder = arguments.out or Path("runs") / stage
    if options["data"] not in (None, "auto", "sample"):
        options["data"] = os.path.abspath(os.path.expanduser(options["data"]))
    if arguments.resume:
        from paddle_mnist.runs.resuming import resumed_config

        config = resumed_config(folder, options)
    else:
        config = configure(**{**options, "stage": stage})
    rank, count = place_of_process()
    processes = count if arguments.processes is None else arguments.processes
    check_processes(processes, config.batch_size)
    if processes != count > 1:
        raise UsageError(
            f"this is one of {count} processes already; leave --processes {processes} out"
        )
    before = _seal(folder)
    try:
        if processes == count:
            return _train_here(arguments, config, folder, rank)
        return run_together([sys.executable, "-m", "paddle_mnist.train", *words], processes)
    except (KeyboardInterrupt, ProcessEndedError) as end:
        what = "No epoch was finished yet, so nothing was saved."
        if arguments.resume or _seal(folder) != before:
            what = how_to_resume(config.stage, folder, arguments.visualdl, processes)
        if isinstance(end, KeyboardInterrupt):
            raise StoppedError(what) from None
        raise ProcessEndedError(f"{end}. {what}") from None


def _train_here(
    arguments: argparse.Namespace, config: Config, folder: Path, rank: int
) -> int | None:
    prepare(config.threads)
    # Only now, because importing Paddle takes seconds and settles the number of threads.
    from paddle_mnist.parallel.group import ProcessLostError
    from paddle_mnist.runs.folder import load_record
    from paddle_mnist.runs.training import run_training

    try:
        test = run_training(config, folder, resume=arguments.resume, visualdl=arguments.visualdl)
    except ProcessLostError:
        if is_watched():  # and the one that watches knows more
            return LOST
        raise
    if rank > 0:
        return None
    print(f"the run is in {folder}")
    print(
        f"test accuracy {test.accuracy:.4f} ({test.correct} of {test.count}), "
        f"loss {test.loss:.4f}, trained in {load_record(folder)['seconds']:.1f} s"
    )
    return None


def _seal(folder: Path) -> str | None:
    """What tells the saved states of a run apart; None: there is none to go on from."""
    from paddle_mnist.runs.folder import load_record

    try:
        seal: str = load_record(folder)["sha256"]
    except RunError:
        return None
    return seal


def how_to_resume(
    stage: str, folder: Path, visualdl: Path | None = None, processes: int = 1
) -> str:
    """What to tell somebody whose training ended after an epoch was saved."""
    options: dict[str, Any] = {"stage": stage, "out": folder, "resume": True}
    if visualdl:
        options["visualdl"] = visualdl
    if processes > 1:
        options["processes"] = processes
    return f"The last finished epoch is saved; go on with: {command_line('train', options)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return run(partial(train, words=words), build_parser(), words)


if __name__ == "__main__":
    sys.exit(main())
