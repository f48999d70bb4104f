"""python -m paddle_mnist.evaluate: measure a run on test images, or on a folder of pictures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.command_line import Parser, prepare_for_run, run
from paddle_mnist.errors import PictureError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.infer import Recognizer


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.evaluate",
        description="Measure a run on test images, or on a folder of labelled pictures.",
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/cnn"), metavar="DIR", help="default: runs/cnn"
    )
    parser.add_argument(
        "--data",
        default="auto",
        metavar="auto|sample|DIR",
        help="whose test images (default: auto, as for training)",
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="measure on pictures: a folder with labels.csv"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def evaluate(arguments: argparse.Namespace) -> None:
    """Run the command."""
    prepare_for_run(arguments.run)
    from paddle_mnist.infer import Recognizer

    recognizer = Recognizer.load(arguments.run)
    if arguments.images:
        result, matrix = on_pictures(recognizer, arguments.images)
    else:
        result, matrix = on_test_images(recognizer, arguments.data)
    from paddle_mnist.plots import plot_confusion, save_figure

    name = "confusion-pictures.png" if arguments.images else "confusion.png"
    title = f"{recognizer.stage}, {'pictures' if arguments.images else 'test images'}"
    save_figure(plot_confusion(matrix, title), arguments.run / name)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        report(result, matrix)
        print(f"the confusion matrix is drawn in {arguments.run / name}")


def on_test_images(recognizer: Recognizer, data: str) -> tuple[dict[str, Any], np.ndarray]:
    """Measure on a data set's test images.

    Args:
        recognizer: the run.
        data: as for `load_mnist`.

    Returns:
        What `--json` prints, and the confusion matrix [10, 10].

    Raises:
        UsageError: the run was trained on images of that test set.
        DataError: the data cannot be used.
    """
    from paddle_mnist.data import load_mnist
    from paddle_mnist.loop import evaluate as measure
    from paddle_mnist.losses import LOSSES
    from paddle_mnist.metrics import predicted_digits
    from paddle_mnist.stages import STAGES

    mnist = load_mnist(data, validation=0.0)
    print(mnist.source.message, file=sys.stderr)
    trained_on = recognizer.record["data"]
    if mnist.source.test_is_from_mnist_training and trained_on.get("is_mnist"):
        raise UsageError(
            "the sample's test images come from MNIST's training set, and this run was trained on "
            "it: it has seen them, so its accuracy there says nothing; give MNIST itself with "
            "--data, or a run that was trained with --data sample"
        )
    test = measure(recognizer.network, LOSSES[STAGES[recognizer.stage].loss], mnist.test)
    digits = predicted_digits(test.outputs)
    return _result(mnist.test.labels, digits, test.loss)


def on_pictures(recognizer: Recognizer, folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Measure on a folder of pictures; one in which no digit can be found counts as a mistake.

    Args:
        recognizer: the run.
        folder: has `labels.csv` with the columns file and label and, for the accuracy of each
            source, source_repo.

    Returns:
        What `--json` prints, and the confusion matrix [10, 10] of the pictures that were read.

    Raises:
        DataError: `labels.csv` is missing or damaged, or names a picture that is not there.
    """
    import numpy as np
    import paddle

    from paddle_mnist.data import read_labels_csv
    from paddle_mnist.images import load_image
    from paddle_mnist.losses import LOSSES
    from paddle_mnist.metrics import predicted_digits
    from paddle_mnist.stages import STAGES

    rows = read_labels_csv(folder)
    images, unreadable = np.zeros((len(rows), 28, 28), np.uint8), {}
    for index, row in enumerate(rows):
        try:
            images[index] = load_image(folder / row.file)[0]
        except PictureError as error:
            unreadable[index] = str(error)
    labels = np.array([row.label for row in rows])
    outputs = recognizer.outputs(images)
    digits = predicted_digits(outputs)
    readable = np.array([index not in unreadable for index in range(len(rows))])
    loss_function = LOSSES[STAGES[recognizer.stage].loss]
    loss = float(loss_function(paddle.to_tensor(outputs), paddle.to_tensor(labels)))
    result, matrix = _result(labels, np.where(readable, digits, -1), loss)
    if any(row.source for row in rows):
        sources = np.array([row.source for row in rows])
        right = readable & (digits == labels)
        result["by_source"] = {
            str(name): {
                "accuracy": float(right[sources == name].mean()),
                "count": int((sources == name).sum()),
            }
            for name in sorted(set(sources))
        }
        shares = [source["accuracy"] for source in result["by_source"].values()]
        result["mean_of_sources"] = float(np.mean(shares))
    if unreadable:
        result["unreadable"] = {rows[index].file: text for index, text in unreadable.items()}
    return result, matrix


def _result(
    labels: np.ndarray, digits: np.ndarray, loss: float
) -> tuple[dict[str, Any], np.ndarray]:
    from paddle_mnist.metrics import confusion_matrix

    read = digits >= 0
    right = digits == labels
    result = {
        "accuracy": float(right.mean()),
        "correct": int(right.sum()),
        "count": len(labels),
        "loss": loss,
        "by_class": {
            str(digit): float(right[labels == digit].mean()) for digit in sorted(set(labels))
        },
    }
    return result, confusion_matrix(labels[read], digits[read])


def report(result: dict[str, Any], matrix: np.ndarray) -> None:
    """Print a result for people."""
    from paddle_mnist.metrics import most_confused

    print(
        f"accuracy {result['accuracy']:.4f} ({result['correct']} of {result['count']}), "
        f"loss {result['loss']:.4f}"
    )
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
    for file, text in result.get("unreadable", {}).items():
        print(f"counted as a mistake: {file}: {text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(evaluate, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
