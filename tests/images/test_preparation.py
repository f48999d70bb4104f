"""The image preparation: the whole, every step, and every odd kind of picture."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import itertools
import json
import math
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from paddle_mnist.images import preparation as images
from paddle_mnist.system.errors import PictureError, UsageError

ROOT = Path(__file__).parents[2]
WORK = ROOT / "work"
SAMPLE = ROOT / "paddle_mnist" / "data" / "sample"
STROKES = ROOT / "tests" / "demo" / "strokes.json"
# Corners in a box of height 1. In the box of 20x20 it is 12.9 pixels wide, so that a pixel more
# or less in the picture does not change how its width is rounded.
SEVEN = [(0.0, 0.05), (0.60, 0.0), (0.25, 1.0)]


def draw_seven(size=(200, 240), height=120.0, corner=(60.0, 50.0), pen=0.12, fine=4) -> np.ndarray:
    """Draw a 7 in dark ink (level 0) on light paper (255): uint8 `[H, W]`."""
    picture = Image.new("L", (size[0] * fine, size[1] * fine), 255)
    points = [tuple(fine * (c + height * p) for c, p in zip(corner, point)) for point in SEVEN]
    radius = fine * height * pen / 2
    draw = ImageDraw.Draw(picture)
    draw.line(points, fill=0, width=round(2 * radius))
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def centre(image: np.ndarray) -> tuple[float, float]:
    """Return the centre of mass (row, column), counted in pixels from 0."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    mass = image / image.sum()
    return float((rows * mass).sum()), float((columns * mass).sum())


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean absolute difference, as a share of the mean level of `first`."""
    return float(np.abs(first.astype(float) - second).mean() / first.mean())


def least_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Return the difference where `second` may be moved by one pixel.

    The centre of mass goes to the nearest whole pixel, so two centres on both sides of a half
    come out one pixel apart.
    """
    moves = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(difference(first, np.roll(second, move, axis=(0, 1))) for move in moves)


def prepare(grey: np.ndarray) -> np.ndarray:
    return images.prepare(Image.fromarray(grey))


def save(picture: Image.Image, path: Path, **options) -> Path:
    picture.save(path, **options)
    return path


# The result as a whole


# What MNIST's makers describe, computed in another way. LeCun, Cortes and Burges: "size normalized
# to fit in a 20x20 pixel box while preserving their aspect ratio", with grey levels from
# anti-aliasing, and "centered in a 28x28 image by computing the center of mass of the pixels".


def shares(count: int, parts: int) -> np.ndarray:
    """How much of each of `count` pixels in a row lies in each of `parts` equal parts of it."""
    edges = np.arange(parts + 1) * count / parts
    starts = np.arange(count)
    ends = np.minimum(edges[1:, np.newaxis], starts + 1)
    return np.clip(ends - np.maximum(edges[:-1, np.newaxis], starts), 0, None)  # [parts, count]


def by_the_book(ink: np.ndarray, more: int = 0) -> np.ndarray:
    """What MNIST has of a digit that is cut out along its edges: means of each pixel's area.

    Its shorter side seldom is a whole number of pixels; `more` is added to the nearest.
    """
    longest = max(ink.shape)
    sides = [round(20 * side / longest) + (more if side < longest else 0) for side in ink.shape]
    height, width = (min(max(side, 1), 20) for side in sides)
    box = shares(len(ink), height) @ ink @ shares(len(ink[0]), width).T
    box *= 255 / box.max()
    top, left = (
        min(max(round(14 - mean), 0), 28 - side) for mean, side in zip(centre(box), box.shape)
    )
    return np.pad(box, ((top, 28 - height - top), (left, 28 - width - left)))


def difference_from_the_book(ink: np.ndarray, result: np.ndarray) -> float:
    return min(least_difference(by_the_book(ink, more), result) for more in (-1, 0, 1))


def enlarged(digit: np.ndarray, longest: int) -> np.ndarray:
    """A digit of MNIST, cut out along its edges, in another size: uint8 `[h, w]`, 0 for paper."""
    ink = images.crop_to_ink(digit)
    height, width = (round(longest * side / max(ink.shape)) for side in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC))


def written(shape: dict, longest: int, fine: int = 4) -> np.ndarray:
    """Strokes of a pen in any size, cut out along their edges: uint8 `[h, w]`, 0 for paper."""
    strokes = [np.array(stroke, float) for stroke in shape["strokes"]]
    points, radius = np.concatenate(strokes), shape["brush"] / 2
    corner, end = points.min(axis=0) - radius, points.max(axis=0) + radius
    scale = longest / (end - corner).max()
    width, height = np.ceil((end - corner) * scale).astype(int).tolist()
    picture, radius = Image.new("L", (width * fine, height * fine)), radius * scale * fine
    draw = ImageDraw.Draw(picture)
    for stroke in strokes:
        places = [(x, y) for x, y in (stroke - corner) * scale * fine]
        draw.line(places, fill=255, width=round(2 * radius))
        for x, y in places:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def sheets(count: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Digits of MNIST, and written ones, somewhere on sheets of many sizes, on many papers.

    Returns:
        For each what it is (large, cut out, white on black), its ink in the size that it has on the
        sheet, and the sheet: uint8, ink on paper or the other way round.
    """
    random = np.random.default_rng(18)
    digits, shapes = read_sample(), json.loads(STROKES.read_text(encoding="utf-8"))
    found = []
    for number in range(count):
        longest = int(random.integers(60, 240))
        if number % 2:
            what = images.crop_to_ink(digits[random.integers(len(digits))])
            ink = enlarged(what, longest)
        else:
            shape = shapes[random.integers(len(shapes))]
            what, ink = written(shape, 400), written(shape, longest)
        # Less than a tenth of the sheet's height is taken for no digit (surroundings.DIGIT_HEIGHT).
        most = random.choice([0.5, 1, 4])
        around = (random.uniform(0.05, most, (2, 2)) * len(ink)).astype(int)
        dark, light = random.integers(0, 60), random.integers(150, 256)
        grey = np.rint(light - np.pad(ink, around) / 255.0 * (light - dark)).astype(np.uint8)
        found.append((what, ink, 255 - grey if random.random() < 0.5 else grey))
    return found


# A part of the ink. Pillow's filter makes edges softer than the mean of an area: for most digits by
# 0.1 to 0.2. And ink ends somewhere within a pixel, so that a stroke of three pixels may be wider
# or narrower by half a one.
TOLERANCE = 0.35


def as_it_is(ink: np.ndarray) -> np.ndarray:
    return ink


def is_by_the_book(what: np.ndarray, result: np.ndarray) -> bool:
    rows, columns = np.flatnonzero(result.any(axis=1)), np.flatnonzero(result.any(axis=0))
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    off = np.abs(np.subtract(centre(result), 14)).max()
    return difference_from_the_book(what, result) < TOLERANCE and longest == 20 and off <= 0.5


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=18)
def test_any_digit_on_any_sheet_becomes_what_mnist_has_of_it(trials, figure):
    count = trials(30, 500)
    found, changes = [], []
    for what, _ink, grey in sheets(count):
        # Strokes that are wider or narrower than usual are not in the book.
        result = images.prepare(Image.fromarray(grey), {"usual_stroke_width": as_it_is})
        assert is_by_the_book(what, result)
        found.append(difference_from_the_book(what, result))
        again = images.prepare(Image.fromarray(result), {"usual_stroke_width": as_it_is})
        changes.append(least_difference(result, again))
    # Without grey edges, what is written would be twice as far away.
    assert np.mean(found[::2]) < 0.15 and np.mean(found[1::2]) < 0.2
    # What is prepared already hardly changes.
    assert max(changes) < TOLERANCE and np.mean(changes) < TOLERANCE / 4
    figure("{} digits, shifted, scaled, inverted: {} are not what MNIST has of them", count, 0)


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=18)
def test_shifted_and_inverted_pictures_give_exactly_the_same_image(trials, figure):
    count = trials(12, 200)
    random = np.random.default_rng(6)
    for number, (_what, ink, _grey) in enumerate(sheets(count)):
        grey = 255 - np.pad(ink, 12)
        expected = prepare(grey)
        shifted = np.pad(grey, random.integers(0, 90, (2, 2)), constant_values=255)
        result = prepare(shifted)
        assert np.array_equal(prepare(255 - shifted), result)
        # The wide soft edges of an enlarged digit of MNIST are taken for shade, or for grain, by
        # how much paper there is; the test above is for them.
        assert number % 2 or np.array_equal(result, expected)
    figure("{} digits, shifted and inverted: {} give another image", count, 0)


@pytest.mark.promise(row=18, control=True)
def test_other_digits_are_not_the_same_by_far():
    # The control of the tolerance above.
    digits = [images.crop_to_ink(digit) for digit in read_sample()[:16]]
    for first, second in itertools.permutations(digits, 2):
        assert difference_from_the_book(first, by_the_book(second)) > TOLERANCE


def drawings(count: int) -> list[np.ndarray]:
    """Draw the same 7 at other places, in other sizes, with other ink on other paper."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(count):
        height = random.uniform(60, 200)
        corner = tuple(random.uniform(15, 60, 2))
        width = round(corner[0] + height + random.uniform(0, 50))
        size = (width, round(corner[1] + height + 20 + random.uniform(0, 50)))
        dark, light = random.integers(0, 60), random.integers(150, 256)
        grey = np.rint(dark + draw_seven(size, height, corner) / 255 * (light - dark))
        found.append((255 - grey if random.random() < 0.5 else grey).astype(np.uint8))
    return found


def is_the_same_in_the_middle(expected: np.ndarray, result: np.ndarray) -> bool:
    off = np.abs(np.subtract(centre(result), 14)).max()
    return least_difference(expected, result) < 0.15 and off <= 0.5


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=18)
def test_shifted_scaled_and_inverted_pictures_give_the_same_image(trials, figure):
    expected, count = prepare(draw_seven()), trials(30, 500)
    for grey in drawings(count):
        assert is_the_same_in_the_middle(expected, prepare(grey))
    figure("{} drawings of the same 7: {} give another image", count, 0)


def reduce_by_8(ink: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(ink).reduce(8))[:28, :28]


def lay_into_the_corner(ink: np.ndarray) -> np.ndarray:
    return np.pad(ink, ((0, 28 - ink.shape[0]), (0, 28 - ink.shape[1])))


@pytest.mark.slow_for_mutants
@pytest.mark.parametrize(
    "instead",
    [
        {"fit_in_box": reduce_by_8},
        {"centre_of_mass_to_middle": lay_into_the_corner},
        {"cut_out_digit": lambda ink: ink, "crop_to_ink": lambda ink: ink},
        {"white_ink_on_black": lambda grey: grey},
    ],
    ids=["not scaled", "not centred", "not cut out", "not inverted"],
)
@pytest.mark.promise(row=18, control=True)
def test_without_one_of_the_steps_they_do_not(instead):
    # The control of the tests above: each step is needed, and its lack is seen.
    expected = prepare(draw_seven())
    cases = [(is_the_same_in_the_middle, expected, grey) for grey in drawings(12)]
    cases += [(is_by_the_book, what, grey) for what, _ink, grey in sheets(12)]
    same = []
    for is_same, known, grey in cases:
        try:
            result = images.prepare(Image.fromarray(grey), instead)
        except PictureError:
            same.append(False)
        else:
            same.append(is_same(known, result))
    assert not all(same[:12]) and not all(same[12:])
    assert np.mean(same) < 0.8


def test_another_digit_is_not_the_same_image():
    # The control of the tolerance above: a mirrored 7 is far outside of it.
    assert least_difference(prepare(draw_seven()), prepare(draw_seven()[:, ::-1])) > 0.5


def test_longest_side_is_20_and_black_surrounds_it():
    result = prepare(draw_seven())
    rows, columns = np.flatnonzero(result.any(1)), np.flatnonzero(result.any(0))
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 < 20
    assert result.dtype == np.uint8 and result.shape == (28, 28)
    assert result.max() == 255 and np.median(result) == 0


def read_sample() -> np.ndarray:
    files = sorted(SAMPLE.glob("t10k-images*"))
    if not files:
        pytest.skip("the sample of MNIST is not there")
    data = files[0].read_bytes()
    data = gzip.decompress(data) if files[0].suffix == ".gz" else data
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)[:300]


@pytest.mark.slow_for_mutants
@pytest.mark.parametrize("inverted", [False, True])
def test_real_mnist_images_stay_nearly_as_they_are(inverted):
    digits = read_sample()
    results = np.stack([prepare(255 - digit if inverted else digit) for digit in digits])
    change = np.abs(results.astype(float) - digits).mean(axis=(1, 2))  # grey levels a pixel
    # Where a centre of mass is almost half a pixel off, the digit may move by one: rare. So are
    # digits whose strokes are very thin or thick, and those with a speck beside them.
    assert np.mean(change < 2) > 0.9
    least = [least_difference(digit, result) for digit, result in zip(digits, results)]
    assert np.median(least) < 0.01 and np.mean(least) < 0.04


@pytest.mark.slow_for_mutants
def test_hardly_any_mnist_image_is_touched_by_what_is_meant_for_photos():
    steps = [images.explain(Image.fromarray(digit)) for digit in read_sample()]

    def share(step: str, before: str) -> float:
        return float(np.mean([not np.array_equal(each[step], each[before]) for each in steps]))

    assert share("even_light", "white_ink_on_black") == 0
    assert share("remove_lines", "remove_paper") == 0
    assert 0 < share("usual_stroke_width", "crop_to_ink") < 0.08
    specks = [each["crop_to_ink"].shape != images.crop_to_ink(each["remove_lines"]).shape
              for each in steps]  # fmt: skip
    assert np.mean(specks) < 0.04


def test_load_image_is_a_batch_of_one(tmp_path):
    grey = draw_seven()
    batch = images.load_image(save(Image.fromarray(grey), tmp_path / "seven.png"))
    assert batch.shape == (1, 28, 28) and batch.dtype == np.uint8
    assert np.array_equal(batch[0], prepare(grey))


def test_load_image_plain_is_the_recipe_of_the_paddle_course(tmp_path):
    path = save(Image.fromarray(draw_seven()).convert("RGB"), tmp_path / "seven.png")
    im = Image.open(path).convert("L").resize((28, 28), Image.Resampling.LANCZOS)
    expected = 1 - np.array(im).astype(np.float32) / 255
    plain = images.load_image_plain(str(path))
    assert plain.shape == (1, 28, 28) and plain.dtype == np.uint8
    np.testing.assert_allclose(plain[0] / 255, expected, atol=1e-6)


STEPS = [
    "upright",
    "on_white",
    "to_grey",
    "not_too_large",
    "white_ink_on_black",
    "even_light",
    "remove_paper",
    "remove_lines",
    "cut_out_digit",
    "crop_to_ink",
    "usual_stroke_width",
    "fit_in_box",
    "centre_of_mass_to_middle",
]


def test_explain_returns_every_step_and_the_last_is_prepare():
    picture = Image.fromarray(draw_seven(pen=0.04)).convert("RGBA")
    found = images.explain(picture)
    assert list(found) == STEPS == [step.__name__ for step in images.STEPS]
    np.testing.assert_array_equal(found["centre_of_mass_to_middle"], images.prepare(picture))
    result = picture
    for name in STEPS:  # each step takes what the one before it returned
        result = getattr(images, name, None)(result)
        np.testing.assert_array_equal(np.asarray(result), np.asarray(found[name]))
    for name in STEPS[2:]:
        assert isinstance(found[name], np.ndarray) and found[name].dtype == np.uint8, name


def test_a_step_can_be_replaced():
    picture = Image.fromarray(draw_seven(pen=0.04))
    usual = images.explain(picture)
    thin = images.explain(picture, {"usual_stroke_width": lambda ink: ink})
    assert list(thin) == STEPS
    np.testing.assert_array_equal(thin["crop_to_ink"], usual["crop_to_ink"])
    np.testing.assert_array_equal(thin["usual_stroke_width"], usual["crop_to_ink"])
    assert thin["centre_of_mass_to_middle"].sum() < 0.9 * usual["centre_of_mass_to_middle"].sum()
    seen = []
    changed = images.prepare(picture, {"upright": lambda given: seen.append(given) or given})
    assert seen == [picture]
    np.testing.assert_array_equal(changed, images.prepare(picture))


def test_a_step_that_there_is_not_cannot_be_replaced():
    for function in (images.explain, images.prepare):
        with pytest.raises(UsageError, match="no step crop; the steps are: upright, on_white"):
            function(Image.fromarray(draw_seven()), {"crop": lambda ink: ink})
        with pytest.raises(UsageError, match="no step crop, turn; the steps are: "):
            function(Image.fromarray(draw_seven()), {"turn": None, "crop": None})


# Each step


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
    path = save(picture, tmp_path / f"turned.{kind}", exif=exif)
    assert np.array_equal(np.asarray(images.upright(images.open_picture(path))), visual)


def test_a_turned_jpeg_is_read_like_the_upright_one(tmp_path):
    grey = draw_seven()
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6
    turned = Image.fromarray(np.ascontiguousarray(stored(grey, 6)))
    path = save(turned, tmp_path / "turned.jpg", exif=exif, quality=95)
    assert difference(prepare(grey), images.load_image(path)[0]) < 0.05
    path = save(turned, tmp_path / "lying.jpg", quality=95)  # control: without the note
    assert difference(prepare(grey), images.load_image(path)[0]) > 0.5


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
    path = save(Image.fromarray(levels), tmp_path / "deep.png")
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


@pytest.mark.parametrize("side", [100, 300, 600, 1000, 1900])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_small_digit_on_a_large_sheet_is_still_the_ink(side, inverted):
    grey = np.full((side, side), 255, np.uint8)
    grey[30:80, 20:70] = draw_seven((50, 50), 30, (10, 10))
    result = prepare(255 - grey if inverted else grey)
    assert least_difference(prepare(draw_seven()), result) < 0.2


@pytest.mark.parametrize("level", [0, 100, 127, 128, 200, 255])
def test_a_picture_of_one_level_is_paper(level):
    blank = np.full((30, 20), level, np.uint8)
    assert images.white_ink_on_black(blank).max() <= 127
    with pytest.raises(PictureError, match="nothing to read"):
        prepare(blank)


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


def test_uneven_light_changes_little_in_the_result():
    grey = draw_seven()
    rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]]
    light = 0.95 - 0.5 * (rows / grey.shape[0] + columns / grey.shape[1]) / 2  # 95% to 45%
    photo = np.rint(light * (40 + grey * 0.8)).astype(np.uint8)
    assert least_difference(prepare(grey), prepare(photo)) < 0.15


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
def test_a_fine_pen_gets_strokes_of_the_usual_width(pen):
    ink = cut_out(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=pen))
    thick = images.usual_stroke_width(ink)
    assert width_in_a_box_of_20(ink) < images.THIN
    # It is thickened before it is fitted into the box again, which makes it a little narrower.
    assert width_in_a_box_of_20(thick) == pytest.approx(images.NO_LONGER_THIN, rel=0.2)


@pytest.mark.parametrize("pen", [0.31, 0.33, 0.36])
def test_a_thick_pen_gets_strokes_of_the_usual_width(pen):
    ink = cut_out(draw_seven(size=(300, 300), height=160, corner=(100, 60), pen=pen))
    thin = images.usual_stroke_width(ink)
    assert width_in_a_box_of_20(ink) > images.THICK
    assert images.THIN < width_in_a_box_of_20(thin) < images.THICK


def test_a_blot_is_not_taken_away():
    blot = np.full((50, 40), 255, np.uint8)
    assert images.usual_stroke_width(blot).any()
    assert prepare(np.pad(255 - blot, 30, constant_values=255)).max() == 255


@pytest.mark.parametrize("pen", [0.09, 0.12, 0.2])
def test_usual_strokes_are_left_exactly_alone(pen):
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


def test_thickening_keeps_the_shape():
    # The middle of the strokes stays, and strokes meet where they met.
    fine = prepare(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=0.015))
    usual = prepare(draw_seven(pen=0.105))
    assert least_difference(usual, fine) < 0.3
    thin = images.prepare(
        Image.fromarray(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=0.015)),
        {"usual_stroke_width": lambda ink: ink},
    )
    assert least_difference(usual, thin) > 0.4  # the control


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


def test_the_middle_is_pixel_14():
    dot = images.centre_of_mass_to_middle(np.full((1, 1), 255, np.uint8))
    assert np.argwhere(dot).tolist() == [[14, 14]]
    assert images.centre_of_mass_to_middle(np.full((3, 5), 9, np.uint8))[13:16, 12:17].all()


def test_centre_of_mass_is_within_half_a_pixel_where_there_is_room():
    random = np.random.default_rng(3)
    for _ in range(200):
        ink = random.integers(0, 256, random.integers(3, 21, 2)).astype(np.uint8)
        assert np.abs(np.subtract(centre(images.centre_of_mass_to_middle(ink)), 14)).max() <= 0.5


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


# Odd kinds of pictures: each shows the same 7


def odd_pictures() -> dict[str, Image.Image]:
    grey = draw_seven()
    picture = Image.fromarray(grey)
    alpha = Image.fromarray(255 - grey)
    black = Image.new("L", picture.size)
    palette = picture.quantize(16)
    return {
        "1.png": picture.point(lambda level: 255 * (level > 127)).convert("1"),
        "l.bmp": picture,
        "la.png": Image.merge("LA", (black, alpha)),
        "p.png": palette,
        "p.gif": palette,
        "rgb.webp": picture.convert("RGB"),
        "rgba.png": Image.merge("RGBA", (black, black, black, alpha)),
        "rgba.webp": Image.merge("RGBA", (black, black, black, alpha)),
        "rgba.tiff": Image.merge("RGBA", (black, black, black, alpha)),
        "cmyk.jpg": picture.convert("RGB").convert("CMYK"),
        "cmyk.tiff": picture.convert("RGB").convert("CMYK"),
        "i16.png": Image.fromarray(grey.astype(np.uint16) * 257),
        "i16.tiff": Image.fromarray(grey.astype(np.uint16) * 257),
        "i.tiff": Image.fromarray(grey.astype(np.int32) * 70_000),
        "f.tiff": Image.fromarray(grey.astype(np.float32) / 255),
    }


@pytest.mark.parametrize("name", odd_pictures())
def test_every_kind_of_picture_gives_the_same_image(tmp_path, name, recwarn):
    path = save(odd_pictures()[name], tmp_path / name)
    result = images.load_image(path)[0]
    assert difference(prepare(draw_seven()), result) < 0.10
    assert images.load_image_plain(path).mean() == pytest.approx(255 - draw_seven().mean(), abs=6)
    assert not recwarn.list


def test_transparent_colour_of_a_palette_is_paper(tmp_path):
    ink = Image.fromarray((draw_seven() < 128).astype(np.uint8)).convert("P")
    ink.putpalette([0, 0, 0] * 256)  # every colour is black; number 0 is transparent
    for name in ("p.png", "p.gif"):
        result = images.load_image(save(ink, tmp_path / name, transparency=0))[0]
        assert difference(prepare(draw_seven()), result) < 0.10


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    first = Image.fromarray(draw_seven())
    others = [Image.fromarray(np.roll(draw_seven()[::-1], step)) for step in range(3)]
    path = save(first, tmp_path / "film.gif", save_all=True, append_images=others)
    with Image.open(path) as film:
        assert film.n_frames == 4
    assert difference(prepare(draw_seven()), images.load_image(path)[0]) < 0.05


def test_a_thin_picture_20000_pixels_wide(tmp_path):
    grey = np.full((3, 20_000), 255, np.uint8)
    grey[:, 9_000:9_400] = 0
    result = images.load_image(save(Image.fromarray(grey), tmp_path / "thin.png"))[0]
    assert np.flatnonzero(result.any(0)).size == 20
    assert np.abs(np.subtract(centre(result), 14)).max() <= 0.5


def test_the_plain_way_reads_a_picture_of_one_pixel(tmp_path):
    path = save(Image.new("L", (1, 1), 55), tmp_path / "dot.png")
    assert np.unique(images.load_image_plain(path)).tolist() == [200]


# Pictures that show nothing; tests/test_picture_files.py has the files that are not pictures


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def bad_files() -> dict[str, tuple[bytes, str]]:
    grain = np.random.default_rng(4).normal(200, 6, (90, 90)).astype(np.uint8)
    not_numbers = np.full((9, 9), np.nan, np.float32)
    return {
        "white.png": (encoded(Image.new("RGB", (50, 40), "white"), "PNG"), "nothing to read"),
        "black.jpg": (encoded(Image.new("L", (50, 40)), "JPEG"), "nothing to read"),
        "grey.png": (encoded(Image.new("L", (50, 40), 128), "PNG"), "nothing to read"),
        "clear.png": (encoded(Image.new("RGBA", (50, 40)), "PNG"), "nothing to read"),
        "dot.gif": (encoded(Image.new("L", (1, 1)), "GIF"), "nothing to read"),
        "grain.png": (encoded(Image.fromarray(grain), "PNG"), "nothing to read"),
        "signalling.tiff": (
            encoded(Image.frombytes("F", (1, 1), b"\x01\x00\xa0\x7f"), "TIFF"),
            "not numbers",
        ),
        "nan.tiff": (encoded(Image.fromarray(not_numbers), "TIFF"), "not numbers"),
        "text.png": (b"this is not a picture\n" * 9, "not a picture of a known kind"),
    }


@pytest.mark.parametrize("name", bad_files())
def test_bad_files_are_refused_by_name(tmp_path, name, recwarn):
    content, message = bad_files()[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PictureError, match=message) as caught:
        images.load_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert not recwarn.list


def test_the_plain_way_names_the_file_too(tmp_path):
    with pytest.raises(PictureError, match=r"nowhere\.png: there is no such file"):
        images.load_image_plain(tmp_path / "nowhere.png")
    path = tmp_path / "nan.tiff"
    path.write_bytes(bad_files()["nan.tiff"][0])
    with pytest.raises(PictureError, match=r"nan\.tiff: it has pixels that are not numbers .NaN "):
        images.load_image_plain(path)


# The example pictures


@pytest.mark.slow_for_mutants
def test_there_is_a_readable_example_of_every_digit():
    with (WORK / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    examples = {row["file"]: row["label"] for row in rows if row["file"].startswith("example_")}
    assert len(examples) >= 12
    assert {examples[f"example_{digit}.jpg"] for digit in range(10)} == set("0123456789")
    for name, label in examples.items():
        assert name.startswith(f"example_{label}")
        assert (WORK / name).stat().st_size < 40_000
        result = images.load_image(WORK / name)[0]
        rows_of_ink, columns_of_ink = np.flatnonzero(result.any(1)), np.flatnonzero(result.any(0))
        assert max(np.ptp(rows_of_ink), np.ptp(columns_of_ink)) + 1 == 20
        assert 0.03 < result.mean() / 255 < 0.25  # MNIST's mean is 0.13


def make_examples():
    """Import the script that drew the examples."""
    place = ROOT / "scripts" / "make_examples.py"
    spec = importlib.util.spec_from_file_location("make_examples", place)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_script_draws_the_examples_that_are_there():
    script = make_examples()
    for seed, example in enumerate(script.EXAMPLES):
        if max(example.size) <= 300:
            drawn = script.draw_example(example, seed)
            with Image.open(WORK / example.file) as shipped:
                assert shipped.size == drawn.size and shipped.mode == drawn.mode
                # JPEG changes pixels a little, and not every version of it in the same way.
                assert np.abs(np.subtract(drawn, shipped, dtype=float)).mean() < 2


@pytest.mark.slow_for_mutants
def test_paper_light_and_grain_of_the_examples_are_taken_away():
    script = make_examples()
    for seed, example in enumerate(script.EXAMPLES):
        ink = script.draw_ink(example, np.random.default_rng(seed))
        without_paper = prepare(np.rint(255 * ink).astype(np.uint8))
        result = images.load_image(WORK / example.file)[0]
        assert least_difference(without_paper, result) < 0.15, example.file
