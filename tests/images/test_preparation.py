"""The image preparation as a whole: what MNIST's makers describe, of every kind of picture."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import itertools
import json
from collections.abc import Callable
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


def drawings(draw_seven: Callable[..., np.ndarray], count: int) -> list[np.ndarray]:
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
def test_shifted_scaled_and_inverted_pictures_give_the_same_image(trials, figure, draw_seven):
    expected, count = prepare(draw_seven()), trials(30, 500)
    for grey in drawings(draw_seven, count):
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
def test_without_one_of_the_steps_they_do_not(instead, draw_seven):
    # The control of the tests above: each step is needed, and its lack is seen.
    expected = prepare(draw_seven())
    cases = [(is_the_same_in_the_middle, expected, grey) for grey in drawings(draw_seven, 12)]
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


def test_another_digit_is_not_the_same_image(draw_seven):
    # The control of the tolerance above: a mirrored 7 is far outside of it.
    assert least_difference(prepare(draw_seven()), prepare(draw_seven()[:, ::-1])) > 0.5


def test_longest_side_is_20_and_black_surrounds_it(draw_seven):
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


def test_load_image_is_a_batch_of_one(tmp_path, draw_seven):
    grey = draw_seven()
    batch = images.load_image(save(Image.fromarray(grey), tmp_path / "seven.png"))
    assert batch.shape == (1, 28, 28) and batch.dtype == np.uint8
    assert np.array_equal(batch[0], prepare(grey))


def test_load_image_plain_is_the_recipe_of_the_paddle_course(tmp_path, draw_seven):
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


def test_explain_returns_every_step_and_the_last_is_prepare(draw_seven):
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


def test_a_step_can_be_replaced(draw_seven):
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


def test_a_step_that_there_is_not_cannot_be_replaced(draw_seven):
    for function in (images.explain, images.prepare):
        with pytest.raises(UsageError, match="no step crop; the steps are: upright, on_white"):
            function(Image.fromarray(draw_seven()), {"crop": lambda ink: ink})
        with pytest.raises(UsageError, match="no step crop, turn; the steps are: "):
            function(Image.fromarray(draw_seven()), {"turn": None, "crop": None})


# Odd kinds of pictures: each shows the same 7


def odd_pictures(grey: np.ndarray) -> dict[str, Image.Image]:
    """The same picture, dark on light, in every mode that a file may have."""
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


@pytest.mark.parametrize("name", odd_pictures(np.zeros((1, 1), np.uint8)))
def test_every_kind_of_picture_gives_the_same_image(tmp_path, name, recwarn, draw_seven):
    path = save(odd_pictures(draw_seven())[name], tmp_path / name)
    result = images.load_image(path)[0]
    assert difference(prepare(draw_seven()), result) < 0.10
    assert images.load_image_plain(path).mean() == pytest.approx(255 - draw_seven().mean(), abs=6)
    assert not recwarn.list


def test_transparent_colour_of_a_palette_is_paper(tmp_path, draw_seven):
    ink = Image.fromarray((draw_seven() < 128).astype(np.uint8)).convert("P")
    ink.putpalette([0, 0, 0] * 256)  # every colour is black; number 0 is transparent
    for name in ("p.png", "p.gif"):
        result = images.load_image(save(ink, tmp_path / name, transparency=0))[0]
        assert difference(prepare(draw_seven()), result) < 0.10


def test_of_an_animation_the_first_frame_is_read(tmp_path, draw_seven):
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


def test_a_turned_jpeg_is_read_like_the_upright_one(tmp_path, draw_seven):
    grey = draw_seven()
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6
    # Row 0 is the right side and column 0 the top.
    turned = Image.fromarray(np.ascontiguousarray(grey[:, ::-1].T))
    path = save(turned, tmp_path / "turned.jpg", exif=exif, quality=95)
    assert difference(prepare(grey), images.load_image(path)[0]) < 0.05
    path = save(turned, tmp_path / "lying.jpg", quality=95)  # control: without the note
    assert difference(prepare(grey), images.load_image(path)[0]) > 0.5


@pytest.mark.parametrize("side", [100, 300, 600, 1000, 1900])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_small_digit_on_a_large_sheet_is_still_the_ink(side, inverted, draw_seven):
    grey = np.full((side, side), 255, np.uint8)
    grey[30:80, 20:70] = draw_seven((50, 50), 30, (10, 10))
    result = prepare(255 - grey if inverted else grey)
    assert least_difference(prepare(draw_seven()), result) < 0.2


def test_uneven_light_changes_little_in_the_result(draw_seven):
    grey = draw_seven()
    rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]]
    light = 0.95 - 0.5 * (rows / grey.shape[0] + columns / grey.shape[1]) / 2  # 95% to 45%
    photo = np.rint(light * (40 + grey * 0.8)).astype(np.uint8)
    assert least_difference(prepare(grey), prepare(photo)) < 0.15


def test_thickening_keeps_the_shape(draw_seven):
    # The middle of the strokes stays, and strokes meet where they met.
    fine = prepare(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=0.015))
    usual = prepare(draw_seven(pen=0.105))
    assert least_difference(usual, fine) < 0.3
    thin = images.prepare(
        Image.fromarray(draw_seven(size=(600, 720), height=480, corner=(100, 80), pen=0.015)),
        {"usual_stroke_width": lambda ink: ink},
    )
    assert least_difference(usual, thin) > 0.4  # the control


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
