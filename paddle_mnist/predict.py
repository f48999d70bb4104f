"""python -m paddle_mnist.predict: read the digits in picture files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.command_line import Parser, prepare_for_run, run

if TYPE_CHECKING:
    from paddle_mnist.infer import Reading


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.predict",
        description="Read the digit in each picture with a run.",
    )
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture file")
    parser.add_argument(
        "--run", type=Path, default=Path("runs/cnn"), metavar="DIR", help="default: runs/cnn"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what was read into FILE")
    return parser


def predict(arguments: argparse.Namespace) -> None:
    """Run the command."""
    prepare_for_run(arguments.run)
    from paddle_mnist.infer import Recognizer
    from paddle_mnist.plots import plot_readings, save_figure

    recognizer = Recognizer.load(arguments.run)
    readings = [recognizer.read_picture(path) for path in arguments.pictures]
    if arguments.plot:
        images = [reading.image for reading in readings]
        digits = [reading.digit for reading in readings]
        rows = [reading.probabilities for reading in readings]
        save_figure(plot_readings(images, digits, rows), arguments.plot)
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
    }


def report(path: Path, reading: Reading) -> None:
    """Print a reading for people, with what the network saw."""
    from paddle_mnist.plots import draw_in_terminal

    print(draw_in_terminal(reading.image))
    if reading.probabilities is None:
        print(f"{path}: {reading.digit} (the neuron says {reading.value:.2f})")
        return
    others = sorted(enumerate(reading.probabilities), key=lambda pair: -pair[1])[1:3]
    text = ", ".join(f"{digit}: {probability:.1%}" for digit, probability in others)
    sure = reading.probabilities[reading.digit]
    print(f"{path}: {reading.digit} ({sure:.1%}; then {text})\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(predict, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
