from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer

TRAIN, READ = 2000, 300


def read_sample(answer: Callable[..., Any]) -> Any:
    """Runs where the answer is: 300 validation pictures, with 2,000 training pictures."""
    sample = load_mnist("sample")
    train = sample.train.take(slice(TRAIN))
    return answer(train.images, train.labels, sample.validation.images[:READ])


def pictures(*lists: list[int]) -> np.ndarray:
    """Pictures that begin with these grey levels, and are 0 after them."""
    rows = np.zeros((len(lists), 784), dtype="uint8")
    for row, levels in zip(rows, lists):
        row[: len(levels)] = levels
    return rows.reshape(-1, 28, 28)  # [N, 28, 28]


def labels_of(digits: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.array(digits, dtype="int64")  # [N]


def rows_of(images: np.ndarray, dtype: str = "float64") -> np.ndarray:
    return np.asarray(images).reshape(len(images), 784).astype(dtype)  # [N, 784]


def differences(train_images: np.ndarray, images: np.ndarray, dtype: str) -> np.ndarray:
    """For small examples only."""
    return rows_of(images, dtype)[:, None] - rows_of(train_images, dtype)  # [N, M, 784]


def square_distances(train_images: np.ndarray, images: np.ndarray) -> np.ndarray:
    # |a - b|² = |a|² - 2 a·b + |b|², exact for whole numbers in float64.
    one, other = rows_of(images), rows_of(train_images)
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)
    return squares - 2 * one @ other.T  # [N, M]


def means_of(train_images: np.ndarray, train_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    digits = np.unique(train_labels)
    means = [train_images[train_labels == digit].mean(axis=0) for digit in digits]
    return np.array(means), digits


def is_one_of(got: Any, lists: list[np.ndarray]) -> bool:
    return any(np.array_equal(got, labels) for labels in lists)


def with_signs(
    train_images: np.ndarray, train_labels: np.ndarray, images: np.ndarray
) -> list[np.ndarray]:
    """What is answered without squares, and with the square of the sum."""
    sums = differences(train_images, images, "float64").sum(axis=2)  # [N, M]
    return [train_labels[numbers.argmin(axis=1)] for numbers in (sums, -sums, sums**2)]


def in_small_dtypes(
    train_images: np.ndarray, train_labels: np.ndarray, images: np.ndarray
) -> list[np.ndarray]:
    """What is answered if differences, squares or sums do not fit into their dtype."""
    in_bytes = differences(train_images, images, "uint8")  # [N, M, 784]
    in_shorts = differences(train_images, images, "int16")  # [N, M, 784]
    distances = [
        (in_bytes**2).sum(axis=2),
        (in_bytes**2).sum(axis=2, dtype="uint8"),
        (in_bytes.astype("float64") ** 2).sum(axis=2),
        ((-in_bytes).astype("float64") ** 2).sum(axis=2),
        (in_shorts**2).sum(axis=2),
    ]
    return [train_labels[numbers.argmin(axis=1)] for numbers in distances]


def check_near(answer: Answer) -> None:
    # All differences are in one pixel, and small.
    train_images = pictures([109], [107], [121], [100], [112])
    train_labels = labels_of([8, 5, 7, 3, 3])
    images = pictures([111], [101], [120], [106], [105])
    given = train_images, train_labels, images
    distances = square_distances(train_images, images)
    means, digits = means_of(train_images, train_labels)

    def is_always_first_or_second(got: np.ndarray) -> bool:
        # The smallest of one sum is at place 0. Of a sum for each pixel, or each row or column of
        # pixels, it is at place 1, because only the first is not 0 here.
        return any((got == label).all() for label in train_labels[:2])

    mistakes = {
        "place_returned": distances.argmin(axis=1),
        "farthest": train_labels[distances.argmax(axis=1)],
        "nearest_mean": digits[square_distances(means, images).argmin(axis=1)],
        "not_one_each": is_always_first_or_second,
        "signs_kept": lambda got: is_one_of(got, with_signs(*given)),
        "wrap_around": lambda got: is_one_of(got, in_small_dtypes(*given)),
    }
    answer.expect(answer(*given), labels_of([3, 3, 7, 5, 5]), mistakes)


def check_measure(answer: Answer) -> None:
    # Square distances 10,000 and 150 · 4; without the squares 100 and 300. With their signs the
    # weak differences add up to 0.
    train_images = pictures([102, *[2] * 149], [0, 4] * 75)
    train_labels = labels_of([0, 9])
    images = pictures([2] * 150)
    got = answer(train_images, train_labels, images)
    answer.expect(got, labels_of([9]), {"absolute": labels_of([0])})


def check_levels(answer: Answer) -> None:
    random = np.random.default_rng(4)
    train_images = pictures(*random.integers(0, 256, (10, 5)))
    train_labels = labels_of(random.permutation(10))
    images = pictures(*random.integers(0, 256, (12, 5)))
    given = train_images, train_labels, images
    expected = train_labels[square_distances(train_images, images).argmin(axis=1)]
    mistakes = {
        "signs_kept": lambda got: is_one_of(got, with_signs(*given)),
        "wrap_around": lambda got: is_one_of(got, in_small_dtypes(*given)),
    }
    answer.expect(answer(*given), expected, mistakes)


def check_edges(answer: Answer) -> None:
    train_images = pictures([50], [70, 80])
    train_labels = labels_of([6, 2])
    answer.expect(answer(train_images, train_labels, train_images[1:]), labels_of([2]))
    answer.expect(answer(train_images, train_labels, train_images[:0]), labels_of([]))
    got = answer(train_images[:1], train_labels[:1], pictures([1], [2], [3]))
    answer.expect(got, labels_of([6, 6, 6]))


def check_sample(answer: Answer) -> None:
    sample = load_mnist("sample")
    train = sample.train.take(slice(TRAIN))
    images, truth = sample.validation.images[:READ], sample.validation.labels[:READ]
    expected = train.labels[square_distances(train.images, images).argmin(axis=1)]  # [300]
    means, digits = means_of(train.images, train.labels)
    by_mean = digits[square_distances(means, images).argmin(axis=1)]  # [300]
    given = f"train_images [{TRAIN}, 28, 28], train_labels [{TRAIN}], images [{READ}, 28, 28]"
    got = answer.run(read_sample, given=given)

    def accuracy(labels: np.ndarray) -> float:
        return float((labels == truth).mean())

    if isinstance(got, np.ndarray) and got.shape == expected.shape:
        answer.note("reached", accuracy=accuracy(got), means_accuracy=accuracy(by_mean))
        wrong = int((got != expected).sum())
        if wrong:
            answer.wrong(
                "labels_differ",
                wrong=wrong,
                accuracy=accuracy(got),
                expected_accuracy=accuracy(expected),
            )
    answer.expect(got, expected)
