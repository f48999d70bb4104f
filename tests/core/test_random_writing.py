"""RandomWriting: thicker and thinner strokes against Pillow, and what is drawn for the rest."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from PIL import Image, ImageFilter

from paddle_mnist.core.augmentation import RandomAffine, RandomWriting, change_strokes

STILL = RandomWriting(degrees=0, zoom=0, shift=0, slant=0, thicker=0, thinner=0, bend=0)


def digits(count: int = 3, seed: int = 0) -> np.ndarray:
    """Draw lines of different width and level, some along the border: uint8 [N, 28, 28]."""
    random = np.random.default_rng(seed)
    pictures = np.zeros((count, 28, 28), np.uint8)
    for picture in pictures:
        for _ in range(3):
            row, column = random.integers(0, 28, 2)
            picture[row : row + random.integers(1, 5)] = random.integers(1, 256)
            picture[:, column : column + random.integers(1, 5)] = random.integers(1, 256)
        picture[5:10, 5:10] = 255
    return pictures


def changed(pictures: np.ndarray, change: float) -> np.ndarray:
    """Change the strokes of uint8 [N, 28, 28]; return float [N, 28, 28], from 0 to 255."""
    batch = paddle.to_tensor(pictures[:, np.newaxis].astype(np.float32) / 255)
    result = change_strokes(batch, np.full(len(pictures), change))
    assert result.dtype == paddle.float32
    return 255 * result.numpy()[:, 0]


def filtered(pictures: np.ndarray, kind: ImageFilter.RankFilter) -> np.ndarray:
    return np.stack([Image.fromarray(picture).filter(kind) for picture in pictures]).astype(float)


def written(change: RandomWriting, pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    rows = paddle.to_tensor(pictures.reshape(-1, 784).astype(np.float32) / 255)
    result = change(rows, np.random.default_rng(seed))
    assert result.shape == [len(pictures), 784]
    assert result.dtype == paddle.float32
    return result.numpy().reshape(-1, 28, 28)


# Strokes


def test_no_change_leaves_strokes_exactly_as_they_are():
    batch = paddle.to_tensor(np.random.default_rng(0).random((4, 1, 28, 28)).astype(np.float32))
    np.testing.assert_array_equal(change_strokes(batch, np.zeros(4)).numpy(), batch.numpy())


@pytest.mark.parametrize(
    "change, kind",
    [
        (1, ImageFilter.MaxFilter(3)),
        (-1, ImageFilter.MinFilter(3)),
    ],
)
def test_whole_changes_are_the_filters_of_pillow(change, kind):
    pictures = digits(20)
    expected = filtered(pictures, kind)
    if change < 0:  # the brightest ink stays as bright as it was
        expected *= pictures.max((1, 2), keepdims=True) / expected.max((1, 2), keepdims=True)
    assert np.abs(expected - pictures).max() > 100
    np.testing.assert_allclose(changed(pictures, change), expected, atol=1e-3)


@pytest.mark.parametrize("change", [0.25, 0.8])
def test_between_them_pictures_are_mixed(change):
    pictures = digits()
    wide = filtered(pictures, ImageFilter.MaxFilter(3))
    expected = (1 - change) * pictures + change * wide
    np.testing.assert_allclose(changed(pictures, change), expected, atol=1e-2)


def test_half_an_erosion_is_mixed_and_stretched():
    pictures = digits()
    mixed = (pictures + filtered(pictures, ImageFilter.MinFilter(3))) / 2
    expected = mixed * 255 / mixed.max((1, 2), keepdims=True)
    np.testing.assert_allclose(changed(pictures, -0.5), expected, atol=1e-2)


def test_a_thin_stroke_survives_all_that_is_drawn():
    pictures = np.zeros((1, 28, 28), np.uint8)
    pictures[0, 4:24, 14] = 255  # one pixel wide: erosion alone would leave nothing
    result = changed(pictures, -RandomWriting().thinner)
    assert result.max() == pytest.approx(255, abs=1e-3)


def test_each_picture_gets_its_own_change():
    pictures = digits(1).repeat(3, axis=0)
    batch = paddle.to_tensor(pictures[:, np.newaxis].astype(np.float32) / 255)
    together = change_strokes(batch, np.array([-1.0, 0.0, 0.5])).numpy()[:, 0]
    for one, change in zip(together, (-1, 0, 0.5)):
        np.testing.assert_allclose(255 * one, changed(pictures[:1], change)[0], atol=1e-3)


def test_paper_stays_paper():
    assert not changed(np.zeros((2, 28, 28), np.uint8), 1).any()
    assert not changed(np.zeros((2, 28, 28), np.uint8), -1).any()


# Slant, size and place


def test_without_a_slant_the_matrices_are_those_of_random_affine():
    change = RandomWriting(degrees=12, zoom=0.15, shift=0.07, slant=0)
    ours = change.matrices(50, np.random.default_rng(0))
    theirs = RandomAffine(degrees=12, zoom=0.15, shift=0.07).matrices(50, np.random.default_rng(0))
    np.testing.assert_array_equal(ours, theirs)


def test_a_slant_moves_the_top_against_the_bottom():
    change = RandomWriting(degrees=0, zoom=0, shift=0, slant=0.25)
    matrices = change.matrices(4000, np.random.default_rng(0))
    assert matrices.shape == (4000, 2, 3) and matrices.dtype == np.float32
    slants = matrices[:, 0, 1].copy()
    matrices[:, 0, 1] = 0
    np.testing.assert_array_equal(matrices, np.tile(np.eye(2, 3, dtype=np.float32), (4000, 1, 1)))
    # An even draw from -a to a has the standard deviation a / sqrt(3).
    assert 0.249 < np.abs(slants).max() <= 0.25
    assert slants.std() == pytest.approx(0.25 / np.sqrt(3), rel=0.05)
    assert abs(slants.mean()) < 0.01


def test_slanted_turned_and_zoomed_is_the_product_of_matrices():
    size = RandomWriting(degrees=30, zoom=0.4, shift=0.1, slant=0.3)
    for matrix, without in zip(
        size.matrices(20, np.random.default_rng(3)),
        RandomAffine(30, 0.4, 0.1).matrices(20, np.random.default_rng(3)),
    ):
        # What is left is a shear along the rows, of area 1, and the same shift.
        shear = np.linalg.inv(without[:, :2]) @ matrix[:, :2]
        np.testing.assert_allclose(shear, [[1, shear[0, 1]], [0, 1]], atol=1e-5)
        assert 0 < abs(shear[0, 1]) <= 0.3 + 1e-5
        np.testing.assert_array_equal(matrix[:, 2], without[:, 2])


def test_a_slanted_stroke_leans_by_the_part_of_its_height():
    picture = np.zeros((200, 28, 28), np.uint8)
    picture[:, 4:24, 13:15] = 255  # upright, 20 pixels high
    leaning = written(RandomWriting(0, 0, 0, 0.25, 0, 0, 0), picture)
    columns = (leaning * np.arange(28)).sum(axis=2) / leaning.sum(axis=2).clip(min=1e-9)
    slopes = (columns[:, 21] - columns[:, 6]) / 15
    assert 0.23 < np.abs(slopes).max() < 0.26
    assert slopes.min() < -0.2 and slopes.max() > 0.2
    np.testing.assert_allclose(columns[:, 13:15].mean(axis=1), 13.5, atol=0.1)


# Bends


def test_bends_have_the_standard_deviation_that_was_asked_for():
    bends = RandomWriting(bend=1.5).bends(3000, np.random.default_rng(0))
    assert bends.shape == (3000, 28, 28, 2) and bends.dtype == np.float32
    pixels = bends * 14  # half a side is 14 pixels
    # The deviation is drawn evenly from 0 to a, so its mean square is a^2 / 3, at every place.
    places = pixels.std(axis=0)
    np.testing.assert_allclose(places, 1.5 / np.sqrt(3), rtol=0.12)
    assert pixels.std() == pytest.approx(1.5 / np.sqrt(3), rel=0.03)
    assert abs(pixels.mean()) < 0.02


@pytest.mark.parametrize("smoothness", [2.0, 4.0])
def test_bends_are_as_smooth_as_noise_that_a_bell_has_smoothed(smoothness):
    change = RandomWriting(bend=1.0, smoothness=smoothness)
    bends = change.bends(4000, np.random.default_rng(1))[..., 0]
    middle = bends[:, 14, 14]
    for distance in (1, 2, 4, 6):
        # Two bells of deviation s, d apart, overlap by exp(-d^2 / 4 s^2).
        expected = np.exp(-((distance / smoothness) ** 2) / 4)
        for other in (bends[:, 14 + distance, 14], bends[:, 14, 14 - distance]):
            assert np.corrcoef(middle, other)[0, 1] == pytest.approx(expected, abs=0.06)


def test_bends_across_and_down_have_nothing_to_do_with_each_other():
    bends = RandomWriting().bends(4000, np.random.default_rng(2))[:, 14, 14]
    assert abs(np.corrcoef(bends.T)[0, 1]) < 0.06


def test_without_bends_nothing_is_bent():
    assert not RandomWriting(bend=0).bends(3, np.random.default_rng(0)).any()


# All together


def test_without_limits_nothing_changes():
    np.testing.assert_allclose(255 * written(STILL, digits()), digits(), atol=0.05)


@pytest.mark.parametrize(
    "limit",
    [
        {"degrees": 20},
        {"zoom": 0.3},
        {"shift": 0.2},
        {"slant": 0.5},
        {"thicker": 1},
        {"thinner": 0.5},
        {"bend": 2},
    ],
    ids=lambda limit: next(iter(limit)),
)
def test_each_limit_alone_changes_something(limit):
    values = {**vars(STILL), **limit}
    assert np.abs(written(RandomWriting(**values), digits()) - digits() / 255).max() > 0.2


def test_values_stay_from_0_to_1():
    pictures = np.concatenate([digits(100), np.full((50, 28, 28), 255, np.uint8)])
    wild = RandomWriting(40, 0.5, 0.3, 0.6, 1, 1, 4)
    for change in (RandomWriting(), wild):
        result = written(change, pictures)
        assert result.min() >= 0
        assert result.max() <= 1 + 1e-6
    assert result[100:].min() == 0  # paper came in from outside


def test_the_same_state_of_the_generator_gives_the_same_batch():
    pictures = digits(1).repeat(4, axis=0)
    first, second, third = (written(RandomWriting(), pictures, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()
    # Equal pictures of one batch are changed each in its own way.
    assert len(np.unique(first.reshape(4, -1), axis=0)) == 4


def test_a_batch_of_one():
    assert written(RandomWriting(), digits(1)).shape == (1, 28, 28)


def test_the_pictures_that_were_given_stay_as_they_were():
    rows = paddle.to_tensor(digits().reshape(-1, 784).astype(np.float32) / 255)
    before = rows.numpy().copy()
    RandomWriting()(rows, np.random.default_rng(0))
    np.testing.assert_array_equal(rows.numpy(), before)
