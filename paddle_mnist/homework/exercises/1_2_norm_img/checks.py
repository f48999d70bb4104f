from __future__ import annotations

import numpy as np

from paddle_mnist.homework.checking import Answer


def rows_by_hand(images: np.ndarray) -> np.ndarray:
    """Pixel by pixel, from the task's own words."""
    rows = np.zeros((len(images), 784))
    for (number, row, column), level in np.ndenumerate(images):
        rows[number, 28 * row + column] = int(level) / 255
    return rows.astype("float32")  # [N, 784]


def all_levels(count: int) -> np.ndarray:
    """Pictures in which every grey level occurs."""
    levels = np.arange(count * 784) % 256
    mixed = np.random.default_rng(2).permutation(levels)
    return mixed.astype("uint8").reshape(count, 28, 28)  # [count, 28, 28]


def check_values(answer: Answer) -> None:
    images = all_levels(3)
    expected = rows_by_hand(images)

    def is_other_order(got: np.ndarray) -> bool:
        same_numbers = np.allclose(np.sort(got, axis=None), np.sort(expected, axis=None))
        return same_numbers and not np.allclose(got, expected)

    mistakes = {
        "not_scaled": 255 * expected,
        "by_256": expected * (255 / 256),
        "minus_one": 2 * expected - 1,
        "black_or_white": np.floor(expected),
        "inverted": 1 - expected,
        "order": is_other_order,
    }
    answer.expect(answer(images), expected, mistakes)


def check_faint(answer: Answer) -> None:
    faint = (all_levels(1) % 101).astype("uint8")  # [1, 28, 28]
    expected = rows_by_hand(faint)
    answer.expect(answer(faint), expected, {"own_maximum": expected / expected.max()})
    answer.expect(answer(faint * 0), np.zeros((1, 784), dtype="float32"))


def check_edges(answer: Answer) -> None:
    images = all_levels(5)
    answer.expect(answer(images[4:]), rows_by_hand(images[4:]))
    answer.expect(answer(images[:0]), np.zeros((0, 784), dtype="float32"))


def check_refuses(answer: Answer) -> None:
    pixels = all_levels(4)
    # A shape that reshape to [N, 784] takes, and one that it does not.
    for shape in ([28, 28], [4, 784], [4, 14, 56], [4, 28, 28, 1], [16, 14, 14], [2, 27, 27]):
        images = pixels.reshape(-1)[: np.prod(shape)].reshape(shape)
        error = answer.error_of(images)
        if error is None:
            answer.wrong("one_picture" if shape == [28, 28] else "other_sides", shape=shape)
        if "ValueError" not in error:
            answer.wrong("other_error", shape=shape, error=error.split()[0])
