"""python -m paddle_mnist.evaluate: measure a run on test images, or on a folder of pictures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.runs.choosing import add_run_options, chosen_run, prepare_for_run
from paddle_mnist.system.command_line import Parser, run
from paddle_mnist.system.errors import RunError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.data import Mnist
    from paddle_mnist.measure.measurement import Measurement
    from paddle_mnist.runs.recognizer import Recognizer


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
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--ablation",
        action="store_true",
        help="with --images: leave out one step of the preparation at a time, and measure",
    )
    instead.add_argument(
        "--calibration",
        action="store_true",
        help="is it right as often as it says? with a temperature fitted on validation images",
    )
    instead.add_argument(
        "--robustness",
        action="store_true",
        help="measure on test images with noise, rotated, shifted, with patches erased",
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="with --calibration or --robustness: draw it into FILE",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def evaluate(arguments: argparse.Namespace) -> None:
    """Run the command."""
    check(arguments)
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    if arguments.plot:
        from paddle_mnist.plots import check_plot_file

        check_plot_file(arguments.plot)
    from paddle_mnist.data import load_mnist
    from paddle_mnist.measure.measurement import measure_pictures, measure_test_images
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(folder)
    if arguments.images and recognizer.caution:
        print(f"note: {recognizer.caution}", file=sys.stderr)
    if arguments.ablation:
        report_ablation(recognizer, arguments)
        return
    if arguments.calibration:
        report_calibration(recognizer, arguments)
        return
    if arguments.robustness:
        report_robustness(recognizer, arguments)
        return
    if arguments.images:
        name, title = "confusion-pictures.png", f"{recognizer.stage}, pictures"
        measured = measure_pictures(recognizer, arguments.images)
    else:
        name, title = "confusion.png", f"{recognizer.stage}, test images"
        mnist = load_mnist(arguments.data, validation=0.0)
        print(mnist.source.message, file=sys.stderr)
        note_other_classes(recognizer, mnist)
        measured = measure_test_images(recognizer, mnist)
        if measured.note:
            print(f"note: {measured.note}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(measured.as_json(), indent=1))
    else:
        report(measured.as_json(), measured.matrix)
    if arguments.run:  # weights that ship belong to the package, which is no place for pictures
        draw(measured, title, arguments.run / name, quiet=arguments.json)


def check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: an option lacks the one that it belongs to, or has one that it excludes.
    """
    if arguments.ablation and not arguments.images:
        raise UsageError("--ablation needs --images, a folder of pictures to measure on")
    for name in ("calibration", "robustness"):
        if arguments.images and getattr(arguments, name):
            raise UsageError(f"--{name} is measured on a data set's test images; give no --images")
    if arguments.plot and not (arguments.calibration or arguments.robustness):
        raise UsageError("--plot needs --calibration or --robustness, which it draws")


def note_other_classes(recognizer: Recognizer, mnist: Mnist) -> None:
    """Say so where the run was trained on other classes than those that it is measured on."""
    trained_on, measured_on = recognizer.class_names, mnist.source.class_names
    if trained_on != measured_on:
        print(
            f"note: this run was trained on {', '.join(trained_on)}, but the test images are "
            f"{', '.join(measured_on)}: the figures below say little",
            file=sys.stderr,
        )


def draw(measured: Measurement, title: str, path: Path, quiet: bool) -> None:
    """Draw the confusion matrix; where that cannot be done, the figures have been printed."""
    from paddle_mnist.plots import plot_confusion, save_figure

    try:
        save_figure(plot_confusion(measured.matrix, title, measured.class_names), path)
    except RunError as error:
        print(f"note: {error}", file=sys.stderr)
        return
    if not quiet:
        print(f"\nthe confusion matrix is drawn in {path}")


def report_ablation(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print what each step of the preparation is worth, while it is measured."""
    from paddle_mnist.measure.ablation import ablate

    found = {}
    for name, measured in ablate(recognizer, arguments.images):
        result = found[name] = measured.as_json()
        if not arguments.json:
            sources = result.get("mean_of_sources")
            mean = "" if sources is None else f"  mean of sources {sources:.4f}"
            print(f"{name:36} accuracy {result['accuracy']:.4f}{mean}", flush=True)
    if arguments.json:
        print(json.dumps(found, indent=1))


def load_unseen(
    recognizer: Recognizer, arguments: argparse.Namespace, validation: float | None
) -> Mnist:
    """Load the data to measure on, and say what speaks against figures of them.

    Raises:
        UsageError: the run has seen the test images.
        DataError: the data cannot be used.
    """
    from paddle_mnist.data import load_mnist
    from paddle_mnist.measure.measurement import check_unseen

    mnist = load_mnist(arguments.data, validation=validation)
    print(mnist.source.message, file=sys.stderr)
    note_other_classes(recognizer, mnist)
    note = check_unseen(recognizer, mnist)
    if note:
        print(f"note: {note}", file=sys.stderr)
    return mnist


def report_calibration(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print how far probabilities can be trusted, with and without a temperature."""
    from paddle_mnist.measure.calibration import measure_calibration, validation_share
    from paddle_mnist.plots import plot_reliability, save_figure

    mnist = load_unseen(recognizer, arguments, validation_share(recognizer))
    result = measure_calibration(recognizer, mnist).as_json()
    names = {"before": "as it is", "after": "with the temperature"}
    found = {name: result[key] for key, name in names.items() if result[key]}
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        print(f"on {result['count']:,} test images: accuracy {result['accuracy']:.4f}")
        for name, trust in found.items():
            error = f"calibration error {trust['error']:.2%}"
            print(f"  {name:22}{error}, loss {trust['loss']:.5f}")
        if result["why_not"] is None:
            print(
                f"the temperature is {result['temperature']:.3f}, fitted on "
                f"{result['validation_count']:,} validation images; it changes no reading"
            )
        else:
            print(result["why_not"])
    if arguments.plot:
        curves = {name: trust["curve"] for name, trust in found.items()}
        title = f"{recognizer.stage}, {result['count']:,} test images"
        save_figure(plot_reliability(curves, title), arguments.plot)


def report_robustness(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print the accuracy under each disturbance, while it is measured."""
    from paddle_mnist.measure.robustness import (
        DISTURBANCES,
        SEED,
        measure_robustness,
        some_test_images,
    )
    from paddle_mnist.plots import plot_robustness, save_figure

    everything = load_unseen(recognizer, arguments, 0.0)
    mnist = some_test_images(everything)
    count, total = len(mnist.test), len(everything.test)
    which = f"{count:,} of {total:,} test images (seed {SEED})"
    if not arguments.json:
        print(f"accuracy on {which}; a report, choose nothing by it", flush=True)
    found: dict[str, dict[float, float]] = {}
    for name, strength, accuracy in measure_robustness(recognizer, mnist):
        if name not in found and not arguments.json:
            print(f"\n{name}, {DISTURBANCES[name].unit}")
        found.setdefault(name, {})[strength] = accuracy
        if not arguments.json:
            print(f"  {strength:4g}  {accuracy:.4f}", flush=True)
    if arguments.json:
        curves = {
            name: [{"strength": at, "accuracy": accuracy} for at, accuracy in curve.items()]
            for name, curve in found.items()
        }
        result = {"count": count, "total": total, "seed": SEED, "disturbances": curves}
        print(json.dumps(result, indent=1))
    if arguments.plot:
        units = {name: disturbance.unit for name, disturbance in DISTURBANCES.items()}
        figure = plot_robustness({recognizer.stage: found}, units, f"accuracy on {which}")
        save_figure(figure, arguments.plot)


def report(result: dict[str, Any], matrix: np.ndarray) -> None:
    """Print a result for people."""
    from paddle_mnist.core.metrics import most_confused

    loss = "" if result["loss"] is None else f", loss {result['loss']:.4f}"
    count = f"{result['correct']} of {result['count']}"
    print(f"accuracy {result['accuracy']:.4f} ({count}){loss}")
    print("\naccuracy by class")
    names = result["class_names"]
    width = max(map(len, names))
    for digit, accuracy in result["by_class"].items():
        print(f"  {names[int(digit)]:{width}}  {accuracy:.4f}")
    print("\nmost confused")
    for true, read, times in most_confused(matrix):
        print(f"  {names[true]} read as {names[read]}: {times} times")
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
