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
    """The command's arguments."""
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
    if arguments.plot:
        check_plot(arguments.plot, arguments.pictures)
    if arguments.kaggle:
        from paddle_mnist.data.kaggle import check_submission_file

        check_submission_file(arguments.out, arguments.kaggle)
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(folder)
    if arguments.kaggle:
        submit(recognizer, arguments.kaggle, arguments.out)
        return 0
    if recognizer.caution:
        print(f"note: {recognizer.caution}", file=sys.stderr)
    readings = read_all(recognizer, arguments.pictures)
    if readings:
        show(readings, recognizer.class_names, as_document=arguments.json)
        if arguments.plot:
            plot(readings, recognizer.class_names, arguments.plot)
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


def submit(recognizer: Recognizer, test_csv: Path, path: Path) -> None:
    """Read all images of Kaggle's test.csv, write the submission, and say what is in it.

    Raises:
        DataError: `test_csv` cannot be read, or is another file.
        UsageError: `path` cannot be written.
    """
    from paddle_mnist.core.metrics import predicted_digits
    from paddle_mnist.data.kaggle import read_unlabelled, write_submission

    images = read_unlabelled(test_csv)  # [N, 28, 28]
    doubt = doubt_of_score(recognizer, images)
    if doubt:
        print(f"note: {doubt}", file=sys.stderr)
    digits = predicted_digits(recognizer.outputs(images))  # [N]
    write_submission(path, digits)
    print(f"{len(digits):,} readings are in {path}")
    width = max(map(len, recognizer.class_names))
    for digit, name in enumerate(recognizer.class_names):
        print(f"  {name:{width}}  {(digits == digit).sum():6,}")


def doubt_of_score(recognizer: Recognizer, images: np.ndarray) -> str | None:
    """Why a submission's score would not be honest; None: the run has not seen the images.

    Kaggle mixed MNIST's 70,000 images before dividing them, so most of those in its test.csv are
    training images of MNIST. A run that was trained on Kaggle's own train.csv has seen none.
    """
    from paddle_mnist.runs.seen import are_no_test_images, count_seen, describe_seen

    if recognizer.seen is None:
        return "it is not known what this run was trained on; it may have seen these images"
    found = count_seen(images, recognizer.seen)
    if not are_no_test_images(found, len(images)):
        return None
    return (
        f"this run was {describe_seen(found, len(images))}, so the submission's score will not be "
        "honest; for one that is, train on Kaggle's train.csv: train --data FOLDER"
    )


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


def show(readings: Readings, names: Sequence[str], as_document: bool) -> None:
    """Print readings, for people or as one JSON document."""
    if as_document:
        print(json.dumps([as_json(path, reading, names) for path, reading in readings], indent=1))
        return
    for path, reading in readings:
        report(path, reading, names)


def plot(readings: Readings, names: Sequence[str], path: Path) -> None:
    """Draw every step of the preparation of each picture."""
    from paddle_mnist.plots import plot_preparation, save_figure

    steps = [reading.steps or {} for _path, reading in readings]
    titles = [f"{picture.name}\nread as {names[reading.digit]}" for picture, reading in readings]
    save_figure(plot_preparation(steps, titles), path)


def as_json(path: Path, reading: Reading, names: Sequence[str]) -> dict[str, Any]:
    """A reading as JSON values; the linear stage has a value, all others probabilities."""
    probabilities = reading.probabilities
    return {
        "file": str(path),
        "digit": reading.digit,
        "name": names[reading.digit],
        "probabilities": None if probabilities is None else [float(p) for p in probabilities],
        "value": reading.value,
        "doubt": reading.doubt,
    }


def report(path: Path, reading: Reading, names: Sequence[str]) -> None:
    """Print a reading for people, with what the network saw."""
    from paddle_mnist.plots import draw_in_terminal
    from paddle_mnist.runs.recognizer import DOUBTS

    print(draw_in_terminal(reading.image))
    name, file = names[reading.digit], printable(str(path))
    if reading.probabilities is None:
        print(f"{file}: {name} (the neuron says {reading.value:.2f})")
    else:
        print(f"{file}: {name} ({how_sure(reading.probabilities, names)})")
    if reading.doubt:
        print(f"  do not rely on it: {DOUBTS[reading.doubt]}")
    print()


def how_sure(probabilities: np.ndarray, names: Sequence[str]) -> str:
    """The probability of the class that was read, and those of the next two."""
    first, *others = sorted(enumerate(probabilities), key=lambda pair: -pair[1])[:3]
    text = ", ".join(f"{names[digit]}: {probability:.1%}" for digit, probability in others)
    return f"{first[1]:.1%}; then {text}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(predict, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
