"""Strokes are measured, and fine and thick ones get the width that MNIST's strokes have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from paddle_mnist.images import preparation as images
from paddle_mnist.system.errors import PictureError


def bar(width: float, degrees: float, length: float = 400.0, fine: int = 4) -> np.ndarray:
    """Draw a straight bar in light ink on black."""
    side, turn = round(length * 1.2), math.radians(degrees)
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    corners = [
        tuple(
            fine * (side / 2 + end * length / 2 * a + edge * width / 2 * b)
            for a, b in zip(along, across)
        )
        for end, edge in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    picture = Image.new("L", (side * fine, side * fine), 0)
    ImageDraw.Draw(picture).polygon(corners, fill=255)
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


@pytest.mark.parametrize("width", [6, 12, 24])
@pytest.mark.parametrize("degrees", [0, 10, 30, 45, 70, 90])
def test_stroke_width_of_a_bar(width, degrees):
    length, turn = 400, math.radians(degrees)
    # The outline of a convex shape along rows and columns is twice its height and its width.
    outline = 2 * (length + width) * (abs(math.cos(turn)) + abs(math.sin(turn)))
    expected = 2 * length * width / (outline * math.pi / 4)
    assert images.stroke_width(bar(width, degrees)) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("width", [6, 12])
def test_stroke_width_is_right_as_a_mean_over_directions(width):
    outlines = [1 / images.stroke_width(bar(width, degrees)) for degrees in range(0, 180, 6)]
    assert 1 / np.mean(outlines) == pytest.approx(width, rel=0.06)


@pytest.mark.parametrize("radius", [10, 25, 60])
def test_stroke_width_of_a_disc_and_a_ring(radius):
    rows, columns = np.mgrid[-100:101, -100:101]
    far = np.hypot(rows, columns)
    # A disc's area is pi r^2 and its outline 8 r along rows and columns, so its "width" is r.
    disc = np.where(far <= radius, 255, 0).astype(np.uint8)
    assert images.stroke_width(disc) == pytest.approx(radius, rel=0.06)
    ring = np.where((far <= radius) & (far > radius - 8), 255, 0).astype(np.uint8)
    assert images.stroke_width(ring) == pytest.approx(8, rel=0.1)


def test_stroke_width_does_not_depend_on_how_bright_the_ink_is():
    ink = bar(12, 30)
    assert images.stroke_width(ink // 3) == pytest.approx(images.stroke_width(ink), rel=0.02)
    assert images.stroke_width(np.zeros((9, 9), np.uint8)) == 0
    assert images.stroke_width(np.full((1, 1), 255, np.uint8)) == pytest.approx(2 / math.pi)


def cut_out(grey: np.ndarray) -> np.ndarray:
    return images.explain(Image.fromarray(grey))["crop_to_ink"]


def width_in_a_box_of_20(ink: np.ndarray) -> float:
    """Measure strokes in a larger copy, where they have sharp edges."""
    scale = 240 / max(ink.shape)
    size = [max(1, round(side * scale)) for side in ink.shape[::-1]]
    large = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC))
    return images.stroke_width(np.where(large >= 128, np.uint8(255), np.uint8(0))) / 12


@pytest.mark.parametrize("pen", [0.01, 0.02, 0.03, 0.05, 0.07])
def test_a_fine_pen_gets_strokes_of_the_usual_width(pen, draw_seven):
    ink = cut_out(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=pen))
    thick = images.usual_stroke_width(ink)
    assert width_in_a_box_of_20(ink) < images.THIN
    # It is thickened before it is fitted into the box again, which makes it a little narrower.
    assert width_in_a_box_of_20(thick) == pytest.approx(images.NO_LONGER_THIN, rel=0.2)


@pytest.mark.parametrize("pen", [0.31, 0.33, 0.36])
def test_a_thick_pen_gets_strokes_of_the_usual_width(pen, draw_seven):
    ink = cut_out(draw_seven(size=(300, 300), height=160, corner=(100, 60), pen=pen))
    thin = images.usual_stroke_width(ink)
    assert width_in_a_box_of_20(ink) > images.THICK
    assert images.THIN < width_in_a_box_of_20(thin) < images.THICK


def test_a_blot_is_not_taken_away():
    blot = np.full((50, 40), 255, np.uint8)
    assert images.usual_stroke_width(blot).any()
    on_paper = Image.fromarray(np.pad(255 - blot, 30, constant_values=255))
    assert images.prepare(on_paper).max() == 255


@pytest.mark.parametrize("pen", [0.09, 0.12, 0.2])
def test_usual_strokes_are_left_exactly_alone(pen, draw_seven):
    ink = cut_out(draw_seven(pen=pen))
    assert width_in_a_box_of_20(ink) > images.THIN
    assert np.array_equal(images.usual_stroke_width(ink), ink)


def bars(levels: list[int], width: int, height: int = 120) -> np.ndarray:
    """Upright bars side by side, at the size at which strokes are measured."""
    return np.repeat(np.array([levels], np.uint8), height, axis=0).repeat(width, axis=1)


def test_a_thin_bar_grows_by_a_disk():
    # 2 * 120 * 6 / (2 * (120 + 6) * pi / 4) = 7.3 of 120 pixels are 1.2 of 20, which lack 0.9.
    # So the disk has the radius 0.9 / 2 * 6, about 3: in its rows there are 3, 5, 7, 7, 7, 5 and 3.
    grown = images.usual_stroke_width(bars([255], 6)) > 0
    assert grown.sum(axis=1).tolist() == [8, 10, *[12] * 122, 10, 8]
    assert np.array_equal(grown, grown[::-1, ::-1])


def test_a_thick_bar_shrinks_by_a_disk():
    # 2 * 120 * 40 / (2 * (120 + 40) * pi / 4) = 38.2 of 120 pixels are 6.4 of 20, 2.9 too many.
    shrunk = images.usual_stroke_width(bars([255], 40))
    radius = round(2.87 / 2 * 6)
    np.testing.assert_array_equal(shrunk, np.full((120 - 2 * radius, 40 - 2 * radius), 255))


def test_half_as_bright_as_the_brightest_ink_is_ink():
    # Two bars of 6 pixels make a usual stroke of 12; one of them alone is too thin.
    for levels, is_usual in (([255, 128], True), ([255, 127], False), ([101, 51], True)):
        ink = bars(levels, 6)
        assert np.array_equal(images.usual_stroke_width(ink), ink) == is_usual


@pytest.mark.parametrize("side", [60, 300, 600, 1000, 1500, 1999, 4000])
def test_a_hairline_is_read_at_every_size(side):
    picture = Image.new("L", (side, side), 255)
    corners = [(0.2 * side, 0.2 * side), (0.7 * side, 0.15 * side), (0.4 * side, 0.85 * side)]
    ImageDraw.Draw(picture).line(corners, fill=0, width=max(1, side // 1000))
    thick = images.explain(picture)["usual_stroke_width"]
    # Strokes are fainter than the spot where they meet, and count as ink all the same.
    width = images.stroke_width(np.where(thick >= images.INK, np.uint8(255), np.uint8(0)))
    assert width * images.BOX / max(thick.shape) == pytest.approx(images.NO_LONGER_THIN, rel=0.15)
    assert (images.prepare(picture) >= 100).sum() > 50


def test_nothing_cannot_be_thickened():
    with pytest.raises(PictureError, match="nothing to read"):
        images.usual_stroke_width(np.zeros((9, 9), np.uint8))
