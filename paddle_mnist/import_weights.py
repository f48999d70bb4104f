"""python -m paddle_mnist.import_weights: a run from the `.pdparams` file of another course."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mnist.core.stages import STAGES, find_stage
from paddle_mnist.system.command_line import Parser, run
from paddle_mnist.system.errors import RunError

if TYPE_CHECKING:
    from paddle_mnist.runs.record import Record


def build_parser() -> Parser:
    """Build the parser of the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.import_weights",
        description="Make a run from weights that were saved with paddle.save. The file is read "
        "through a list of what is allowed; nothing else that it names is called.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.pdparams", help="the weights")
    parser.add_argument(
        "--stage", required=True, metavar="S", help=f"whose weights: {', '.join(STAGES)}"
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/S-imported)"
    )
    return parser


def import_weights(arguments: argparse.Namespace) -> None:
    """Run the command."""
    find_stage(arguments.stage)
    folder = arguments.out or Path("runs") / f"{arguments.stage}-imported"
    refuse_trained_run(folder)
    from paddle_mnist.formats.fitting import fit_to_stage
    from paddle_mnist.formats.pdparams import read_pdparams
    from paddle_mnist.runs.folder import save_run

    weights = read_pdparams(arguments.file)
    model = fit_to_stage(weights, arguments.stage)
    save_run(folder, _record_of(arguments.file, arguments.stage), model, None)
    if set(model) != set(weights):
        print("the file has other names than this course; order and shapes decided what is what")
    print(f"the run is in {folder}")
    print(
        "note: what these weights were trained on is not known; if that was MNIST, they have seen "
        "the sample's test images, and their accuracy there says nothing"
    )


def refuse_trained_run(folder: Path) -> None:
    """Raise RunError where the folder holds a run that was trained, or a damaged one."""
    from paddle_mnist.runs.folder import RECORD, load_record

    if (folder / RECORD).exists() and "imported" not in load_record(folder):
        raise RunError(
            f"{folder} holds a run that was trained; give -o another folder, or remove that one"
        )


def _record_of(file: Path, stage: str) -> Record:
    # Without what is not known of their training.
    import dataclasses

    import numpy as np
    import paddle

    from paddle_mnist.core.config import configure
    from paddle_mnist.runs.record import sha256
    from paddle_mnist.system.runtime import thread_count

    return {
        "stage": stage,
        "config": dataclasses.asdict(configure(stage, threads=thread_count())),
        "parameters": STAGES[stage].parameters,
        "data": {"kind": "unknown", "path": f"unknown: imported from {file.name}"},
        "history": [],
        "imported": {"file": file.name, "sha256": sha256(file.read_bytes())},
        "test": None,
        "versions": {"paddle": paddle.version.full_version, "numpy": np.__version__},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run(import_weights, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
