"""python -m paddle_mnist.predict: read the digits in picture files, or in Kaggle's test.csv."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.runs.choosing import add_run_options, chosen_run, prepare_for_run
from paddle_mnist.system.command_line import USAGE_ERROR, Parser, printable, run
from paddle_mnist.system.errors import PictureError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.runs.recognizer import Reading, Recognizer

    Readings = list[tuple[Path, Reading]]


def build_parser() -> Parser:
    """Describe the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.predict",
        description="Read the digit in each picture, or in each row of Kaggle's test.csv.",
    )
    parser.add_argument("pictures", nargs="*", type=Path, metavar="PICTURE", help="a picture file")
    add_run_options(parser)
    parser.add_argument(
        "--kaggle",
        type=Path,
        metavar="FILE",
        help="instead of pictures: the test.csv of Kaggle's Digit Recognizer",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="with --kaggle: the submission to write, such as submission.csv",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw every step into FILE")
    return parser


def predict(arguments: argparse.Namespace) -> int:
    """Run the command."""
    check_combination(arguments)
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    if arguments.kaggle:
        from paddle_mnist.runs.submission import submit

        submit(folder, arguments.kaggle, arguments.out)
        return 0
    if arguments.plot:
        check_plot(arguments.plot, arguments.pictures)
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(folder)
    if recognizer.caution:
        print(f"note: {recognizer.caution}", file=sys.stderr)
    readings = read_all(recognizer, arguments.pictures)
    if readings:
        show(readings, as_document=arguments.json)
        if arguments.plot:
            plot(readings, arguments.plot)
    return 0 if len(readings) == len(arguments.pictures) else USAGE_ERROR


def check_combination(arguments: argparse.Namespace) -> None:
    """Refuse what does not go together: pictures and Kaggle's file have options of their own.

    Raises:
        UsageError: an argument is missing, or one too many.
    """
    if not arguments.pictures and not arguments.kaggle:
        raise UsageError("the following arguments are required: PICTURE, or --kaggle FILE")
    if arguments.pictures and arguments.kaggle:
        raise UsageError("--kaggle and PICTURE exclude each other; give one of them")
    if arguments.kaggle and not arguments.out:
        raise UsageError("--kaggle needs -o, the file to write, such as -o submission.csv")
    if arguments.kaggle and (arguments.json or arguments.plot):
        raise UsageError("--json and --plot are for pictures; leave them out with --kaggle")
    if arguments.out and not arguments.kaggle:
        raise UsageError("-o is for --kaggle; to draw what was read in pictures, use --plot FILE")


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
            print("error:", printable(str(error)), file=sys.stderr)
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

    steps = [reading.steps or {} for _path, reading in readings]
    titles = [f"{picture.name}\nread as {reading.name}" for picture, reading in readings]
    save_figure(plot_preparation(steps, titles), path)


def as_json(path: Path, reading: Reading) -> dict[str, Any]:
    """Turn a reading into JSON values; the linear stage has a value, all others probabilities."""
    probabilities = reading.probabilities
    return {
        "file": str(path),
        "digit": reading.digit,
        "name": reading.name,
        "probabilities": None if probabilities is None else [float(p) for p in probabilities],
        "value": reading.value,
        "doubt": reading.doubt,
    }


def report(path: Path, reading: Reading) -> None:
    """Print a reading for people, with what the network saw."""
    from paddle_mnist.plots import draw_in_terminal
    from paddle_mnist.runs.recognizer import DOUBTS

    print(draw_in_terminal(reading.image))
    file = printable(str(path))
    if reading.probabilities is None:
        print(f"{file}: {reading.name} (the neuron says {reading.value:.2f})")
    else:
        print(f"{file}: {reading.name} ({how_sure(reading, reading.probabilities)})")
    if reading.doubt:
        print(f"  do not rely on it: {DOUBTS[reading.doubt]}")
    print()


def how_sure(reading: Reading, probabilities: np.ndarray) -> str:
    """Say how probable the class is that was read, and how probable the next two are."""
    first, *others = sorted(enumerate(probabilities), key=lambda pair: -pair[1])[:3]
    names = reading.class_names
    text = ", ".join(f"{names[digit]}: {probability:.1%}" for digit, probability in others)
    return f"{first[1]:.1%}; then {text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command as a program; return the exit code."""
    return run(predict, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
