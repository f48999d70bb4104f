"""preparation.js in a real Chromium makes of a picture what the package makes of it."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from PIL import __version__ as pillow_version

from paddle_mnist.data import load_mnist
from paddle_mnist.images import open_picture, opening, surroundings
from paddle_mnist.images import preparation as images
from paddle_mnist.images.components import label_pieces
from paddle_mnist.system.errors import PictureError

PARTS = ("elements.js", "statistics.js", "resampling.js", "extremes.js", "components.js")
PARTS += ("surroundings.js", "preparation.js", "pictures.js")
HANDWRITING = Path(__file__).parents[3] / "shared" / "data" / "handwriting"
COUNT = 100

# Pillow resizes in another order since version 13, and before it this makes a small difference.
LARGEST_DIFFERENCE = 0 if int(pillow_version.split(".")[0]) >= 13 else 2

NUMBERS = [
    (module, name)
    for module in (images, surroundings)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, (int, float)) and name not in vars(opening)
]


@pytest.fixture(scope="module")
def engine(run_parts):
    """A function that calls what preparation_calls.js offers."""
    page = run_parts(*PARTS, "preparation_calls.js")
    call = "([name, values]) => test[name](...values)"
    return lambda name, *values: page.evaluate(call, [name, values])


def packed(array: np.ndarray) -> dict:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"width": array.shape[1], "height": array.shape[0], "data": data}


def unpacked(image: dict) -> np.ndarray:
    levels = np.frombuffer(base64.b64decode(image["data"]), np.uint8)
    return levels.reshape(image["height"], image["width"])


# Pictures of digits.


def enlarged(digit: np.ndarray, height: int, pen: int, sharp: bool) -> np.ndarray:
    """How much ink is where, 0…1; strokes are wider by `pen` / 2 of MNIST's pixels."""
    picture = Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC)
    if pen:
        change = ImageFilter.MaxFilter if pen > 0 else ImageFilter.MinFilter
        picture = picture.filter(change(2 * abs(pen) + 1))
    ink = np.asarray(picture.resize((height, height), Image.Resampling.BICUBIC)) / 255
    return np.clip((ink - 0.5) * 8 + 0.5, 0, 1) if sharp else ink


def on_sheet(random: np.random.Generator, digit: np.ndarray, large: bool) -> np.ndarray:
    """A digit somewhere on a sheet, as the part of ink, 0…1; `large`: more than 2000 pixels."""
    height, width = (int(side) for side in random.integers(24, 360) * random.uniform(0.7, 1, 2))
    if large:
        height, width = (int(side) for side in random.integers((2000, 200), (3200, 400)))
    size = max(12, int(min(height, width) * random.uniform(0.3, 1)))
    ink = enlarged(digit, size, int(random.choice([-2, -1, 0, 0, 2, 4])), random.random() < 0.7)
    sheet = np.zeros((max(height, size), max(width, size)))
    top, left = (int(random.integers(0, room - size + 1)) for room in sheet.shape)
    sheet[top : top + size, left : left + size] = ink
    return sheet  # [H, W]


def photo(random: np.random.Generator, sheet: np.ndarray) -> Image.Image:
    """Ink on paper that is not everywhere as light, with grain, lines or a frame, and colour."""
    height, width = sheet.shape
    down, right = np.mgrid[0:height, 0:width] / max(height, width)
    paper = random.uniform(90, 245) + random.uniform(-60, 60) * (down * random.random() + right)
    lines = np.zeros_like(sheet)
    step = max(8, height // random.integers(5, 10))
    if random.random() < 0.3:
        slope = random.uniform(-0.03, 0.03)
        lines += (down - slope * right) * max(height, width) % step < max(1, step // 12)
    if random.random() < 0.2:
        lines += np.arange(width) % step < max(1, step // 12)
    if random.random() < 0.3:
        margin, thick = max(2, height // 20), max(1, height // 100)
        lines[margin:-margin, margin:-margin] += 1
        lines[margin + thick : -margin - thick, margin + thick : -margin - thick] -= 1
    grey = paper * (1 - random.uniform(0.4, 0.95) * sheet)
    grey = grey * (1 - random.uniform(0.1, 0.7) * np.clip(lines, 0, 1))
    grey = grey + random.normal(0, random.choice([0, 1, 3, 6]), sheet.shape)
    colours = np.clip(grey[..., np.newaxis] * random.uniform(0.7, 1, 3), 0, 255).astype(np.uint8)
    return Image.fromarray(colours if random.random() < 0.7 else colours[..., 0])


def drawing(random: np.random.Generator, sheet: np.ndarray) -> Image.Image:
    """Ink of one colour on paper of another, either of them light; perhaps two levels only."""
    dark, light = random.integers(0, 60, 3), random.integers(180, 256, 3)
    ink, paper = (dark, light) if random.random() < 0.5 else (light, dark)
    part = (sheet >= 0.5) if random.random() < 0.5 else sheet
    colours = paper + part[..., np.newaxis] * (ink.astype(float) - paper)
    return Image.fromarray(np.rint(colours).astype(np.uint8))


def transparent(random: np.random.Generator, sheet: np.ndarray) -> Image.Image:
    """Dark ink, and nothing else; the colour of what is not there may be any."""
    colours = np.empty((*sheet.shape, 4), np.uint8)
    colours[..., :3] = random.integers(0, 80, 3)
    colours[..., 3] = np.rint(sheet * random.uniform(120, 255))
    return Image.fromarray(colours)


KINDS: tuple[Callable, ...] = (photo, photo, photo, drawing, transparent)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Picture files: of all kinds, small and large."""
    digits = load_mnist("sample").test.images
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(7)
    paths = []
    for number in range(COUNT):
        sheet = on_sheet(random, digits[number], large=number % 24 == 11)
        picture = KINDS[number % len(KINDS)](random, sheet)
        paths.append(folder / f"{number:03}_{picture.mode}.png")
        picture.save(paths[-1])
    return paths


def explained(path: Path) -> dict[str, np.ndarray] | None:
    """The picture after each step of Python from `to_grey` on; None: nothing to read."""
    try:
        results = images.explain(open_picture(path))
    except PictureError as error:
        assert surroundings.NO_DIGIT in str(error)
        return None
    names = list(results)[list(results).index("to_grey") :]
    return {name: np.asarray(results[name]) for name in names}


@pytest.fixture(scope="module")
def expected(files):
    """What `explained` gives for each of the files."""
    return [explained(path) for path in files]


def in_page(engine, path: Path, **options) -> dict:
    picture = images.upright(open_picture(path)).convert("RGBA")
    return engine("prepare", packed(np.asarray(picture)), options)


def difference(result: dict, expected: dict[str, np.ndarray] | None) -> tuple[int, str]:
    """The largest difference of any step's levels, and the first step with a difference."""
    if expected is None or result["problem"]:
        assert expected is None and result["problem"] == "blank" and result["image"] is None
        return 0, ""
    assert result["names"] == [step.__name__ for step in images.STEPS]
    found = {name: unpacked(image) for name, image in result["steps"]}
    assert result["image"] == found["centre_of_mass_to_middle"].ravel().tolist()
    largest, first = 0, ""
    for name, levels in expected.items():
        assert found[name].shape == levels.shape, name
        step = int(np.abs(found[name].astype(int) - levels).max())
        first = first or (name if step else "")
        largest = max(largest, step)
    return largest, first


def test_every_step_gives_what_python_gives(engine, files, expected):
    assert sum(steps is None for steps in expected) <= COUNT // 10
    for path, steps in zip(files, expected):
        largest, first = difference(in_page(engine, path), steps)
        assert largest <= LARGEST_DIFFERENCE, f"{path.name}: {first}"


def test_pictures_show_what_they_should(expected):
    # Otherwise the test above would say little.
    steps = [results for results in expected if results]
    done = {"not_too_large": 0, "white_ink_on_black": 0, "even_light": 0, "remove_lines": 0}
    done |= {"usual_stroke_width": 0}
    for results in steps:
        names = list(results)
        for name in done:
            before = results[names[names.index(name) - 1]]
            done[name] += not np.array_equal(before, results[name])
    assert done["not_too_large"] >= 2
    assert min(done.values()) >= 2, done
    assert done["white_ink_on_black"] < len(steps)


def test_a_file_opened_by_the_page_gives_nearly_the_same(engine, files):
    chosen = [path for path in files if path.stat().st_size < 300_000][:20]
    modes = {path.stem[4:] for path in chosen}
    assert modes == {"L", "RGB", "RGBA"}
    for path in chosen:
        text = base64.b64encode(path.read_bytes()).decode()
        result, expected = engine("prepareFile", text), explained(path)
        # The browser keeps colours times opacity, in whole numbers.
        limit = 2 if path.stem.endswith("RGBA") else LARGEST_DIFFERENCE
        final = unpacked(result["steps"][-1][1]).astype(int)
        assert np.abs(final - expected["centre_of_mass_to_middle"]).max() <= limit, path.name


@pytest.mark.skipif(not HANDWRITING.is_dir(), reason=f"no real handwriting in {HANDWRITING}")
def test_real_handwriting_gives_what_python_gives(engine):
    paths = sorted(path for path in HANDWRITING.iterdir() if path.suffix in (".png", ".jpg"))
    for path in paths[:: max(1, len(paths) // 60)][:60]:
        largest, first = difference(in_page(engine, path), explained(path))
        assert largest <= LARGEST_DIFFERENCE, f"{path.name}: {first}"


EDGES = {
    "one pixel": np.full((1, 1), 7),
    "one row": np.full((1, 500), 200),
    "one row with ink": np.where(np.arange(500) // 20 == 12, 0, 255)[np.newaxis],
    "one column with ink": np.where(np.arange(500) // 20 == 12, 0, 255)[:, np.newaxis],
    "all black": np.zeros((50, 40)),
    "all grey": np.full((50, 40), 128),
    "all white": np.full((50, 40), 255),
    "two pixels": np.array([[0, 255]]),
    "half and half": np.repeat([[0, 255]], 30, axis=0).repeat(20, axis=1),
    "ink everywhere": np.indices((90, 60)).sum(axis=0) % 2 * 255,
    "a hairline": np.where(np.eye(900) > 0, 0, 255),
}


@pytest.mark.parametrize("name", EDGES)
def test_odd_pictures(engine, name, tmp_path):
    Image.fromarray(EDGES[name].astype(np.uint8)).save(tmp_path / "odd.png")
    result = in_page(engine, tmp_path / "odd.png")
    assert difference(result, explained(tmp_path / "odd.png"))[0] <= LARGEST_DIFFERENCE


def test_mnists_own_pictures(engine, tmp_path):
    for number, digit in enumerate(load_mnist("sample").test.images[:10]):
        path = tmp_path / f"{number}.png"
        Image.fromarray(digit).save(path)
        assert difference(in_page(engine, path), explained(path))[0] <= LARGEST_DIFFERENCE


def test_numbers_are_those_of_python(engine):
    assert len(NUMBERS) > 25
    found = engine("numbers", [name for _, name in NUMBERS])
    assert found == {name: getattr(module, name) for module, name in NUMBERS}


def on_paper(ink: np.ndarray) -> dict:
    """Black ink on white paper, for the page."""
    return packed(np.dstack([255 - ink] * 3 + [ink * 0 + 255]))


def test_ruled_paper_without_a_digit_is_blank(engine, tmp_path):
    sheet = np.zeros((280, 280), np.uint8)
    sheet[20::40] = sheet[21::40] = 90
    found = engine("prepare", on_paper(sheet))
    assert (found["problem"], found["image"]) == ("blank", None)
    last, lines = found["steps"][-1]
    assert last == "remove_lines" and not unpacked(lines).any()
    Image.fromarray(255 - sheet).save(tmp_path / "ruled.png")
    assert explained(tmp_path / "ruled.png") is None
    sheet[65:95, 120:128] = 255  # the control: a short stroke between lines
    assert engine("prepare", on_paper(sheet))["problem"] is None


# The boxes of the ink: first row, first column, height, width.
DIGIT, BELOW, BESIDE = (60, 70, 90, 14), (188, 0, 4, 192), (0, 0, 192, 6)


@pytest.mark.parametrize(
    "boxes, nothing",
    [
        ([BELOW], True),
        ([BESIDE], True),
        ([(0, 0, 192, 20)], True),
        ([(0, 40, 192, 6)], False),  # as long, but not along the border
        ([(188, 0, 4, 150)], False),  # along it, but not as long
        ([DIGIT], False),
        ([DIGIT, BELOW], False),
        ([DIGIT, BESIDE], False),
    ],
    ids=str,
)
def test_ink_along_a_border_only_is_nothing(engine, boxes, nothing):
    sheet = np.zeros((192, 192), np.uint8)
    for top, left, height, width in boxes:
        sheet[top : top + height, left : left + width] = 255
    found = engine("prepare", on_paper(sheet))
    lines = unpacked(dict(found["steps"])["remove_lines"])
    assert (found["doubt"] == "nothing") == nothing
    assert found["doubt"] == surroundings.find_digit(lines)[1]


def test_doubts_are_those_of_python(engine, files, expected):
    for path, steps in zip(files, expected):
        doubt = steps and surroundings.find_digit(steps["remove_lines"])[1]
        assert in_page(engine, path)["doubt"] == doubt, path.name


def test_several_digits_are_noticed_as_in_python(engine, files):
    random = np.random.default_rng(3)
    digits = [images.explain(open_picture(path)) for path in files[3:60:5]]
    for one, other in zip(digits, digits[1:]):
        pair = [np.asarray(each["remove_lines"]) for each in (one, other)]
        height = max(len(each) for each in pair)
        pair = [np.pad(each, ((0, height - len(each)), (0, 0))) for each in pair]
        sheet = np.concatenate(pair[: random.integers(1, 3)], axis=1)
        seen = engine("prepare", on_paper(sheet))
        lines = dict(seen["steps"])["remove_lines"]
        assert seen["doubt"] == surroundings.find_digit(unpacked(lines))[1]


@pytest.mark.parametrize(
    "right, several",
    [  # the box of the ink on the right: first row, first column, height, width
        ((10, 60, 80, 14), True),
        ((20, 60, 52, 14), True),
        ((20, 60, 44, 14), False),  # not nearly as high
        ((10, 34, 80, 6), False),  # no gap
        ((45, 34, 8, 140), True),  # far too wide for one
    ],
    ids=str,
)
def test_two_bars_are_several_if_both_are_high_and_apart(engine, right, several):
    sheet = np.zeros((96, 192), np.uint8)
    for top, left, height, width in ((10, 20, 80, 14), right):
        sheet[top : top + height, left : left + width] = 255
    seen = engine("prepare", on_paper(sheet))
    assert (seen["doubt"] == "several") == several
    assert seen["doubt"] == surroundings.find_digit(sheet)[1]


# A bar of 60 x 10 pixels on a sheet, dark on light; a tenth of it is whole pixels.
TOP, LEFT, HEIGHT, WIDTH = 20, 200, 60, 10


def bar(height: int = 280, width: int = 280) -> dict:
    sheet = np.full((height, width, 4), 255, np.uint8)
    sheet[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH, :3] = 0
    return packed(sheet)


@pytest.mark.parametrize(
    "options, box",
    [  # first row, first column, height, width
        ({}, (4, 13, 20, 3)),
        ({"scale": False}, (12, 14, 6, 1)),
        ({"centre": False}, (0, 19, 20, 3)),  # not off the upper border
        ({"centre": False, "scale": False}, (2, 20, 6, 1)),
    ],
    ids=str,
)
def test_switches(engine, options, box):
    result = engine("prepare", bar(), options)
    top, left, height, width = box
    expected = np.zeros((28, 28), np.uint8)
    expected[top : top + height, left : left + width] = 255
    np.testing.assert_array_equal(np.reshape(result["image"], (28, 28)), expected)
    assert result["steps"][:9] == engine("prepare", bar())["steps"][:9]


def test_without_switches_an_oblong_picture_keeps_its_shape(engine):
    options = {"centre": False, "scale": False}
    result = engine("prepare", bar(height=140), options)
    rows, columns = np.nonzero(np.reshape(result["image"], (28, 28)))
    # Half as high as wide: 7 empty rows above, and as many below.
    assert (rows.min(), rows.max() + 1) == (9, 15)
    assert (columns.min(), columns.max() + 1) == (20, 21)


def test_both_switches_off_shrink_the_picture(engine, files):
    for path in files[3:60:10]:  # drawings, so that the shrunk picture needs no other step
        result = in_page(engine, path, centre=False, scale=False)
        steps = {name: unpacked(image) for name, image in result["steps"]}
        ink = Image.fromarray(steps["remove_paper"])
        size = [max(1, round(side * 28 / max(ink.size))) for side in ink.size]
        shrunk = np.zeros((28, 28))
        top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
        small = np.asarray(ink.resize(size, Image.Resampling.BILINEAR))
        shrunk[top : top + size[1], left : left + size[0]] = small
        final = steps["centre_of_mass_to_middle"].astype(float)
        for axis in (0, 1):
            # Place, size and margin are whole pixels.
            place = [
                np.average(np.arange(28), weights=levels.sum(axis=axis))
                for levels in (shrunk, final)
            ]
            assert place[0] == pytest.approx(place[1], abs=1.5), path.name


# The parts, one by one.


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).integers(0, 256, (67, 90), dtype=np.uint8)


@pytest.mark.parametrize("factor", [1, 2, 3, 5, 8, 30, 100])
def test_reduce(engine, noise, factor):
    expected = np.asarray(Image.fromarray(noise).reduce(factor))
    np.testing.assert_array_equal(unpacked(engine("reduce", packed(noise), factor)), expected)


@pytest.mark.parametrize("name", ["BILINEAR", "BICUBIC"])
@pytest.mark.parametrize(
    "size", [(90, 67), (20, 13), (120, 90), (200, 30), (31, 200), (80, 7), (1, 1)], ids=str
)
def test_resize(engine, noise, name, size):
    picture, resampling = Image.fromarray(noise), Image.Resampling[name]
    expected = np.asarray(picture.resize(size, resampling)).astype(int)
    found = unpacked(engine("resize", packed(noise), *size, name))
    if LARGEST_DIFFERENCE and size in ((200, 30), (80, 7)):  # an older Pillow: one after the other
        expected = np.asarray(picture.resize((90, size[1]), resampling).resize(size, resampling))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("side", [1, 3, 21, 151])
def test_lowest_and_highest_around(engine, noise, side):
    small = noise[:23]
    for name, kind in (
        ("lowestAround", ImageFilter.MinFilter),
        ("highestAround", ImageFilter.MaxFilter),
    ):
        expected = np.asarray(Image.fromarray(small).filter(kind(side)))
        np.testing.assert_array_equal(unpacked(engine(name, packed(small), side)), expected)


def test_on_white_is_exact_for_all_levels_and_opacities(engine):
    levels, opacity = np.mgrid[0:256, 0:256].astype(np.uint8)
    picture = np.dstack([levels, 255 - levels, levels // 2, opacity])
    expected = images.on_white(Image.fromarray(picture)).convert("RGBA").tobytes()
    assert base64.b64decode(engine("onWhite", packed(picture))) == expected


@pytest.mark.parametrize("size", [1, 2, 11, 1000])
def test_statistics(engine, size):
    levels = np.random.default_rng(size).integers(0, 30, size)
    percents = [0, 0.1, 37, 50, 90, 99.9, 100]
    expected = [
        np.median(levels),
        np.median(np.abs(levels - np.median(levels))),
        *np.percentile(levels.astype(np.uint8), percents),
    ]
    assert engine("statistics", levels.tolist(), percents) == expected


def test_halves_are_rounded_as_in_python(engine):
    numbers = [count / 4 for count in range(-20, 21)] + [0.49999999999999994, 2.5 - 1e-9]
    assert engine("rounded", numbers) == [round(number) for number in numbers]


def test_stroke_width(engine, files):
    ink = explained(files[3])["crop_to_ink"]
    solid = np.pad(np.where(ink >= 128, np.uint8(255), np.uint8(0)), 2)
    expected = images.stroke_width(solid)
    assert math.isfinite(expected) and expected > 0
    assert engine("strokeWidth", packed(solid)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.5, 1])
def test_connected_components(engine, share):
    mask = np.random.default_rng(4).random((40, 50)) < share
    found = engine("labels", packed(mask.astype(np.uint8)))
    np.testing.assert_array_equal(np.reshape(found, mask.shape), label_pieces(mask))
