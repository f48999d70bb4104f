from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer


def means_while_listening(
    answer: Callable[..., Any], images: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Runs where the answer is: what it returns, and what NumPy warns of meanwhile."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        means = answer(images, labels)
    return {"means": means, "messages": [str(warning.message) for warning in heard]}


def given(images: np.ndarray, labels: np.ndarray) -> str:
    """What the answer gets, in a few words of any language."""
    return f"images {list(images.shape)}, labels {labels.tolist()}"


def some_pictures(labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (len(labels), 28, 28)).astype("uint8")  # [N, 28, 28]
    return images, np.array(labels, dtype="int64")


def sums_of(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Picture by picture; how many there are of each digit, too."""
    sums, counts = np.zeros((10, 28, 28)), np.zeros((10, 1, 1))
    for image, label in zip(images, labels):
        sums[label] += image.astype("float64")
        counts[label] += 1
    return sums, counts


def expected_means(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    sums, counts = sums_of(images, labels)
    return sums / np.maximum(counts, 1)  # [10, 28, 28]


def check_values(answer: Answer) -> None:
    every_digit = [*range(10), *range(10)]
    images, labels = some_pictures([*every_digit, *[7] * 25, *[2] * 10, *[0] * 5])
    sums, counts = sums_of(images, labels)

    expected = sums / counts  # [10, 28, 28]
    without_nine = expected * (np.arange(10) < 9).reshape(10, 1, 1)

    def is_whole(got: np.ndarray) -> bool:
        return np.array_equal(got, np.round(got))

    def is_one_grey_level(got: np.ndarray) -> bool:
        return np.allclose(got, got[:, :1, :1])

    def is_without_nine(got: np.ndarray) -> bool:
        return np.allclose(np.nan_to_num(got), without_nine)

    mistakes = {
        "sum_in_uint8": (sums % 256) / counts,
        "mean_of_all": np.broadcast_to(images.mean(axis=0), (10, 28, 28)),
        "divided_by_all": sums / len(images),
        "nine_missing": is_without_nine,
        "one_grey_level": is_one_grey_level,
        "whole_numbers": is_whole,
    }
    got = answer(images, labels)
    if isinstance(got, np.ndarray) and got.shape == (9, 28, 28):
        answer.wrong("nine_missing", expected=expected, got=got)
    answer.expect(got, expected, mistakes)


def check_absent(answer: Answer) -> None:
    images, labels = some_pictures([4, 0, 1, 2, 9, 9, 5, 6, 7, 7, 0])
    expected = expected_means(images, labels)

    def is_nan_there(got: np.ndarray) -> bool:
        return not np.isfinite(got[[3, 8]]).any()

    mistakes = {
        "left_out": expected[[0, 1, 2, 4, 5, 6, 7, 9]],
        "absent_is_nan": is_nan_there,
    }
    heard = answer.run(means_while_listening, images, labels, given=given(images, labels))
    answer.expect(heard["means"], expected, mistakes)


def check_warnings(answer: Answer) -> None:
    images, labels = some_pictures([1, 1, 5])
    heard = answer.run(means_while_listening, images, labels, given=given(images, labels))
    answer.expect(heard["means"], expected_means(images, labels))
    if heard["messages"]:
        answer.wrong("warned", message=heard["messages"][0])


def check_edges(answer: Answer) -> None:
    images, labels = some_pictures([6])
    answer.expect(answer(images, labels), expected_means(images, labels))
    answer.expect(answer(images[:0], labels[:0]), np.zeros((10, 28, 28)))
