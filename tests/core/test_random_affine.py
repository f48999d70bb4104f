"""RandomAffine: which pixels come out, and which numbers are drawn."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_mnist.core.augmentation import RandomAffine

# Single-precision places in the picture are off by a millionth of a pixel or so.
NEAR = {"rtol": 0, "atol": 1e-4}


class Drawn:
    """Stands for a generator: draws a given part of the way from the lower to the upper limit."""

    def __init__(self, part: float | list[float]) -> None:
        self.part = np.array(part)

    def uniform(self, low: float, high: float, size: int | tuple[int, int]) -> np.ndarray:
        part = self.part if isinstance(size, tuple) else self.part.flat[0]
        return np.broadcast_to(low + part * (high - low), size)


def pictures(count: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 28, 28)).astype(np.float32)


def transformed(change: RandomAffine, images: np.ndarray, random) -> np.ndarray:
    rows = change(paddle.to_tensor(images.reshape(-1, 784)), random)
    assert rows.shape == [len(images), 784]
    assert rows.dtype == paddle.float32
    return rows.numpy().reshape(-1, 28, 28)


def test_without_limits_nothing_changes():
    images = pictures(3)
    change = RandomAffine(degrees=0, zoom=0, shift=0)
    np.testing.assert_allclose(
        transformed(change, images, np.random.default_rng(0)), images, **NEAR
    )


@pytest.mark.parametrize(
    "part, right, down", [([1, 0.5], 3, 0), ([0, 0.5], -3, 0), ([0.5, 1], 0, 3), ([1, 0], 3, -3)]
)
def test_a_shift_by_whole_pixels(part, right, down):
    images = pictures()
    expected = np.zeros_like(images)  # a place takes its value from 3 pixels further on, or paper
    for row in range(28):
        for column in range(28):
            if 0 <= row + down < 28 and 0 <= column + right < 28:
                expected[0, row, column] = images[0, row + down, column + right]
    change = RandomAffine(degrees=0, zoom=0, shift=3 / 28)
    np.testing.assert_allclose(transformed(change, images, Drawn(part)), expected, **NEAR)


def test_a_quarter_turn_each_way():
    images = pictures()
    change = RandomAffine(degrees=90, zoom=0, shift=0)
    one_way = transformed(change, images, Drawn(1.0))[0]
    other_way = transformed(change, images, Drawn(0.0))[0]
    np.testing.assert_allclose(one_way, np.rot90(images[0]), **NEAR)
    np.testing.assert_allclose(other_way, np.rot90(images[0], -1), **NEAR)


def test_a_half_turn():
    images = pictures()
    change = RandomAffine(degrees=180, zoom=0, shift=0)
    turned = transformed(change, images, Drawn(1.0))
    np.testing.assert_allclose(turned, images[:, ::-1, ::-1], **NEAR)


def side_of_the_square(part: float | list[float]) -> tuple[int, int]:
    images = np.zeros((1, 28, 28), np.float32)
    images[0, 8:20, 8:20] = 1  # 12×12 in the middle
    # From 0.5 to 1.5 times.
    zoomed = transformed(RandomAffine(degrees=0, zoom=0.5, shift=0), images, Drawn(part))[0]
    return int((zoomed.max(axis=0) > 0.5).sum()), int((zoomed.max(axis=1) > 0.5).sum())


def test_zoom_is_that_of_keras():
    # Keras scales the places, not the picture: above 1 the picture gets smaller.
    assert side_of_the_square(0.5) == (12, 12)
    assert side_of_the_square(1.0) == (8, 8)
    assert side_of_the_square(0.0) == (24, 24)


def test_zoom_is_drawn_for_rows_and_columns_apart():
    assert side_of_the_square([1.0, 0.5]) == (8, 12)
    assert side_of_the_square([0.5, 0.0]) == (12, 24)


def test_values_stay_from_0_to_1():
    images = np.concatenate([pictures(50), np.ones((50, 28, 28), np.float32)])
    change = RandomAffine(degrees=45, zoom=0.5, shift=0.3)
    changed = transformed(change, images, np.random.default_rng(0))
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6
    assert changed[50:].min() == 0  # paper came in from outside


def test_turns_are_drawn_evenly_up_to_the_limit():
    matrices = RandomAffine(degrees=10, zoom=0, shift=0).matrices(4000, np.random.default_rng(0))
    assert matrices.shape == (4000, 2, 3)
    assert matrices.dtype == np.float32
    degrees = np.rad2deg(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert np.abs(degrees).max() <= 10.001
    assert degrees.max() > 9.9
    assert degrees.min() < -9.9
    # An even draw from -a to a has the standard deviation a / sqrt(3).
    assert degrees.std() == pytest.approx(10 / np.sqrt(3), rel=0.05)
    # Turning changes neither size nor shape.
    lengths = np.linalg.norm(matrices[:, :, :2], axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    np.testing.assert_array_equal(matrices[:, :, 2], 0)


def test_zooms_and_shifts_are_drawn_evenly_up_to_their_limits():
    matrices = RandomAffine(degrees=0, zoom=0.1, shift=0.2).matrices(4000, np.random.default_rng(0))
    zooms = matrices[:, [0, 1], [0, 1]]
    shifts = matrices[:, :, 2] / 2  # a side is two units long
    for drawn, middle, limit in ((zooms, 1, 0.1), (shifts, 0, 0.2)):
        assert np.abs(drawn - middle).max() <= limit + 1e-6
        assert np.abs(drawn - middle).max() > 0.99 * limit
        np.testing.assert_allclose(drawn.mean(axis=0), middle, atol=0.05 * limit)
        np.testing.assert_allclose(drawn.std(axis=0), limit / np.sqrt(3), rtol=0.05)
        # Rows and columns have nothing to do with each other.
        assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1
    np.testing.assert_array_equal(matrices[:, [0, 1], [1, 0]], 0)


def test_turning_and_zooming_together_leave_right_angles():
    change = RandomAffine(degrees=30, zoom=0.4, shift=0)
    across, down = np.moveaxis(change.matrices(50, np.random.default_rng(0))[:, :, :2], 2, 0)
    np.testing.assert_allclose((across * down).sum(axis=1), 0, atol=1e-6)
    zooms = np.linalg.norm([across, down], axis=2)
    assert np.abs(zooms - 1).max() <= 0.4 + 1e-6
    assert np.abs(zooms[0] - zooms[1]).max() > 0.1


def test_the_defaults_are_those_of_the_tuned_recipe():
    assert RandomAffine() == RandomAffine(degrees=10, zoom=0.1, shift=0.1)


def test_the_same_state_of_the_generator_gives_the_same_batch():
    images = np.repeat(pictures(), 4, axis=0)
    first = transformed(RandomAffine(), images, np.random.default_rng(5))
    second = transformed(RandomAffine(), images, np.random.default_rng(5))
    third = transformed(RandomAffine(), images, np.random.default_rng(6))
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()
    # Equal pictures of one batch are changed each in its own way.
    assert len(np.unique(first.reshape(4, -1), axis=0)) == 4
