"""python -m paddle_mnist.predict: read the digits in picture files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.command_line import (
    Parser,
    add_run_options,
    chosen_run,
    prepare_for_run,
    run,
)

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.infer import Reading


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.predict",
        description="Read the digit in each picture.",
    )
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture file")
    add_run_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw every step into FILE")
    return parser


def predict(arguments: argparse.Namespace) -> None:
    """Run the command."""
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    from paddle_mnist.infer import Recognizer
    from paddle_mnist.plots import plot_preparation, save_figure

    recognizer = Recognizer.load(folder)
    readings = [recognizer.read_picture(path) for path in arguments.pictures]
    if arguments.plot:
        steps = [reading.steps for reading in readings]
        titles = [
            f"{path.name}\nread as {r.digit}" for path, r in zip(arguments.pictures, readings)
        ]
        save_figure(plot_preparation(steps, titles), arguments.plot)
    pairs = list(zip(arguments.pictures, readings))
    if arguments.json:
        print(json.dumps([as_json(path, reading) for path, reading in pairs], indent=1))
        return
    for path, reading in pairs:
        report(path, reading)


def as_json(path: Path, reading: Reading) -> dict[str, Any]:
    """A reading as JSON values; the linear stage has a value, all others probabilities."""
    probabilities = reading.probabilities
    return {
        "file": str(path),
        "digit": reading.digit,
        "probabilities": None if probabilities is None else [float(p) for p in probabilities],
        "value": reading.value,
        "doubt": reading.doubt,
    }


def report(path: Path, reading: Reading) -> None:
    """Print a reading for people, with what the network saw."""
    from paddle_mnist.infer import DOUBTS
    from paddle_mnist.plots import draw_in_terminal

    print(draw_in_terminal(reading.image))
    if reading.probabilities is None:
        print(f"{path}: {reading.digit} (the neuron says {reading.value:.2f})")
    else:
        print(f"{path}: {reading.digit} ({how_sure(reading.probabilities)})")
    if reading.doubt:
        print(f"  do not rely on it: {DOUBTS[reading.doubt]}")
    print()


def how_sure(probabilities: np.ndarray) -> str:
    """The probability of the digit that was read, and those of the next two."""
    first, *others = sorted(enumerate(probabilities), key=lambda pair: -pair[1])[:3]
    text = ", ".join(f"{digit}: {probability:.1%}" for digit, probability in others)
    return f"{first[1]:.1%}; then {text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(predict, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
