"""From a picture as it was stored to white ink on black: turns, colours, light, paper, edges."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from paddle_mnist.images import preparation as images
from paddle_mnist.system.errors import PictureError


def stored(visual: np.ndarray, orientation: int) -> np.ndarray:
    """Store a picture lying: where row 0 and column 0 are, from EXIF 2.32, section 4.6.4."""
    return {
        1: visual,  # row 0 is the top, column 0 the left side
        2: visual[:, ::-1],  # top, right
        3: visual[::-1, ::-1],  # bottom, right
        4: visual[::-1],  # bottom, left
        5: visual.T,  # left, top
        6: visual[:, ::-1].T,  # right, top
        7: visual[::-1, ::-1].T,  # right, bottom
        8: visual[::-1].T,  # left, bottom
    }[orientation]


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_undoes_every_turn_of_exif(tmp_path, orientation, kind):
    visual = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    exif = Image.Exif()
    exif[images.ORIENTATION] = orientation
    picture = Image.fromarray(np.ascontiguousarray(stored(visual, orientation)))
    path = tmp_path / f"turned.{kind}"
    picture.save(path, exif=exif)
    assert np.array_equal(np.asarray(images.upright(images.open_picture(path))), visual)


def test_transparency_is_laid_on_white():
    pixels = [(0, 0, 0, 0), (0, 0, 0, 255), (100, 50, 200, 128), (255, 0, 0, 51)]
    picture = Image.new("RGBA", (4, 1))
    picture.putdata(pixels)
    # By hand: colour * alpha + white * (1 - alpha)
    expected = [[c * a / 255 + 255 * (1 - a / 255) for c in rgb] for *rgb, a in pixels]
    result = images.on_white(picture)
    assert result.mode == "RGB"
    np.testing.assert_allclose(np.asarray(result)[0], expected, atol=1)


@pytest.mark.parametrize(
    ("mode", "expected"), [("1", "1"), ("L", "L"), ("P", "RGB"), ("CMYK", "RGB"), ("RGB", "RGB")]
)
def test_without_transparency_greys_stay_and_all_others_become_rgb(mode, expected):
    assert images.on_white(Image.new(mode, (2, 2))).mode == expected


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
def test_sixteen_bits_are_scaled_linearly(mode):
    levels = np.arange(65536)
    data = levels.astype(">u2" if mode == "I;16B" else "<u2").tobytes()
    picture = Image.frombytes(mode, (levels.size, 1), data)
    # 65535 / 255 = 257, an odd number, so that no level lies between two greys.
    np.testing.assert_array_equal(images.to_grey(picture)[0], np.rint(levels / 257))


def test_sixteen_bits_survive_a_png_file(tmp_path):
    levels = np.array([[0, 257, 25700, 65535]], np.uint16)
    path = tmp_path / "deep.png"
    Image.fromarray(levels).save(path)
    assert images.to_grey(images.open_picture(path)).tolist() == [[0, 1, 100, 255]]


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_thirty_two_bits_are_scaled_from_darkest_to_lightest(dtype):
    levels = np.array([[-1000, 0, 50, 3000]], dtype)
    grey = images.to_grey(Image.fromarray(levels))
    np.testing.assert_allclose(grey[0], (levels[0] + 1000) * 255 / 4000, atol=0.5)


def test_thirty_two_bits_may_differ_by_little_or_not_at_all():
    levels = np.array([[0.0, 0.1, 0.5]], np.float32)
    assert images.to_grey(Image.fromarray(levels)).tolist() == [[0, 51, 255]]
    assert not images.to_grey(Image.fromarray(np.full((2, 2), 0.5, np.float32))).any()


def test_colours_are_weighted_as_bt_601_says():
    picture = Image.new("RGB", (3, 1))
    picture.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    np.testing.assert_allclose(images.to_grey(picture)[0], [76.2, 149.7, 29.1], atol=0.6)


def test_a_large_picture_is_averaged():
    grey = np.tile(np.array([[0, 200], [0, 200]], np.uint8), (1000, 1200))  # 2000 x 2400
    small = images.not_too_large(grey)
    assert small.shape == (1000, 1200)
    assert np.unique(small).tolist() == [100]
    assert images.not_too_large(grey[:50, :50]).shape == (50, 50)


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (110, 30), (90, 60), (0, 255), (40, 90)])
def test_ink_is_lighter_than_paper_afterwards(paper, ink):
    grey = np.full((40, 40), paper, np.uint8)
    grey[10:30, 18:22] = ink
    result = images.white_ink_on_black(grey)
    assert result[20, 20] > result[0, 0]
    assert abs(int(result[20, 20]) - int(result[0, 0])) == abs(paper - ink)


@pytest.mark.parametrize("turns", range(4))
def test_each_side_of_the_border_counts(turns):
    # Of 34 pixels, 18 are light: both short sides, and the ends of the long ones. One row further
    # in there are only 11.
    grey = np.full((10, 7), 50, np.uint8)
    grey[[0, -1]] = 200
    grey = np.rot90(grey, turns)
    np.testing.assert_array_equal(images.white_ink_on_black(grey), 255 - grey)


def sheet(paper: int, **shares: float) -> np.ndarray:
    """Paper of one level, and so many of 10,000 pixels of other levels: level_40=100."""
    levels = np.full(10_000, paper, np.uint8)
    ends = np.cumsum([0, *shares.values()])
    for name, start, end in zip(shares, ends, ends[1:]):
        levels[5_000 + start : 5_000 + end] = int(name.removeprefix("level_"))
    return levels.reshape(100, 100)  # the border stays paper


@pytest.mark.parametrize(
    ("grey", "paper_is_light"),
    [
        # A few odd pixels do not decide, whatever their level: 5 of 10,000, where 50 are ink.
        (sheet(120, level_0=50, level_255=5), True),
        (sheet(135, level_255=50, level_0=5), False),
        # A difference of 8 levels decides; one of 7 says nothing, and then the odd pixels do.
        (sheet(100, level_92=100, level_200=1), True),
        (sheet(100, level_93=100, level_200=1), False),
        # As much on both sides says nothing, either.
        (sheet(150, level_90=100, level_210=100, level_255=1), False),
        (sheet(100, level_40=100, level_160=100, level_0=1), True),
    ],
)
def test_what_differs_most_from_the_paper_is_ink(grey, paper_is_light):
    expected = 255 - grey if paper_is_light else grey
    np.testing.assert_array_equal(images.white_ink_on_black(grey), expected)


@pytest.mark.parametrize("level", [0, 100, 127, 128, 200, 255])
def test_a_picture_of_one_level_is_paper(level):
    blank = np.full((30, 20), level, np.uint8)
    assert images.white_ink_on_black(blank).max() <= 127
    with pytest.raises(PictureError, match="nothing to read"):
        images.prepare(Image.fromarray(blank))


def test_even_light_takes_the_shade_and_leaves_the_ink():
    rows, columns = np.mgrid[0:60, 0:50]
    shade = 20 + 1.0 * rows + 0.6 * columns  # a plane from 20 to 108
    ink = shade.copy()
    ink[15:45, 22:27] += 100
    result = images.even_light(np.rint(ink).astype(np.uint8))
    expected = np.zeros((60, 50))
    expected[15:45, 22:27] = 100
    np.testing.assert_allclose(result[10:-10, 10:-10], expected[10:-10, 10:-10], atol=3)
    # Half of the 21 pixels wide window ends at the border, so that much of the slope is left.
    assert result[expected == 0].max() <= 10 * 1.6 + 3


def test_even_light_leaves_ink_that_touches_the_border():
    ink = np.zeros((60, 50), np.uint8)
    ink[:5], ink[:, -5:] = 200, 180  # a 7 that is cut out along its bar and its stem
    assert np.array_equal(images.even_light(ink), ink)


@pytest.mark.parametrize("noise", [0, 8])
def test_even_light_leaves_what_is_nearly_black_and_white(noise):
    # A brush wider than a third of the picture would be taken for shade.
    ink = np.zeros((60, 60), np.uint8)
    ink[5:55, 15:45] = 255 - noise
    ink[::3] = np.maximum(ink[::3], noise)
    assert np.array_equal(images.even_light(ink), ink)
    ink[:, :13] = 60  # more than a fifth of grey: it may be a photo
    assert not np.array_equal(images.even_light(ink), ink)


def test_four_fifths_of_black_and_white_are_enough():
    ink = np.zeros((10, 10), np.uint8)
    ink[:, :2] = 100  # at the border, where it would be taken for shade
    assert np.array_equal(images.even_light(ink), ink)
    ink[0, 2] = 100
    assert not np.array_equal(images.even_light(ink), ink)


def test_what_is_wider_than_a_third_is_shade():
    # The window has 2 * int(60 / 3 / 2) + 1 = 21 pixels.
    for width, left in ((20, 160), (21, 0)):
        ink = np.full((60, 60), 40, np.uint8)
        ink[:, 20 : 20 + width] = 200
        expected = np.zeros((60, 60))
        expected[:, 20 : 20 + width] = left
        np.testing.assert_array_equal(images.even_light(ink), expected)


def test_even_light_takes_a_sharp_shadow():
    ink = np.zeros((60, 60), np.uint8)
    ink[:, 35:] = 90
    assert images.even_light(ink)[:, :30].max() == 0
    assert images.even_light(ink)[:, 40:].max() == 0


def test_threshold_equals_a_search_by_hand():
    random = np.random.default_rng(1)
    ink = np.concatenate([random.normal(40, 10, 900), random.normal(180, 25, 100)])
    ink = np.clip(ink, 0, 255).astype(np.uint8)

    def within(level: int) -> float:  # Otsu's other form: the least variance within the parts
        parts = ink[ink <= level], ink[ink > level]
        return sum(part.size * part.var() for part in parts if part.size)

    assert within(images._threshold(ink[None])) == pytest.approx(min(map(within, range(255))))
    ink[:60] = 255  # the last level counts, too
    assert within(images._threshold(ink[None])) == pytest.approx(min(map(within, range(255))))
    ink[:] = 100
    ink[0] = 101  # hardly any variance between the parts
    assert images._threshold(ink[None]) == 100


def test_remove_paper_makes_paper_0_and_ink_255():
    ink = np.full((30, 30), 40, np.uint8)
    ink[10:20, 14:17] = 150
    result = images.remove_paper(ink)
    assert set(result[10:20, 14:17].ravel()) == {255}
    assert result.sum() == 255 * 30


def test_remove_paper_parts_grain_from_ink_at_the_threshold_at_most():
    # Three deviations of even grain reach far beyond its last level: Otsu's threshold comes first,
    # and what is darker must not wrap around below 0.
    ink = np.random.default_rng(7).integers(0, 61, (80, 80)).astype(np.uint8)
    paper = np.median(ink)
    assert paper + 3 * 1.4826 * np.median(np.abs(ink - paper)) > 80
    ink[20:60, 38:43] = 220
    result = images.remove_paper(ink)
    assert (result[20:60, 38:43] == 255).all()
    assert (result > 0).sum() == 40 * 5


def test_one_pixel_of_paper_and_one_of_ink_are_enough():
    assert images.remove_paper(np.array([[0, 200]], np.uint8)).tolist() == [[0, 255]]


def grainy(ink: int) -> np.ndarray:
    """Paper whose levels have the median 100 and the median absolute deviation 10; and ink."""
    return np.repeat(np.array([90, 100, 110, 170, ink], np.uint8), [330, 330, 330, 4, 300])[None]


def test_paper_ends_three_standard_deviations_above_its_median():
    # The deviation is 1.4826 * 10. Otsu's threshold is 170, nearer to the paper's mean than 250 is.
    paper = 100 + 3 * 14.826
    expected = [0, 0, 0, round((170 - paper) * 255 / (250 - paper)), 255]
    assert images.remove_paper(grainy(250))[0, [0, 330, 660, 990, -1]].tolist() == expected


def test_ink_stands_out_by_six_standard_deviations_or_is_grain():
    assert 88 < 6 * 14.826 < 89
    for level, is_ink in ((188, False), (189, True)):
        levels = np.repeat(np.array([90, 100, 110, level], np.uint8), [330, 330, 330, 300])[None]
        assert images.remove_paper(levels).any() == is_ink


def test_ink_stands_out_by_eight_levels_or_is_none():
    for level, is_ink in ((47, False), (48, True)):
        ink = np.full((9, 9), 40, np.uint8)
        ink[4] = level
        assert images.remove_paper(ink).any() == is_ink


def test_levels_are_stretched_whatever_numbers_the_limits_are():
    ink = np.array([[0, 59, 60, 100, 139, 140, 255]], np.uint8)
    for kind in (int, float, np.int64, np.float64):
        result = images._stretch(ink, kind(60), kind(140))
        assert result.tolist() == [[0, 0, 0, 128, 252, 255, 255]]


def test_remove_paper_takes_the_grain_with_it():
    random = np.random.default_rng(2)
    ink = random.normal(60, 6, (100, 100))
    ink[30:70, 48:53] += 110
    result = images.remove_paper(np.clip(np.rint(ink), 0, 255).astype(np.uint8))
    paper = np.delete(result, np.s_[48:53], axis=1)
    assert (paper == 0).mean() > 0.99  # three standard deviations
    assert result[30:70, 48:53].min() > 190


def test_crop_keeps_all_that_is_at_least_a_quarter_ink():
    ink = np.zeros((50, 60), np.uint8)
    ink[10, 20], ink[30, 45], ink[40, 50] = 255, 64, 63
    assert images.crop_to_ink(ink).shape == (21, 26)  # rows 10 to 30, columns 20 to 45
    assert images.crop_to_ink(ink[:11]).tolist() == [[255]]
    with pytest.raises(PictureError, match="nothing to read"):
        images.crop_to_ink(ink[31:])
