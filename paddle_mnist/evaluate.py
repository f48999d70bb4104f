"""python -m paddle_mnist.evaluate: measure a run on test images, or on a folder of pictures."""

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
from paddle_mnist.errors import RunError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.infer import Recognizer


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.evaluate",
        description="Measure a run on test images, or on a folder of labelled pictures.",
    )
    add_run_options(parser)
    parser.add_argument(
        "--data",
        default="auto",
        metavar="auto|sample|DIR",
        help="whose test images (default: auto, as for training)",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="measure on pictures: a folder with labels.csv, or an .npz with images and labels",
    )
    parser.add_argument(
        "--ablation",
        action="store_true",
        help="with --images: leave out one step of the preparation at a time, and measure",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def evaluate(arguments: argparse.Namespace) -> None:
    """Run the command."""
    if arguments.ablation and not arguments.images:
        raise UsageError("--ablation needs --images, a folder of pictures to measure on")
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    from paddle_mnist.data import load_mnist
    from paddle_mnist.infer import Recognizer
    from paddle_mnist.measurement import measure_pictures, measure_test_images

    recognizer = Recognizer.load(folder)
    if arguments.ablation:
        report_ablation(recognizer, arguments)
        return
    if arguments.images:
        name, title = "confusion-pictures.png", f"{recognizer.stage}, pictures"
        measured = measure_pictures(recognizer, arguments.images)
    else:
        name, title = "confusion.png", f"{recognizer.stage}, test images"
        mnist = load_mnist(arguments.data, validation=0.0)
        print(mnist.source.message, file=sys.stderr)
        measured = measure_test_images(recognizer, mnist)
    matrix = measured.matrix
    if arguments.json:
        print(json.dumps(measured.as_json(), indent=1))
    else:
        report(measured.as_json(), matrix)
    if arguments.run:  # weights that ship belong to the package, which is no place for pictures
        draw(matrix, title, arguments.run / name, quiet=arguments.json)


def draw(matrix: np.ndarray, title: str, path: Path, quiet: bool) -> None:
    """Draw the confusion matrix; where that cannot be done, the figures have been printed."""
    from paddle_mnist.plots import plot_confusion, save_figure

    try:
        save_figure(plot_confusion(matrix, title), path)
    except RunError as error:
        print(f"note: {error}", file=sys.stderr)
        return
    if not quiet:
        print(f"\nthe confusion matrix is drawn in {path}")


def report_ablation(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print what each step of the preparation is worth, while it is measured."""
    from paddle_mnist.ablation import ablate

    found = {}
    for name, measured in ablate(recognizer, arguments.images):
        result = found[name] = measured.as_json()
        if not arguments.json:
            sources = result.get("mean_of_sources")
            mean = "" if sources is None else f"  mean of sources {sources:.4f}"
            print(f"{name:36} accuracy {result['accuracy']:.4f}{mean}", flush=True)
    if arguments.json:
        print(json.dumps(found, indent=1))


def report(result: dict[str, Any], matrix: np.ndarray) -> None:
    """Print a result for people."""
    from paddle_mnist.metrics import most_confused

    loss = "" if result["loss"] is None else f", loss {result['loss']:.4f}"
    count = f"{result['correct']} of {result['count']}"
    print(f"accuracy {result['accuracy']:.4f} ({count}){loss}")
    print("\naccuracy by class")
    for digit, accuracy in result["by_class"].items():
        print(f"  {digit}  {accuracy:.4f}")
    print("\nmost confused")
    for true, read, count in most_confused(matrix):
        print(f"  {true} read as {read}: {count} times")
    if "by_source" in result:
        print("\naccuracy by source")
        for name, source in result["by_source"].items():
            print(f"  {source['accuracy']:.4f}  {source['count']:5}  {name}")
        print(f"  {result['mean_of_sources']:.4f}  mean of sources")
    if "coverage" in result:
        print("\nwhen only readings of at least a probability are believed")
        for row in result["coverage"]:
            accuracy = "" if row["accuracy"] is None else f"accuracy {row['accuracy']:.4f} of "
            print(f"  {row['threshold']:.2f}  {accuracy}{row['coverage']:.1%}")
    for file, text in result.get("unreadable", {}).items():
        print(f"counted as a mistake: {file}: {text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(evaluate, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
