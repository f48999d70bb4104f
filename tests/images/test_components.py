"""Connected components, against a plain flood fill."""

from __future__ import annotations

import time

import numpy as np
import pytest

from paddle_mnist.images.components import connected_components, label_pieces


def flood(mask: np.ndarray) -> np.ndarray:
    """Number the pieces by filling each from its first pixel, row by row."""
    labels = np.zeros(mask.shape, int)
    for start in np.argwhere(mask):
        if labels[tuple(start)]:
            continue
        label = labels.max() + 1
        waiting = [tuple(start)]
        while waiting:
            row, column = waiting.pop()
            inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
            if inside and mask[row, column] and not labels[row, column]:
                labels[row, column] = label
                waiting += [(row + down, column + right) for down in (-1, 0, 1)
                            for right in (-1, 0, 1)]  # fmt: skip
    return labels


def spiral(side: int) -> np.ndarray:
    """One line that winds inwards, with a pixel of space between its turns."""
    mask = np.zeros((side, side), bool)
    row, column, down, right = 0, 0, 0, 1
    mask[0, 0] = True
    for length in [side - 1, *(n for n in range(side - 1, 1, -2) for _ in range(2))]:
        for _ in range(length):
            row, column = row + down, column + right
            mask[row, column] = True
        down, right = right, -down
    return mask


def comb(height: int, width: int) -> np.ndarray:
    """Teeth that hang together only in the last row, so that every label has to be joined."""
    mask = np.zeros((height, width), bool)
    mask[:, ::2], mask[-1] = True, True
    return mask


CHECKERED = np.indices((9, 10)).sum(axis=0) % 2 == 0
SHAPES = {
    "empty": np.zeros((5, 7), bool),
    "full": np.ones((5, 7), bool),
    "no pixel": np.zeros((1, 1), bool),
    "one pixel": np.ones((1, 1), bool),
    "one row": np.array([[1, 0, 1, 1, 0, 0, 1]], bool),
    "one column": np.array([[1, 0, 1, 1, 0, 0, 1]], bool).T,
    "checkerboard": CHECKERED,
    "squares apart": np.kron(CHECKERED, np.array([[1, 0], [0, 0]])).astype(bool),
    "spiral": spiral(21),
    "spiral and its space": ~spiral(21),
    "mirrored spiral": spiral(22)[::-1, ::-1],
    "comb": comb(12, 31),
    "comb upside down": comb(12, 31)[::-1],
    "two combs": comb(9, 40) ^ comb(9, 40)[::-1],
    "V": np.fliplr(np.eye(8, 16, dtype=bool)) | np.eye(8, 16, dtype=bool),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_numbered_as_a_flood_fill_numbers_them(name):
    np.testing.assert_array_equal(label_pieces(SHAPES[name]), flood(SHAPES[name]))


def test_200_random_masks_are_numbered_as_a_flood_fill_numbers_them():
    random = np.random.default_rng(0)
    most = 0
    for _ in range(200):
        mask = random.random(random.integers(1, 25, 2)) < random.uniform(0, 1)
        labels = label_pieces(mask)
        np.testing.assert_array_equal(labels, flood(mask))
        most = max(most, int(labels.max()))
    assert most > 20


@pytest.mark.parametrize(
    "name, count",
    [("empty", 0), ("full", 1), ("one row", 3), ("checkerboard", 1), ("squares apart", 45),
     ("spiral", 1), ("comb", 1)],
)  # fmt: skip
def test_known_counts(name, count):
    mask = SHAPES[name]
    assert len(connected_components(np.zeros(mask.shape, np.uint8), mask)) == count


def test_pixels_that_touch_by_corners_belong_together():
    both_ways = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 1, 0]], bool)
    assert label_pieces(both_ways).tolist() == [[1, 0, 0, 0, 2], [0, 1, 0, 2, 0]]
    assert label_pieces(both_ways[:, [0, 1, 3, 4]]).max() == 1  # side by side
    assert label_pieces(both_ways[[0, 0, 1]]).max() == 2
    gap = both_ways.copy()
    gap[1] = False
    assert label_pieces(gap).max() == 2


def test_boxes_and_ink_are_those_of_the_pieces():
    random = np.random.default_rng(1)
    for _ in range(30):
        levels = random.integers(0, 256, (18, 23)).astype(np.uint8)
        mask = levels > random.integers(100, 250)
        labels = flood(mask)
        pieces = connected_components(levels, mask)
        assert len(pieces) == labels.max()
        for label, piece in enumerate(pieces, start=1):
            rows, columns = np.nonzero(labels == label)
            np.testing.assert_array_equal(piece.pixels, labels == label)
            assert piece.pixels.dtype == bool
            assert piece.ink == sum(int(level) for level in levels[labels == label])
            assert (piece.top, piece.bottom) == (rows.min(), rows.max() + 1)
            assert (piece.left, piece.right) == (columns.min(), columns.max() + 1)
            assert (piece.height, piece.width) == (np.ptp(rows) + 1, np.ptp(columns) + 1)


def test_ink_is_not_cut_off_at_a_byte():
    levels = np.full((40, 50), 255, np.uint8)
    (piece,) = connected_components(levels, np.ones((40, 50), bool))
    assert piece.ink == 255 * 40 * 50


def test_pieces_come_from_above_to_below():
    mask = np.zeros((9, 9), bool)
    mask[4:, 0], mask[2, 4:6], mask[0, 8] = True, True, True
    pieces = connected_components(mask.astype(np.uint8), mask)
    assert [piece.top for piece in pieces] == [0, 2, 4]


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.7])
def test_noise_of_the_size_of_a_small_copy_takes_no_time(density):
    mask = np.random.default_rng(2).random((96, 96)) < density
    started = time.process_time()
    connected_components(mask.astype(np.uint8), mask)
    assert time.process_time() - started < 0.5
