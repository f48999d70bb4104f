"""A submission to Kaggle's Digit Recognizer: what a run reads in test.csv, and is it honest?"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.data.kaggle import check_submission_file, read_unlabelled, write_submission
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.seen import count_seen, describe_seen, more_than_by_chance


def submit(folder: Path, test_csv: Path, path: Path) -> None:
    """Read all images of Kaggle's test.csv, write the submission, and print what is in it.

    Raises:
        DataError: `test_csv` cannot be read, or is another file.
        RunError: there is no run in `folder`, or it is damaged.
        UsageError: `path` cannot be written, or holds anything but an earlier submission.
    """
    check_submission_file(path, test_csv)
    recognizer = Recognizer.load(folder)
    images = read_unlabelled(test_csv)  # [N, 28, 28]
    if doubt := _doubt_of_score(recognizer, images):
        print(f"note: {doubt}", file=sys.stderr)
    digits = predicted_digits(recognizer.outputs(images))  # [N]
    write_submission(path, digits)
    print(f"{len(digits):,} readings are in {path}")
    width = max(map(len, recognizer.class_names))
    for digit, name in enumerate(recognizer.class_names):
        print(f"  {name:{width}}  {(digits == digit).sum():6,}")


def _doubt_of_score(recognizer: Recognizer, images: np.ndarray) -> str | None:
    # Kaggle mixed MNIST's 70,000 images before dividing them, so most of those in its test.csv are
    # training images of MNIST. A run that was trained on Kaggle's own train.csv has seen none.
    if recognizer.seen is None:
        return "it is not known what this run was trained on; it may have seen these images"
    found = count_seen(images, recognizer.seen)
    if not more_than_by_chance(found, len(images)):
        return None
    return (
        f"this run was {describe_seen(found, len(images))}, so the submission's score will not be "
        "honest; for one that is, train on Kaggle's train.csv: train --data FOLDER"
    )
