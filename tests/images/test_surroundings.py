"""What surrounds a digit goes (ruled lines, frames, edges, specks), and the digit itself stays."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from paddle_mnist.images import surroundings
from paddle_mnist.system.errors import PictureError

FINE = 4  # drawings are made so many times larger, and averaged
SIZE = (200, 240)  # width and height of the drawings
SEVEN = [(60, 66), (132, 60), (90, 180)]
FOUR = [[(80, 40), (60, 130), (112, 130)], [(130, 60), (125, 200)]]  # of two strokes
FIVE = [[(90, 50), (140, 50)], [(75, 66), (72, 115), (130, 120), (132, 180), (70, 190)]]


def draw(*lines: list[tuple[float, float]], pen: float = 14, level: int = 255,
         size: tuple[int, int] = SIZE) -> np.ndarray:  # fmt: skip
    """Draw light strokes with round ends on black: uint8 [H, W]."""
    picture = Image.new("L", (size[0] * FINE, size[1] * FINE), 0)
    canvas = ImageDraw.Draw(picture)
    for line in lines:
        points = [(FINE * x, FINE * y) for x, y in line]
        canvas.line(points, fill=level, width=max(1, round(FINE * pen)))
        for x, y in points:
            radius = FINE * pen / 2
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=level)
    return np.array(picture.resize(size, Image.Resampling.BOX))


def rectangle(left: float, top: float, right: float, bottom: float, tilt: float = 0.0):
    """Return the corners of a rectangle, turned by `tilt` degrees, as one closed line."""
    turn = math.radians(tilt)
    middle, centre = (left + right) / 2, (top + bottom) / 2
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [
        (
            middle + (x - middle) * math.cos(turn) - (y - centre) * math.sin(turn),
            centre + (x - middle) * math.sin(turn) + (y - centre) * math.cos(turn),
        )
        for x, y in corners
    ]


def ellipse(width: float, height: float, pen: float) -> np.ndarray:
    picture = Image.new("L", (SIZE[0] * FINE, SIZE[1] * FINE), 0)
    middle, centre = SIZE[0] / 2, SIZE[1] / 2
    box = (middle - width / 2, centre - height / 2, middle + width / 2, centre + height / 2)
    box = tuple(FINE * side for side in box)
    ImageDraw.Draw(picture).ellipse(box, outline=255, width=round(FINE * pen))
    return np.asarray(picture.resize(SIZE, Image.Resampling.BOX))


def together(*pictures: np.ndarray) -> np.ndarray:
    return np.maximum.reduce(pictures)


def box_of(ink: np.ndarray) -> np.ndarray:
    """Cut a picture to the box of its strong ink: what cut_out_digit should return, nearly."""
    rows = np.flatnonzero((ink >= 128).any(axis=1))
    columns = np.flatnonzero((ink >= 128).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def ruled(rise: float = 0.0, pen: float = 3.0, level: int = 150, gap: int = 30) -> np.ndarray:
    """Draw lines across the whole picture that fall by `rise` pixels from left to right."""
    lines = [[(-10, y), (SIZE[0] + 10, y + rise * (1 + 20 / SIZE[0]))] for y in range(10, 300, gap)]
    return draw(*lines, pen=pen, level=level)


def assert_cut_out(picture: np.ndarray, digit: np.ndarray) -> None:
    """What is cut out is where the digit is: with its own ink, and little around it."""
    cut = surroundings.cut_out_digit(picture)
    expected = box_of(digit)
    around = 3 * math.ceil(max(picture.shape) / surroundings.COPY_SIDE)
    for is_there, wanted in zip(cut.shape, expected.shape):
        assert wanted <= is_there <= wanted + 2 * around
    assert (box_of(cut) >= 128).sum() == (expected >= 128).sum()


# The small copy


@pytest.mark.parametrize(
    "shape, copy, block",
    [
        ((96, 10), (96, 10), 1),
        ((97, 10), (49, 5), 2),
        ((1, 5000), (1, 95), 53),
        ((1, 1), (1, 1), 1),
    ],
)
def test_the_small_copy_has_a_longest_side(shape, copy, block):
    result, side = surroundings.small_copy(np.zeros(shape, np.uint8))
    assert (result.shape, side) == (copy, block)
    assert max(result.shape) <= surroundings.COPY_SIDE


def test_each_pixel_of_the_copy_is_the_mean_of_a_block():
    ink = np.random.default_rng(0).integers(0, 256, (384, 288)).astype(np.uint8)
    copy, block = surroundings.small_copy(ink)
    assert block == 4
    expected = ink.reshape(96, 4, 72, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(copy, expected, atol=1)


# Lines


@pytest.mark.parametrize("level", [60, 150, 255])
@pytest.mark.parametrize("pen", [2.0, 3.0, 4.0])
@pytest.mark.parametrize("turned", [False, True], ids=["across", "down"])
def test_ruled_lines_go_and_the_digit_stays(level, pen, turned):
    digit, lines = draw(SEVEN), ruled(pen=pen, level=level)
    if turned:
        digit, lines = (np.ascontiguousarray(picture.T) for picture in (digit, lines))
    result = surroundings.remove_lines(together(digit, lines))
    assert (result[digit == 0] >= 60).sum() < 0.3 * (lines[digit == 0] >= 60).sum()
    # One of the lines runs along the bar.
    assert (result[digit == 255] == 255).mean() > 0.95


# Per cent of the width; what is beyond surroundings.LINE_RISE is not a printed line.
@pytest.mark.parametrize("percent", [-5.5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5.5])
def test_lines_of_every_small_slope_are_found(percent):
    lines = ruled(rise=percent / 100 * SIZE[0])
    result = surroundings.remove_lines(together(draw(SEVEN), lines))
    alone = (draw(SEVEN) == 0) & (lines > 60)
    assert (result[alone] > 60).mean() < 0.2


@pytest.mark.parametrize("percent", [-14, 14, 30])
def test_steep_lines_are_left(percent):
    picture = together(draw(SEVEN), ruled(rise=percent / 100 * SIZE[0]))
    result = surroundings.remove_lines(picture)
    assert (result > 60).sum() > 0.9 * (picture > 60).sum()


def test_squared_paper_is_cleared():
    across = ruled(pen=2)
    down = draw(*[[(x, -10), (x, 250)] for x in range(10, 200, 30)], pen=2, level=150)
    lines = together(across, down)
    digit = draw(SEVEN)
    result = surroundings.remove_lines(together(digit, lines))
    # Dots stay where lines cross.
    assert (result[digit == 0] > 60).sum() < 0.12 * (lines[digit == 0] > 60).sum()
    assert (result[digit == 255] == 255).mean() > 0.95


def test_where_a_stroke_crosses_a_line_the_stroke_stays():
    mask = np.zeros((60, 60), bool)
    mask[30], mask[5:55, 20:24] = True, True
    lines = surroundings.find_lines(mask)
    assert lines[30, :18].all() and lines[30, 27:].all()
    assert not lines[:, 20:24].any()


def test_a_single_faint_line_goes():
    digit = draw(SEVEN)
    line = draw([(-10, 215), (210, 215)], pen=3, level=90)
    result = surroundings.remove_lines(together(digit, line))
    assert (result[digit == 0] > 0).sum() < 0.3 * (line > 0).sum()
    np.testing.assert_array_equal(result[digit > 0], digit[digit > 0])


@pytest.mark.parametrize("pen", [9, 12, 20])
def test_thick_bars_are_no_lines(pen):
    picture = together(draw(SEVEN), draw([(-10, 100), (210, 100)], pen=pen))
    np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)


def test_a_line_that_ends_before_the_border_is_no_printed_line():
    picture = together(draw(SEVEN), draw([(10, 215), (170, 215)], pen=3))
    np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)


@pytest.mark.parametrize("pen", [0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12])
@pytest.mark.parametrize("size", [(60, 96), (120, 200), (200, 200), (300, 480)])
@pytest.mark.parametrize("digit", ["1", "4", "7"])
def test_strokes_of_a_digit_that_fills_the_picture_stay(digit, size, pen):
    width, height = size
    edge = pen * height / 2
    strokes = {
        "1": [[(0.1, 0.3), (0.5, 0), (0.5, 1)], [(0, 1), (1, 1)]],
        "4": [[(0.6, 0), (0, 0.65), (1, 0.65)], [(0.75, 0), (0.75, 1)]],
        "7": [[(0, 0), (1, 0), (0.35, 1)]],
    }[digit]
    lines = [
        [(edge + x * (width - 2 * edge), edge + y * (height - 2 * edge)) for x, y in line]
        for line in strokes
    ]
    picture = draw(*lines, pen=pen * height, size=size)
    np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)


def test_one_straight_stroke_from_border_to_border_stays():
    for width in (3, 8, 60):
        picture = np.zeros((200, 60), np.uint8)
        picture[:, 30 - width // 2 : 30 + width // 2 + 1] = 255
        np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)
        assert surroundings.cut_out_digit(picture).shape[0] == 200


def test_in_a_small_picture_nothing_is_a_line():
    side = surroundings.LINE_SIDE - 1
    picture = np.zeros((side, side), np.uint8)
    picture[::10], picture[10:40, 20:25] = 150, 255
    np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)
    large = np.zeros((96, 96), np.uint8)
    large[::10], large[10:80, 40:50] = 150, 255
    assert surroundings.remove_lines(large)[::10].max(axis=1).min() == 0  # the control


def test_several_lines_and_nothing_else_are_a_blank_sheet():
    assert not surroundings.remove_lines(ruled()).any()


def test_a_speck_between_lines_does_not_become_the_digit():
    picture = ruled().copy()
    picture[25:29, 100:104] = 255
    assert not surroundings.remove_lines(picture).any()


@pytest.mark.parametrize("turned", [False, True])
def test_one_line_and_nothing_else_stays(turned):
    picture = np.zeros((200, 200), np.uint8)
    picture[90:93] = 255
    picture = picture.T if turned else picture  # a 1, cut out along its height
    np.testing.assert_array_equal(surroundings.remove_lines(picture), picture)


@pytest.mark.parametrize("depth", [4, 5, 8])
def test_a_band_along_the_border_is_no_line(depth):
    mask = np.zeros((80, 67), bool)
    mask[-depth:] = True
    assert not surroundings.find_lines(mask).any()
    assert not surroundings.find_lines(mask[::-1]).any()


def test_a_blank_picture_has_no_lines():
    blank = np.zeros((100, 90), np.uint8)
    np.testing.assert_array_equal(surroundings.remove_lines(blank), blank)


# Frames


@pytest.mark.parametrize("tilt", [0, 1, 2, 3])
@pytest.mark.parametrize("pen", [2, 3, 5, 8])
def test_a_frame_goes(pen, tilt):
    digit = draw(SEVEN)
    framed = together(digit, draw(rectangle(20, 20, 180, 220, tilt), pen=pen))
    assert_cut_out(surroundings.remove_lines(framed), digit)


def test_a_frame_that_is_fainter_than_the_digit_goes():
    digit = draw(SEVEN)
    framed = together(digit, draw(rectangle(20, 20, 180, 220), pen=3, level=130))
    assert_cut_out(surroundings.remove_lines(framed), digit)


def test_a_frame_broken_by_gaps_goes():
    framed = draw(rectangle(20, 20, 180, 220), pen=4)
    framed[100:115, :60] = 0
    assert_cut_out(together(draw(SEVEN), framed), draw(SEVEN))


def test_a_frame_with_faint_lines_that_lead_to_the_digit_goes():
    frame = draw(rectangle(20, 20, 180, 220), pen=4)
    lines = draw(*[[(20, y), (180, y)] for y in range(40, 220, 25)], pen=3, level=80)
    assert_cut_out(together(draw(SEVEN), frame, lines), draw(SEVEN))


def test_a_frame_in_a_frame_goes():
    frames = draw(rectangle(8, 8, 192, 232), rectangle(25, 25, 175, 215), pen=4)
    assert_cut_out(together(draw(SEVEN), frames), draw(SEVEN))


def test_a_frame_without_a_digit_is_the_digit():
    frame = draw(rectangle(40, 40, 160, 200), pen=8)
    assert_cut_out(frame, frame)


@pytest.mark.parametrize("size", [(60, 96), (70, 90), (100, 120), (120, 150), (150, 200)])
@pytest.mark.parametrize("pen", [5, 9, 14])
@pytest.mark.parametrize("inside", ["stroke", "dot"])
def test_a_0_with_something_inside_is_no_frame(size, pen, inside):
    zero = ellipse(*size, pen)
    reach = 0.2 * size[1] if inside == "stroke" else 0
    mark = draw([(100, 120 - reach), (100, 120 + reach)], pen=size[1] / 6)
    assert_cut_out(together(zero, mark), together(zero, mark))


def test_without_the_look_at_the_corners_a_0_would_be_a_frame(monkeypatch):
    monkeypatch.setattr(surroundings, "_corners", lambda _: 4)
    marked = together(ellipse(120, 150, 9), draw([(100, 90), (100, 150)], pen=20))
    assert surroundings.cut_out_digit(marked).shape[0] < 100


def test_a_frame_of_three_sides_is_none():
    digit = draw(SEVEN)
    open_frame = draw([(20, 220), (20, 20), (180, 20), (180, 220)], pen=5)
    assert surroundings.cut_out_digit(together(digit, open_frame)).shape[0] > 190


# Edges and specks


@pytest.mark.parametrize("depth", [6, 14, 25])
@pytest.mark.parametrize("turns", range(4))
def test_the_edge_of_a_desk_goes(depth, turns):
    digit = np.ascontiguousarray(np.rot90(draw(SEVEN), turns))
    picture = digit.copy()
    picture[-depth:] = 230
    assert_cut_out(surroundings.remove_lines(picture), digit)


@pytest.mark.parametrize("fall", [0, 6, -6])
@pytest.mark.parametrize("turns", range(4))
def test_an_edge_that_is_tilted_or_just_inside_the_picture_goes(fall, turns):
    bar = draw([(-10, 230 - fall / 2), (210, 230 + fall / 2)], pen=11)
    digit, bar = (np.ascontiguousarray(np.rot90(ink, turns)) for ink in (draw(SEVEN), bar))
    assert_cut_out(together(digit, bar), digit)


def test_a_bar_farther_inside_is_no_edge():
    # The control of the test above.
    picture = together(draw(SEVEN), draw([(-10, 205), (210, 205)], pen=11))
    assert surroundings.cut_out_digit(picture).shape[1] == SIZE[0]


def test_a_bar_along_half_of_a_border_is_no_edge():
    picture = together(draw(SEVEN), draw([(-10, 235), (120, 235)], pen=11))
    assert surroundings.cut_out_digit(picture)[-1].any()


def test_an_edge_alone_is_left_to_be_read():
    picture = np.zeros((100, 80), np.uint8)
    picture[:12] = 255
    assert surroundings.cut_out_digit(picture).shape[1] == 80


def test_specks_go():
    digit, picture = draw(SEVEN), draw(SEVEN)
    for row, column in ((10, 10), (15, 180), (200, 20), (225, 185)):
        picture[row : row + 5, column : column + 5] = 255
    assert_cut_out(picture, digit)


@pytest.mark.parametrize("strokes", [FIVE, FOUR], ids=["five", "four"])
def test_strokes_that_stand_apart_stay(strokes):
    digit = draw(*strokes, pen=10)
    assert len(surroundings.digit_pieces(surroundings.small_copy(digit)[0])) == 2
    assert_cut_out(digit, digit)
    assert_cut_out(np.ascontiguousarray(box_of(digit)), digit)


def test_a_stroke_that_stands_apart_along_the_border_stays():
    digit = draw([(70, 50), (132, 50)], FIVE[1], pen=10)
    assert_cut_out(np.ascontiguousarray(box_of(digit)), digit)


def test_the_box_has_a_little_paper_around():
    ink = np.zeros((60, 50), np.uint8)
    ink[20:40, 10:13] = 255
    np.testing.assert_array_equal(surroundings.cut_out_digit(ink), ink[19:41, 9:14])
    ink = np.zeros((60, 50), np.uint8)
    ink[:40, :3] = 255
    np.testing.assert_array_equal(surroundings.cut_out_digit(ink), ink[:41, :4])


# Several digits


def seem_several(ink: np.ndarray) -> bool:
    return surroundings.find_digit(ink)[1] == "several"


@pytest.mark.parametrize("gap", [20, 40])
def test_two_digits_side_by_side_seem_several(gap):
    one = box_of(draw(SEVEN))
    space = np.zeros((one.shape[0], gap), np.uint8)
    assert seem_several(np.pad(np.hstack([one, space, one]), 30))
    assert seem_several(np.pad(np.hstack([one, space, one, space, one]), 30))


def test_what_is_far_wider_than_high_seems_several():
    joined = draw([(30, 100), (60, 100), (50, 170), (120, 100), (150, 100), (140, 170)], pen=10)
    assert not seem_several(joined)
    assert seem_several(np.ascontiguousarray(joined[::2]))


@pytest.mark.parametrize(
    "strokes", [[SEVEN], FIVE, FOUR, [[(100, 40), (100, 200)]]], ids=["7", "5", "4", "1"]
)
def test_one_digit_does_not_seem_several(strokes):
    assert not seem_several(draw(*strokes, pen=10))
    assert not seem_several(np.ascontiguousarray(box_of(draw(*strokes, pen=10))))


# Odd input


def test_no_ink_is_told():
    for shape in ((1, 1), (50, 50), (3, 5000)):
        for step in (surroundings.cut_out_digit, surroundings.find_digit):
            with pytest.raises(PictureError, match="nothing to read"):
                step(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1),
        (1, 2),
        (2, 1),
        (1, 5000),
        (5000, 1),
        (5000, 3),
        (3, 5000),
        (47, 48),
        (96, 2),
        (97, 95),
    ],
)
@pytest.mark.parametrize("density", [0.05, 0.5, 1.0])
def test_every_shape_gives_a_part_of_the_picture(shape, density):
    random = np.random.default_rng(0)
    for _ in range(5):
        ink = np.where(random.random(shape) < density, 255, 0).astype(np.uint8)
        ink[shape[0] // 2, shape[1] // 2] = 255
        cleared = surroundings.remove_lines(ink)
        assert cleared.shape == ink.shape and cleared.dtype == np.uint8
        assert ((cleared == ink) | (cleared == 0)).all()
        if not cleared.any():  # so thin a picture may consist of lines
            assert min(shape) < 4
            continue
        cut = surroundings.cut_out_digit(cleared)
        assert cut.any() and cut.dtype == np.uint8
        assert all(0 < side <= whole for side, whole in zip(cut.shape, ink.shape))


def patterns() -> dict[str, np.ndarray]:
    """Return pictures of as many pieces as there can be: traps for all that compares pairs."""
    random = np.random.default_rng(1)
    found = {f"noise {density}": np.where(random.random((96, 96)) < density, 255, 0)
             for density in (0.02, 0.1, 0.25, 0.4, 0.6)}  # fmt: skip
    for height, dash in ((96, 11), (30, 3), (20, 2), (10, 1)):
        dashes = np.zeros((height, 96))
        for row in range(0, height - dash + 1, dash + 1):
            dashes[row : row + dash, ::2] = 255
        found[f"dashes {height}"] = dashes
    found["large noise"] = np.where(random.random((960, 700)) < 0.1, 255, 0)
    rings = np.zeros((96, 96))
    for side in range(0, 48, 2):
        rings[side : 96 - side, side : 96 - side] = 255
        rings[side + 1 : 95 - side, side + 1 : 95 - side] = 0
    found["frames in frames"] = rings
    return found


PATTERNS = patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_nothing_takes_long(name):
    ink = PATTERNS[name].astype(np.uint8)
    started = time.process_time()
    surroundings.cut_out_digit(surroundings.remove_lines(ink))
    assert time.process_time() - started < 1


# Nothing


def sheet_with_edge(depth: int = 12) -> np.ndarray:
    sheet = np.zeros((200, 240), np.uint8)
    sheet[-depth:] = 255
    return sheet


def seem_nothing(ink: np.ndarray) -> bool:
    return surroundings.find_digit(ink)[1] == "nothing"


def test_an_edge_alone_is_nothing():
    assert seem_nothing(sheet_with_edge())
    assert seem_nothing(sheet_with_edge().T)


def test_a_digit_beside_an_edge_is_something():
    sheet = sheet_with_edge()
    sheet[40:140, 100:112] = 255
    assert not seem_nothing(sheet)
