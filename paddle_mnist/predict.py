"""python -m paddle_mnist.predict: read the digits in picture files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.command_line import (
    USAGE_ERROR,
    Parser,
    add_run_options,
    chosen_run,
    prepare_for_run,
    run,
)
from paddle_mnist.errors import PictureError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.infer import Reading, Recognizer

    Readings = list[tuple[Path, Reading]]


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


def predict(arguments: argparse.Namespace) -> int:
    """Run the command."""
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    if arguments.plot:
        check_plot(arguments.plot, arguments.pictures)
    from paddle_mnist.infer import Recognizer

    readings = read_all(Recognizer.load(folder), arguments.pictures)
    if readings:
        show(readings, as_document=arguments.json)
        if arguments.plot:
            plot(readings, arguments.plot)
    return 0 if len(readings) == len(arguments.pictures) else USAGE_ERROR


def check_plot(path: Path, pictures: Sequence[Path]) -> None:
    """Refuse to draw over a picture that is to be read, or over anything else of the user's.

    Raises:
        UsageError: the file's name is one of the pictures, or `check_plot_file` refuses it.
    """
    from paddle_mnist.plots import check_plot_file

    if path.resolve() in [picture.resolve() for picture in pictures]:
        raise UsageError(f"--plot {path} is one of the pictures to read; name another file")
    check_plot_file(path)


def read_all(recognizer: Recognizer, paths: Sequence[Path]) -> Readings:
    """Read all pictures that can be read; of each other one, say on stderr why not."""
    readings = []
    for path in paths:
        try:
            readings.append((path, recognizer.read_picture(path)))
        except PictureError as error:
            print("error:", " ".join(str(error).splitlines()), file=sys.stderr)
    return readings


def show(readings: Readings, as_document: bool) -> None:
    """Print readings, for people or as one JSON document."""
    if as_document:
        print(json.dumps([as_json(path, reading) for path, reading in readings], indent=1))
        return
    for path, reading in readings:
        report(path, reading)


def plot(readings: Readings, path: Path) -> None:
    """Draw every step of the preparation of each picture."""
    from paddle_mnist.plots import plot_preparation, save_figure

    steps = [reading.steps for _path, reading in readings]
    titles = [f"{picture.name}\nread as {reading.digit}" for picture, reading in readings]
    save_figure(plot_preparation(steps, titles), path)


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
