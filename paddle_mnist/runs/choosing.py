"""Whose weights a command uses: those of a run that the user names, or those that ship."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from paddle_mnist.runs.shipped import SHIPPED, shipped_run
from paddle_mnist.system.command_line import Parser
from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.files import refuse_overwrite
from paddle_mnist.system.runtime import prepare


def add_run_options(parser: Parser) -> None:
    """Let the user say whose weights are used: a run of their own, or those that ship."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--run", type=Path, metavar="DIR", help="a run of yours, such as runs/cnn")
    choice.add_argument(
        "--stage",
        metavar="S",
        help=f"the weights of a stage that ship, one of: {', '.join(SHIPPED)} "
        f"(default: {SHIPPED[-1]})",
    )


def chosen_run(arguments: argparse.Namespace) -> Path:
    """The folder of the run to use; which one it is, is said where the user did not name it."""
    if arguments.run:
        return Path(arguments.run)
    stage = arguments.stage or SHIPPED[-1]
    folder = shipped_run(stage)
    print(f"weights: those of {stage} that ship; --run takes yours", file=sys.stderr)
    return folder


def prepare_for_run(folder: Path) -> None:
    """Set the process up, before Paddle is imported, for using a trained run."""
    from paddle_mnist.runs.folder import load_record

    threads = load_record(folder)["config"].get("threads")
    prepare(threads if isinstance(threads, int) else None)


def check_output_file(path: Path, ending: str) -> None:
    """Refuse to write a file where it could destroy a run, or something of another kind.

    Args:
        path: what the user wants written.
        ending: of files of its kind, such as ".onnx".

    Raises:
        UsageError: it is not a file's name, or lies in a run's folder, or something else is there.
    """
    from paddle_mnist.runs.folder import RECORD

    if os.path.exists(path.parent / RECORD):
        raise UsageError(f"{path.parent} holds a run; name a file outside of it to write")
    refuse_overwrite(
        path, lambda old: old.suffix.lower() == ending, f"a {ending} file", f"model{ending}"
    )
