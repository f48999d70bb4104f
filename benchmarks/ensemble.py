"""What several networks read together, and from several views of each test image.

    python benchmarks/ensemble.py runs/ladder/best/seed-*

The probabilities of all networks and views are averaged. A view is the image as it is, or moved by
one pixel to one of four sides. Nothing is chosen here: it is a report on the test images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddle_mnist.system.runtime import prepare

prepare()

import numpy as np

from paddle_mnist.core.loop import evaluate
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.metrics import softmax
from paddle_mnist.data import Split, load_mnist
from paddle_mnist.measure.measurement import check_unseen
from paddle_mnist.runs.recognizer import Recognizer

VIEWS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))  # rows down, columns to the right


def moved(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Images [N, 28, 28] moved by at most one pixel; black moves in."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # [N, 30, 30]
    return padded[:, 1 - rows : 29 - rows, 1 - columns : 29 - columns]


def probabilities(recognizer: Recognizer, test: Split) -> np.ndarray:
    """Of each view, [views, N, 10]."""
    views = [Split(moved(test.images, *view), test.labels) for view in VIEWS]
    outputs = [evaluate(recognizer.network, cross_entropy, view).outputs for view in views]
    return np.stack([softmax(logits) for logits in outputs])


def accuracy(mean: np.ndarray, labels: np.ndarray) -> str:
    """In percent."""
    return f"{100 * (mean.argmax(axis=1) == labels).mean():.2f}"


def main() -> None:
    """Print the accuracies of each network, and of all together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    mnist = load_mnist(validation=0.0)
    test = mnist.test
    found = []
    for run in parser.parse_args().runs:
        recognizer = Recognizer.load(run)
        check_unseen(recognizer, mnist)
        found.append(probabilities(recognizer, test))
        alone, views = found[-1][0], found[-1].mean(axis=0)
        print(
            f"{run}: {accuracy(alone, test.labels)}%, "
            f"{len(VIEWS)} views {accuracy(views, test.labels)}%",
            flush=True,
        )
    together = np.mean(found, axis=0)  # [views, N, 10]
    print(
        f"all {len(found)} together: {accuracy(together[0], test.labels)}%, "
        f"{len(VIEWS)} views {accuracy(together.mean(axis=0), test.labels)}%"
    )


if __name__ == "__main__":
    main()
