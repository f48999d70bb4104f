from __future__ import annotations

import numpy as np

from paddle_mnist.homework.checking import Answer

PICTURE = np.array([[1, 2, 0, 3], [0, 1, 4, 1], [2, 0, 1, 5], [3, 1, 0, 2]], dtype="float32")
KERNEL = np.array([[1, 2], [3, -1]], dtype="float32")


def feature_map(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The other way round: the whole picture, shifted, times one number of the kernel each."""
    rows, columns = np.array(picture.shape) - kernel.shape + 1
    total = np.zeros((rows, columns))
    for (i, j), weight in np.ndenumerate(kernel.astype("float64")):
        total += weight * picture[i : i + rows, j : j + columns]
    return total.astype("float32")


def with_at(picture: np.ndarray, kernel: np.ndarray) -> list[np.ndarray]:
    """What comes out with the matrix products of each window and a square kernel."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    return [product.sum(axis=(2, 3)) for product in (windows @ kernel, kernel @ windows)]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype("float32")


def check_values(answer: Answer) -> None:
    expected = feature_map(PICTURE, KERNEL)  # [3, 3]
    swapped = [feature_map(PICTURE, KERNEL.T), feature_map(PICTURE.T, KERNEL), expected.T]

    def is_swapped(got: np.ndarray) -> bool:
        return any(np.allclose(got, one) for one in swapped)

    def is_with_at(got: np.ndarray) -> bool:
        return any(np.allclose(got, one) for one in with_at(PICTURE, KERNEL))

    mistakes = {
        "flipped": feature_map(PICTURE, KERNEL[::-1, ::-1]),
        "rows_and_columns": is_swapped,
        "rows_times_columns": is_with_at,
        "mean_of_window": expected / KERNEL.size,
        "only_last": PICTURE[1:, 1:] * KERNEL[-1, -1],
        "places_missing": expected[:-1, :-1],
    }
    got = answer(PICTURE, KERNEL)
    if isinstance(got, np.ndarray) and got.ndim == 2 and min(got.shape) > 3:
        rows, columns = got.shape
        answer.wrong("window_outside", rows=rows, columns=columns, expected=expected, got=got)
    answer.expect(got, expected, mistakes)


def check_not_square(answer: Answer) -> None:
    picture, kernel = numbers(4, 6), numbers(2, 3, seed=1)
    mistakes = {"square_kernel": feature_map(picture, kernel[:, :2])}
    answer.expect(answer(picture, kernel), feature_map(picture, kernel), mistakes)
    picture, kernel = numbers(7, 3), numbers(3, 2, seed=2)
    answer.expect(answer(picture, kernel), feature_map(picture, kernel))


def check_edges(answer: Answer) -> None:
    answer.expect(answer(PICTURE, np.array([[-2]], dtype="float32")), -2 * PICTURE)
    picture, kernel = numbers(3, 5), numbers(3, 5, seed=1)
    answer.expect(answer(picture, kernel), (picture * kernel).sum(keepdims=True))
    row = np.array([[1, 2, 4, 8]], dtype="float32")
    kernel = np.array([[-1, 0, 3]], dtype="float32")
    answer.expect(answer(row, kernel), np.array([[11, 22]], dtype="float32"))  # by hand


def check_decimals(answer: Answer) -> None:
    random = np.random.default_rng(3)
    picture = random.random((9, 7), dtype="float32")
    kernel = random.random((3, 4), dtype="float32") - np.float32(0.5)
    answer.expect(answer(picture, kernel), feature_map(picture, kernel))
