from __future__ import annotations

from typing import Any

import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer

# The task's example: the errors are 3 and -1.
IMAGES = np.array([[1.0, 0.5], [0.25, 1.0]])
LABELS = np.array([1, 4])
WEIGHTS = np.array([[2.0], [1.0]])
BIAS = np.array([1.5])


def mean_square_error(
    images: np.ndarray, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> float:
    predictions = (images * weights[:, 0]).sum(axis=1) + bias[0]  # [N]
    return float(((predictions - labels) ** 2).mean())


def finite_differences(
    images: np.ndarray, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Each parameter a little larger and a little smaller: how does the loss change?

    The loss is of the second degree in each, so that the quotient is exact but for rounding.
    """
    step = 0.5
    found = []
    for part in (weights, bias):
        gradient = np.zeros_like(part)
        for place in np.ndindex(part.shape):
            kept = part[place]
            part[place] = kept + step
            larger = mean_square_error(images, labels, weights, bias)
            part[place] = kept - step
            smaller = mean_square_error(images, labels, weights, bias)
            part[place] = kept
            gradient[place] = (larger - smaller) / (2 * step)
        found.append(gradient)
    return tuple(found)


def check_example(answer: Answer) -> None:
    # By hand: 2/2 · (3 · 1 - 1 · 0.25), 2/2 · (3 · 0.5 - 1 · 1) and 2/2 · (3 - 1).
    expected = (np.array([[2.75], [0.5]]), np.array([2.0]))
    by_errors = {
        "without_bias": [1.5, -2.5],
        "pixels_squared": [9.0, 1.0],
        # Each prediction, 4 and 3, minus the mean of both labels, 2.5.
        "every_label": [1.5, 0.5],
        "opposite_sign": [-3.0, 1.0],
    }
    mistakes = {key: from_errors(errors) for key, errors in by_errors.items()}
    mistakes["factor_missing"] = [part / 2 for part in expected]
    mistakes["sum_not_mean"] = [part * 2 for part in expected]
    got = answer(IMAGES, LABELS, WEIGHTS, BIAS)
    if is_of_table(got):
        answer.wrong("every_label", expected=expected, got=got)
    answer.expect(got, expected, mistakes)


def is_of_table(got: Any) -> bool:
    """Whether the gradients come from a table of errors [N, N], with whatever factor."""
    first = got[0] if isinstance(got, (list, tuple)) and got else None
    if not isinstance(first, np.ndarray) or first.shape != (2, 2) or first.dtype.kind != "f":
        return False
    errors = IMAGES @ WEIGHTS + BIAS - LABELS  # [2, 2]
    ratios = first / (IMAGES.T @ errors)  # [2, 2]
    return bool(ratios.all() and np.allclose(ratios, ratios[0, 0]))


def from_errors(errors: list[float]) -> list[np.ndarray]:
    """The gradients that these two errors make in the example."""
    column = np.array([errors]).T  # [2, 1]
    return [IMAGES.T @ column, column.sum(axis=0)]


def check_batches(answer: Answer) -> None:
    random = np.random.default_rng(0)
    for count, pixels in ((7, 3), (1, 4), (5, 1)):
        images, weights = random.random((count, pixels)), random.normal(size=(pixels, 1))
        labels, bias = random.integers(0, 10, count), random.normal(size=1)
        expected = finite_differences(images, labels, weights, bias)
        # Neither doubled nor divided by N: for the example's two pictures that is the same.
        by_pixels = expected[0] * count / pixels
        mistakes = {
            "right_for_two": [part * count / 2 for part in expected],
            "divided_by_pixels": lambda got, wrong=by_pixels: np.allclose(got[0], wrong),
        }
        answer.expect(answer(images, labels, weights, bias), expected, mistakes)


def check_digits(answer: Answer) -> None:
    train = load_mnist("sample").train
    images = train.images[:16].reshape(16, 784) / 255  # [16, 784]
    labels = train.labels[:16]
    weights, bias = np.random.default_rng(1).normal(0, 0.05, (784, 1)), np.array([4.0])
    expected = finite_differences(images, labels, weights, bias)
    got = answer(images, labels, weights, bias)
    answer.expect(got, expected)
    smaller = [part - 0.001 * gradient for part, gradient in zip((weights, bias), got)]
    before = mean_square_error(images, labels, weights, bias)
    answer.note("step", before=before, after=mean_square_error(images, labels, *smaller))
