"""Disturbances: what each does to an image, known beforehand; and what is counted."""

from __future__ import annotations

import dataclasses

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.data import Split, load_mnist
from paddle_mnist.measure.robustness import (
    COUNT,
    DISTURBANCES,
    disturbed,
    measure_robustness,
    rotated,
    shifted,
    some_test_images,
)
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.system.errors import UsageError

NAMES = list(DISTURBANCES)


@pytest.fixture(scope="module")
def images():
    """Images of random pixels, uint8 [40, 28, 28], none of them 0."""
    return np.random.default_rng(0).integers(1, 256, (40, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_strength_0_changes_nothing(images, name):
    np.testing.assert_array_equal(disturbed(images, name, 0), images)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_again_is_the_same_and_the_images_stay(images, name):
    before = images.copy()
    for strength in DISTURBANCES[name].strengths:
        first = disturbed(images, name, strength)
        assert (first.dtype, first.shape) == (np.uint8, images.shape)
        np.testing.assert_array_equal(first, disturbed(images, name, strength))
        assert (first != images).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("strength", DISTURBANCES["noise"].strengths)
def test_noise_has_the_stated_deviation_before_it_is_clipped(strength):
    grey = np.full((200, 28, 28), 128, np.uint8)
    noise = (disturbed(grey, "noise", strength).astype(float) - 128) / 255
    # Half of full ink is left on each side before clipping: of a normal distribution this part is
    # kept, and the two ends are filled up. Its quantiles tell the deviation all the same.
    low, high = np.quantile(noise, (0.309, 0.691))  # half a deviation below and above the mean
    assert high - low == pytest.approx(strength, rel=0.05)
    assert np.abs(noise).max() <= 128 / 255
    if strength <= 0.1:  # nothing is clipped yet
        assert noise.std() == pytest.approx(strength, rel=0.01)
        assert noise.mean() == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_a_rotation_by_right_angles_is_exact(images, turns):
    for image in images[:3]:
        np.testing.assert_array_equal(rotated(image, 90 * turns), np.rot90(image, turns))


@pytest.mark.parametrize("angle", [10, 30, -60])
def test_any_other_rotation_turns_a_spot_around_the_middle(angle):
    image = np.zeros((28, 28), np.uint8)
    image[12:16, 20:24] = 255  # its middle lies 8 to the right of the image's
    turned = rotated(image, angle).astype(float)
    rows, columns = np.mgrid[:28, :28] - 13.5
    place = np.array([(rows * turned).sum(), (columns * turned).sum()]) / turned.sum()
    around = np.deg2rad(angle)
    np.testing.assert_allclose(place, [-8 * np.sin(around), 8 * np.cos(around)], atol=0.1)


def test_half_of_the_images_are_turned_each_way():
    images = np.zeros((1000, 28, 28), np.uint8)
    images[:, 12:16, 20:24] = 255
    up = disturbed(images, "rotation", 40)[:, :14].any(axis=2).sum(axis=1) > 5
    assert 0.45 < up.mean() < 0.55


@pytest.mark.parametrize(
    "down, right", [(3, 0), (-3, 0), (0, 8), (0, -8), (0, 0), (28, 0), (2, -5)]
)
def test_a_shift_is_a_roll_with_paper(images, down, right):
    wide = np.pad(images[0], 28)  # paper all around, so that a roll brings in nothing else
    expected = np.roll(wide, (down, right), axis=(0, 1))[28:-28, 28:-28]
    np.testing.assert_array_equal(shifted(images[0], down, right), expected)


def test_shifts_go_all_four_ways(images):
    counts = {}
    for image, moved in zip(images, disturbed(images, "shift", 3)):
        ways = [
            way
            for way in ((3, 0), (-3, 0), (0, 3), (0, -3))
            if (shifted(image, *way) == moved).all()
        ]
        (way,) = ways
        counts[way] = counts.get(way, 0) + 1
    assert len(counts) == 4
    assert sum(counts.values()) == len(images)


@pytest.mark.parametrize("side", DISTURBANCES["patch"].strengths)
def test_a_patch_erases_exactly_a_square(images, side):
    erased = disturbed(images, "patch", side) == 0
    assert (erased.sum(axis=(1, 2)) == side * side).all()
    assert (erased.any(axis=1).sum(axis=1) == side).all()  # columns that are touched
    assert (erased.any(axis=2).sum(axis=1) == side).all()  # rows
    assert (disturbed(images, "patch", side)[~erased] == images[~erased]).all()
    assert len({tuple(np.argwhere(one)[0]) for one in erased}) > 20  # anywhere


# What is counted


class Corner(nn.Layer):
    """Reads 1 where there is more than half of full ink in the upper left corner, else 0."""

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        ink = images[:, :1]  # [N, 784] -> [N, 1]
        return paddle.concat([1 - ink, ink, paddle.zeros([len(images), 8]) - 9], axis=1)


@pytest.fixture
def mnist():
    """Test images with ink in the upper left corner, each labelled 1."""
    images = np.zeros((400, 28, 28), np.uint8)
    images[:, 0, 0] = 255
    test = Split(images, np.ones(400, np.int64))
    return dataclasses.replace(load_mnist("sample"), test=test)


def test_accuracies_are_counted_as_by_hand(mnist):
    recognizer = Recognizer(Corner(), "cnn", {"data": {}})
    found = {
        (name, strength): value for name, strength, value in measure_robustness(recognizer, mnist)
    }
    assert list(found) == [
        (name, strength)
        for name, disturbance in DISTURBANCES.items()
        for strength in (0, *disturbance.strengths)
    ]
    assert {found[name, 0] for name in NAMES} == {1.0}
    # The corner leaves the picture, or is moved along the border; and few patches lie upon it.
    assert found["rotation", 40] == found["shift", 1] == 0
    assert found["patch", 4] > 0.98
    # Too little is left where noise takes half of the ink: below -0.5 / 0.6 deviations, for 20%.
    assert found["noise", 0.6] == pytest.approx(0.8, abs=0.05)


def test_a_part_of_the_test_images_is_drawn_by_chance_and_stays_the_same():
    mnist = load_mnist("sample")
    labels = np.arange(5000) % 10
    images = np.zeros((5000, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(5000), 256)
    many = dataclasses.replace(mnist, test=Split(images, labels))
    some = some_test_images(many)
    assert len(some.test) == COUNT == 2000
    numbers = some.test.images[:, 0, 0].astype(int) * 256 + some.test.images[:, 0, 1]
    assert len(set(numbers)) == COUNT
    assert (labels[numbers] == some.test.labels).all()
    assert numbers.mean() == pytest.approx(2500, abs=100)  # 3 standard errors: 75
    np.testing.assert_array_equal(some.test.images, some_test_images(many).test.images)
    assert (some.train, some.validation, some.source) == (
        mnist.train,
        mnist.validation,
        mnist.source,
    )
    assert len(some_test_images(mnist).test) == len(mnist.test) == 1000


def test_images_that_the_network_has_seen_are_refused():
    with pytest.raises(UsageError, match="it has seen them"):
        next(measure_robustness(Recognizer.load(shipped_run("cnn")), load_mnist("sample")))
