"""The digit is scaled into a box of 20x20, and its centre of mass comes to the middle of 28x28."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.data.split import SIDE
from paddle_mnist.images import preparation as images
from paddle_mnist.system.errors import PictureError


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((40, 20), (20, 10)),
        ((10, 40), (5, 20)),
        ((5, 5), (20, 20)),
        ((1, 900), (1, 20)),
        ((900, 1), (20, 1)),
    ],
)
def test_box_keeps_the_aspect(shape, expected):
    assert images.fit_in_box(np.full(shape, 200, np.uint8)).shape == expected


def test_box_averages_when_it_reduces():
    stripes = np.tile(np.array([255, 0], np.uint8), (200, 100))  # lines of one pixel
    stripes[:, :100] = 255
    box = images.fit_in_box(stripes)
    assert (box[:, :9] == 255).all()
    # Dropping pixels would give 0 or 255. Half is expected; the filter's window leaves a ripple.
    assert np.abs(box[:, 11:19].astype(int) - 127.5).max() < 20


def test_edges_in_the_box_have_no_halo():
    # A bilinear filter only averages; a bicubic one would draw a lighter line beside the edge.
    box = images.fit_in_box(np.repeat(np.array([[200, 120]], np.uint8), 50, axis=1).repeat(100, 0))
    assert (box[:, :9] == 255).all()
    assert (box[:, 11:] == 153).all()  # 120 * 255 / 200


def test_thin_strokes_do_not_fade_in_the_box():
    ring = np.zeros((300, 300), np.uint8)
    ring[[0, -1]] = ring[:, [0, -1]] = 255  # a stroke of 1 pixel, 1/15 of a pixel in the box
    assert images.fit_in_box(ring).max() == 255
    with pytest.raises(PictureError, match="nothing to read"):
        images.fit_in_box(np.zeros_like(ring))


def test_the_result_is_as_large_as_the_images_that_networks_are_trained_on():
    assert images.SIZE == SIDE


def test_the_middle_is_pixel_14():
    dot = images.centre_of_mass_to_middle(np.full((1, 1), 255, np.uint8))
    assert np.argwhere(dot).tolist() == [[14, 14]]
    assert images.centre_of_mass_to_middle(np.full((3, 5), 9, np.uint8))[13:16, 12:17].all()


def test_centre_of_mass_is_within_half_a_pixel_where_there_is_room():
    random = np.random.default_rng(3)
    for _ in range(200):
        ink = random.integers(0, 256, random.integers(3, 21, 2)).astype(np.uint8)
        result = images.centre_of_mass_to_middle(ink)
        for axis in (0, 1):
            centre = np.average(np.arange(28), weights=result.sum(axis=axis))
            assert abs(centre - 14) <= 0.5


def test_ink_is_never_cut_off():
    ink = np.zeros((20, 20), np.uint8)
    ink[0], ink[-1, 0] = 255, 80  # nearly all mass at the top: the exact middle would cut the tail
    result = images.centre_of_mass_to_middle(ink)
    assert result.sum(dtype=int) == ink.sum(dtype=int)
    assert np.flatnonzero(result.any(1)).tolist() == [8, 27]
    tall = np.zeros((27, 1), np.uint8)
    tall[0], tall[-1] = 1, 255  # nearly all mass at the bottom
    assert np.flatnonzero(images.centre_of_mass_to_middle(tall).any(1)).tolist() == [0, 26]
    assert images.centre_of_mass_to_middle(np.ones((28, 28), np.uint8)).all()
    with pytest.raises(PictureError, match="nothing to read"):
        images.centre_of_mass_to_middle(np.zeros((20, 20), np.uint8))


def test_ink_that_does_not_fit_is_refused():
    with pytest.raises(PictureError, match="29 x 3 .* into 28 x 28; use fit_in_box first$"):
        images.centre_of_mass_to_middle(np.ones((29, 3), np.uint8))
