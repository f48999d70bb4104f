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
    from paddle_mnist.runs.recognizer import Reading

    Readings = list[tuple[Path, Reading]]


def build_parser() -> Parser:
    """Describe the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.predict",
        description="Read the digit in each picture, or in each row of Kaggle's test.csv.",
    )
    parser.add_argument("pictures", nargs="*", type=Path, metavar="PICTURE", help="a picture file")
    add_run_options(parser)
    file: dict[str, Any] = {"type": Path, "metavar": "FILE"}
    parser.add_argument(
        "--kaggle", **file, help="instead of pictures: the test.csv of Kaggle's Digit Recognizer"
    )
    parser.add_argument(
        "-o", "--out", **file, help="with --kaggle: the submission to write, such as submission.csv"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", **file, help="draw every step into FILE")
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
    readings: Readings = []
    for path in arguments.pictures:
        try:
            readings.append((path, recognizer.read_picture(path)))
        except PictureError as error:  # the others are read all the same
            print("error:", printable(str(error)), file=sys.stderr)
    if not readings:
        return USAGE_ERROR
    if arguments.json:
        print(json.dumps([as_json(path, reading) for path, reading in readings], indent=1))
    else:
        report(readings)
    if arguments.plot:
        plot(readings, arguments.plot)
    return 0 if len(readings) == len(arguments.pictures) else USAGE_ERROR


def check_combination(arguments: argparse.Namespace) -> None:
    """Refuse what does not go together: pictures and Kaggle's file have options of their own."""
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
    """Refuse to draw over a picture that is to be read, or over anything else of the user's."""
    from paddle_mnist.plots import check_plot_file

    if path.resolve() in [picture.resolve() for picture in pictures]:
        raise UsageError(f"--plot {path} is one of the pictures to read; name another file")
    check_plot_file(path)


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
        "probabilities": None if probabilities is None else probabilities.tolist(),
        "value": reading.value,
        "doubt": reading.doubt,
    }


def report(readings: Readings) -> None:
    """Print readings for people, with what the network saw."""
    from paddle_mnist.plots import draw_in_terminal
    from paddle_mnist.runs.recognizer import DOUBTS

    for path, reading in readings:
        print(draw_in_terminal(reading.image))
        print(f"{printable(str(path))}: {reading.name} ({how_sure(reading)})")
        if reading.doubt:
            print(f"  do not rely on it: {DOUBTS[reading.doubt]}")
        print()


def how_sure(reading: Reading) -> str:
    """Say how probable the class is that was read, and the next two; or the neuron's number."""
    if reading.probabilities is None:
        return f"the neuron says {reading.value:.2f}"
    names, probabilities = reading.class_names, reading.probabilities
    first, *others = (-probabilities).argsort(kind="stable")[:3]
    then = ", ".join(f"{names[digit]}: {probabilities[digit]:.1%}" for digit in others)
    return f"{probabilities[first]:.1%}; then {then}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command as a program; return the exit code."""
    return run(predict, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
