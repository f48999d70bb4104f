"""python -m paddle_mnist.evaluate: measure a run on test images, or on a folder of pictures."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mnist.runs.choosing import add_run_options, chosen_run, prepare_for_run
from paddle_mnist.system.command_line import Parser, run
from paddle_mnist.system.errors import RunError, UsageError

if TYPE_CHECKING:
    from paddle_mnist.data import Mnist
    from paddle_mnist.measure.measurement import Measurement
    from paddle_mnist.runs.recognizer import Recognizer


# What can be measured instead of the plain accuracy.
MODES = {
    "ablation": "with --images: leave out one step of the preparation at a time, and measure",
    "calibration": "is it right as often as it says? "
    "with a temperature fitted on validation images",
    "robustness": "measure on test images with noise, rotated, shifted, with patches erased",
}


def build_parser() -> Parser:
    """Describe the command's arguments."""
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
    for mode, purpose in MODES.items():
        instead.add_argument(
            f"--{mode}", dest="mode", action="store_const", const=mode, help=purpose
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
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(folder)
    if arguments.images and recognizer.caution:
        print(f"note: {recognizer.caution}", file=sys.stderr)
    mode = arguments.mode or ("pictures" if arguments.images else "test images")
    REPORTS[mode](recognizer, arguments)


def check(arguments: argparse.Namespace) -> None:
    """Refuse an option that lacks the one that it belongs to, or has one that it excludes."""
    mode, is_of_test_images = arguments.mode, arguments.mode in ("calibration", "robustness")
    if mode == "ablation" and not arguments.images:
        raise UsageError("--ablation needs --images, a folder of pictures to measure on")
    if is_of_test_images and arguments.images:
        raise UsageError(f"--{mode} is measured on a data set's test images; give no --images")
    if arguments.plot and not is_of_test_images:
        raise UsageError("--plot needs --calibration or --robustness, which it draws")


def report_test_images(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print how well the run reads a data set's test images."""
    from paddle_mnist.measure.measurement import measure_test_images

    measured = measure_test_images(recognizer, load_unseen(recognizer, arguments.data, 0.0))
    report(measured, arguments, f"{recognizer.stage}, test images", "confusion.png")


def report_pictures(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print how well the run reads a folder of pictures."""
    from paddle_mnist.measure.measurement import measure_pictures

    measured = measure_pictures(recognizer, arguments.images)
    report(measured, arguments, f"{recognizer.stage}, pictures", "confusion-pictures.png")


def load_unseen(recognizer: Recognizer, data: str, validation: float | None) -> Mnist:
    """Load data as `load_mnist`, and say what speaks against figures of its test images.

    Raises:
        UsageError: the run has seen the test images.
        DataError: the data cannot be used.
    """
    from paddle_mnist.data import load_mnist
    from paddle_mnist.measure.measurement import check_unseen

    mnist = load_mnist(data, validation=validation)
    print(mnist.source.message, file=sys.stderr)
    note_other_classes(recognizer, mnist)
    note = check_unseen(recognizer, mnist)
    if note:
        print(f"note: {note}", file=sys.stderr)
    return mnist


def note_other_classes(recognizer: Recognizer, mnist: Mnist) -> None:
    """Say so where the run was trained on other classes than those that it is measured on."""
    trained_on, measured_on = recognizer.class_names, mnist.source.class_names
    if trained_on != measured_on:
        print(
            f"note: this run was trained on {', '.join(trained_on)}, but the test images are "
            f"{', '.join(measured_on)}: the figures below say little",
            file=sys.stderr,
        )


def report(measured: Measurement, arguments: argparse.Namespace, title: str, name: str) -> None:
    """Print a measurement, and draw its confusion matrix into a file of the run's folder."""
    from paddle_mnist.plots import plot_confusion, save_figure

    if arguments.json:
        print(json.dumps(measured.as_json(), indent=1))
    else:
        print_measurement(measured)
    if not arguments.run:  # weights that ship belong to the package, where no pictures belong
        return
    path = arguments.run / name
    try:
        save_figure(plot_confusion(measured.matrix, title, measured.class_names), path)
    except RunError as error:  # the figures have been printed
        print(f"note: {error}", file=sys.stderr)
    else:
        if not arguments.json:
            print(f"\nthe confusion matrix is drawn in {path}")


def print_measurement(measured: Measurement) -> None:
    """Print a measurement for people."""
    from paddle_mnist.core.metrics import most_confused

    loss = "" if measured.loss is None else f", loss {measured.loss:.4f}"
    print(f"accuracy {measured.accuracy:.4f} ({measured.correct} of {measured.count}){loss}")
    print("\naccuracy by class")
    names = measured.class_names
    width = max(map(len, names))
    for digit, accuracy in measured.by_class.items():
        print(f"  {names[digit]:{width}}  {accuracy:.4f}")
    print("\nmost confused")
    for true, read, times in most_confused(measured.matrix):
        print(f"  {names[true]} read as {names[read]}: {times} times")
    if measured.sources:
        print("\naccuracy by source")
        for name, source in measured.by_source.items():
            print(f"  {source['accuracy']:.4f}  {source['count']:5}  {name}")
        print(f"  {measured.mean_of_sources:.4f}  mean of sources")
    if measured.coverage:
        print("\nwhen only readings of at least a probability are believed")
    for row in measured.coverage:
        of = "" if row["accuracy"] is None else f"accuracy {row['accuracy']:.4f} of "
        print(f"  {row['threshold']:.2f}  {of}{row['coverage']:.1%}")
    for file, text in measured.unreadable.items():
        print(f"counted as a mistake: {file}: {text}")


def report_ablation(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print what each step of the preparation is worth, while it is measured."""
    from paddle_mnist.measure.ablation import ablate

    found = {}
    for name, measured in ablate(recognizer, arguments.images):
        found[name] = measured.as_json()
        if not arguments.json:
            sources = measured.mean_of_sources
            mean = "" if sources is None else f"  mean of sources {sources:.4f}"
            print(f"{name:36} accuracy {measured.accuracy:.4f}{mean}", flush=True)
    if arguments.json:
        print(json.dumps(found, indent=1))


def report_calibration(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print how far probabilities can be relied on, with and without a temperature."""
    from paddle_mnist.measure.calibration import measure_calibration, validation_share
    from paddle_mnist.plots import plot_reliability, save_figure

    mnist = load_unseen(recognizer, arguments.data, validation_share(recognizer))
    found = measure_calibration(recognizer, mnist)
    reliabilities = {"as it is": found.before}
    if found.after:
        reliabilities["with the temperature"] = found.after
    if arguments.json:
        print(json.dumps(dataclasses.asdict(found), indent=1))
    else:
        print(f"on {found.count:,} test images: accuracy {found.accuracy:.4f}")
        for name, measured in reliabilities.items():
            print(f"  {name:22}calibration error {measured.error:.2%}, loss {measured.loss:.5f}")
        print(
            found.why_not
            or f"the temperature is {found.temperature:.3f}, fitted on "
            f"{found.validation_count:,} validation images; it changes no reading"
        )
    if arguments.plot:
        curves = {
            name: [vars(row) for row in measured.curve] for name, measured in reliabilities.items()
        }
        title = f"{recognizer.stage}, {found.count:,} test images"
        save_figure(plot_reliability(curves, title), arguments.plot)


def report_robustness(recognizer: Recognizer, arguments: argparse.Namespace) -> None:
    """Print the accuracy under each disturbance, while it is measured."""
    from paddle_mnist.measure import robustness
    from paddle_mnist.plots import plot_robustness, save_figure

    everything = load_unseen(recognizer, arguments.data, 0.0)
    mnist = robustness.some_test_images(everything)
    count, total, seed = len(mnist.test), len(everything.test), robustness.SEED
    units = {name: disturbance.unit for name, disturbance in robustness.DISTURBANCES.items()}
    found: dict[str, dict[float, float]] = {name: {} for name in units}
    which = f"{count:,} of {total:,} test images (seed {seed})"
    if not arguments.json:
        print(f"accuracy on {which}; a report, choose nothing by it", flush=True)
    for name, strength, accuracy in robustness.measure_robustness(recognizer, mnist):
        if not arguments.json:
            heading = "" if found[name] else f"\n{name}, {units[name]}\n"
            print(f"{heading}  {strength:4g}  {accuracy:.4f}", flush=True)
        found[name][strength] = accuracy
    if arguments.json:
        curves = {
            name: [{"strength": at, "accuracy": accuracy} for at, accuracy in curve.items()]
            for name, curve in found.items()
        }
        result = {"count": count, "total": total, "seed": seed, "disturbances": curves}
        print(json.dumps(result, indent=1))
    if arguments.plot:
        figure = plot_robustness({recognizer.stage: found}, units, f"accuracy on {which}")
        save_figure(figure, arguments.plot)


# What to do for each mode; the last two are meant where no option names another one.
REPORTS = {
    "ablation": report_ablation,
    "calibration": report_calibration,
    "robustness": report_robustness,
    "pictures": report_pictures,
    "test images": report_test_images,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command as a program; return the exit code."""
    return run(evaluate, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
