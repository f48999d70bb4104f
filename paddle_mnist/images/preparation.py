"""Turn any picture of one digit into what MNIST's own pictures are: 28x28, white ink on black.

Each step is a function of its own, so that it can be shown, measured or left out; `STEPS` is
their order. They follow the description of MNIST by LeCun, Cortes and Burges
(http://yann.lecun.com/exdb/mnist/): the digit fills a box of 20x20 pixels with its aspect kept,
and its centre of mass is moved to the middle of 28x28. The steps from `cut_out_digit` on raise
`PictureError` where there is no ink.

This file knows nothing of networks, and it does not scale pixels to 0…1: that is `norm_img`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from paddle_mnist.images.opening import DEEP_GREYS, GREYS, ORIENTATION, SIXTEEN_BITS, open_picture
from paddle_mnist.images.surroundings import NO_DIGIT, cut_out_digit, find_digit, remove_lines
from paddle_mnist.system.errors import PictureError, UsageError

# What undoes each way of holding a camera, by its number in EXIF.
MOVES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

LONGEST_SIDE = 1000  # pixels; a digit needs no more, and larger pictures only take longer
SHADE_SIDE = 64  # pixels; shade changes slowly, so a small copy of the picture shows it
DRAWN = 0.8  # of a picture: with so many pixels nearly black or white it was drawn or binarised
NEARLY = 8  # grey levels from black or white
WIDEST_STROKE = 1 / 3  # of the longest side; anything wider is shade, not ink
PAPER_SPREAD = 3  # standard deviations of the paper's grain that still count as paper
LEAST_SIGNAL = 6  # ink stands out by this many standard deviations of the grain, or it is grain
LEAST_CONTRAST = 8  # grey levels of 255
FULL_INK = 90  # per cent; this percentile of the ink's pixels becomes 255
INK = 64  # a quarter of full ink: fainter pixels are too weak to set the edge of the digit
# The width of strokes, in pixels of a digit of 20. Of MNIST's digits, 2% are thinner than THIN and
# 3% thicker than THICK.
THIN, NO_LONGER_THIN = 1.5, 2.1
THICK, NO_LONGER_THICK = 4.2, 3.5
PEN_SIDE = 120  # pixels: the longest side of the digit while its strokes are changed
BOX = 20  # pixels: LeCun's box
SIZE = 28  # pixels: MNIST's pictures, as `data.split.SIDE`, which this room does not know


def upright(picture: Image.Image) -> Image.Image:
    """Turn a photo the way it was seen: cameras note the turn in EXIF and store the photo lying."""
    move = MOVES.get(picture.getexif().get(ORIENTATION, 1))  # 1: as it is stored
    return picture if move is None else picture.transpose(move)


def on_white(picture: Image.Image) -> Image.Image:
    """Lay a picture with transparent parts on white paper.

    Without this, black ink on a transparent ground becomes black on black. Pictures of the modes
    in `GREYS` stay as they are, if nothing is transparent; all others become RGB.
    """
    if picture.mode in DEEP_GREYS:  # Pillow cannot convert these without damage
        return picture
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture if picture.mode in GREYS else picture.convert("RGB")


def _deep_to_grey(picture: Image.Image) -> np.ndarray:
    levels = np.asarray(picture)
    if not np.isfinite(levels).all():
        raise PictureError("it has pixels that are not numbers (NaN or infinite); save it again")
    black, white = 0.0, 65535.0
    if picture.mode not in SIXTEEN_BITS:
        # Files of 32 bits have no agreed white: the lightest pixel is taken for it.
        black, white = float(levels.min()), float(levels.max())
    levels = levels.astype(np.float64)
    levels -= black  # in place: a large picture takes 160 MB here
    levels *= 255 / max(white - black, 1e-9)
    np.rint(levels, out=levels)
    return levels.astype(np.uint8)


def to_grey(picture: Image.Image) -> np.ndarray:
    """Take the colour away: one number a pixel, 0 for black to 255 for white.

    Colours are weighted as eyes see them (ITU-R BT.601, as Pillow does it). 16-bit greys are
    scaled so that 65535 becomes 255; greys of 32 bits so that the darkest pixel becomes 0 and
    the lightest 255.

    Args:
        picture: a picture without transparency, as `on_white` returns it.

    Returns:
        uint8 `[H, W]`.

    Raises:
        PictureError: a picture of floating-point numbers holds NaN or infinity.
    """
    if picture.mode in DEEP_GREYS:
        return _deep_to_grey(picture)
    return np.asarray(picture.convert("L"))  # [H, W]


def not_too_large(grey: np.ndarray) -> np.ndarray:
    """Reduce a large picture by averaging blocks of pixels, which smooths the paper's grain too.

    uint8 `[H, W]` becomes uint8 `[H', W']`, less than twice `LONGEST_SIDE` on each side.
    """
    factor = max(grey.shape) // LONGEST_SIDE
    return np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey


def white_ink_on_black(grey: np.ndarray) -> np.ndarray:
    """Invert a picture of dark ink on light paper, because MNIST is white ink on black.

    The border is taken for paper. Ink is what differs most from it, so that a dim photo of
    white paper is still known as light.

    Args:
        grey: uint8 `[H, W]`, 0 for black.

    Returns:
        uint8 `[H, W]`, the ink lighter than the paper.
    """
    paper = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    darkest, lightest = np.percentile(grey, [0.1, 99.9])  # a few odd pixels must not decide
    below, above = paper - float(darkest), float(lightest) - paper
    if abs(below - above) < LEAST_CONTRAST:  # unless they say nothing: a small digit on a sheet
        below, above = paper - float(grey.min()), float(grey.max()) - paper
    paper_is_light = below > above or (below == above and paper >= 128)
    return 255 - grey if paper_is_light else grey


def even_light(ink: np.ndarray) -> np.ndarray:
    """Take away shade: whatever is wider than a stroke can be.

    This is the white top-hat transform (Serra, Image Analysis and Mathematical Morphology,
    1982): the lowest level around each pixel, and then the highest of those (an opening), wipes
    out the strokes and leaves the shade, which is subtracted. A picture that is nearly all black
    and white was drawn on a screen, or made so by a program: it has no shade, and is left alone.

    Args:
        ink: uint8 `[H, W]`, the ink lighter than the paper.

    Returns:
        uint8 `[H, W]`: the same ink on paper that is about equally dark everywhere.
    """
    if ((ink <= NEARLY) | (ink >= 255 - NEARLY)).mean() >= DRAWN:
        return ink
    picture = Image.fromarray(ink)
    small = picture.reduce(math.ceil(max(ink.shape) / SHADE_SIDE))
    window = 2 * int(max(small.size) * WIDEST_STROKE / 2) + 1  # Pillow's filters need odd sizes
    opened = small.filter(ImageFilter.MinFilter(window)).filter(ImageFilter.MaxFilter(window))
    return np.asarray(ImageChops.subtract(picture, opened.resize(picture.size)))  # [H, W]


def _threshold(ink: np.ndarray) -> int:
    """Return the level that parts ink from paper best (Otsu 1979, IEEE SMC 9(1), 62-66)."""
    counts = np.bincount(ink.ravel(), minlength=256)
    below, total = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = ink.size - below
    with np.errstate(invalid="ignore"):  # 0 / 0, for levels with nothing on one side
        between = (total[-1] * (below / ink.size) - total) ** 2 / (below * above)
    return int(np.argmax(np.nan_to_num(between)))


def _stretch(ink: np.ndarray, paper: float, full: float) -> np.ndarray:
    """Map levels linearly so that `paper` becomes 0 and `full` becomes 255."""
    levels = (ink.astype(np.float64) - paper) * (255 / (full - paper))
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def remove_paper(ink: np.ndarray) -> np.ndarray:
    """Make the paper 0 and full ink 255.

    Otsu's threshold parts the pixels in two. The darker part is paper: its median is the paper's
    level, its median absolute deviation tells how strong the grain is.

    Args:
        ink: uint8 `[H, W]`, the ink lighter than the paper.

    Returns:
        uint8 `[H, W]`; all 0 where no ink stands out from the paper.
    """
    threshold = _threshold(ink)
    darker, lighter = ink[ink <= threshold], ink[ink > threshold]
    if darker.size == 0 or lighter.size == 0:
        return np.zeros_like(ink)
    paper, full = np.median(darker), np.percentile(lighter, FULL_INK)
    # 1.4826 makes the median absolute deviation of a normal distribution its standard deviation.
    grain = 1.4826 * np.median(np.abs(darker - paper))
    if full - paper < max(LEAST_CONTRAST, LEAST_SIGNAL * grain):
        return np.zeros_like(ink)
    return _stretch(ink, min(paper + PAPER_SPREAD * grain, threshold), full)


def crop_to_ink(ink: np.ndarray) -> np.ndarray:
    """Cut the digit out along its own edges.

    Args:
        ink: uint8 `[H, W]`, 0 for paper, as `remove_paper` returns it.

    Returns:
        uint8 `[h, w]`: the smallest rectangle that holds all pixels of at least `INK`.
    """
    rows = np.flatnonzero((ink >= INK).any(axis=1))
    columns = np.flatnonzero((ink >= INK).any(axis=0))
    if rows.size == 0:
        raise PictureError(NO_DIGIT)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # [h, w]


def stroke_width(ink: np.ndarray) -> float:
    """Measure how wide the strokes of uint8 `[H, W]` are, in pixels; 0 where there is no ink.

    The width is twice the area of the ink by the length of its outline: a stroke is much longer
    than wide, so its outline is about twice its length. The outline is measured along rows and
    columns, which is 4/pi times too long, averaged over all directions (Cauchy and Crofton's
    formula of integral geometry). So a single straight stroke comes out up to 27% too wide,
    upright, or 10% too narrow, at 45 degrees; a digit's strokes are a mixture.
    """
    levels = np.pad(ink.astype(np.float64), 1)
    outline = np.abs(np.diff(levels, axis=0)).sum() + np.abs(np.diff(levels, axis=1)).sum()
    return float(2 * levels.sum() / (outline * np.pi / 4)) if outline else 0.0


def usual_stroke_width(ink: np.ndarray) -> np.ndarray:
    """Give a digit drawn with a very fine or a very thick pen strokes as MNIST's digits have them.

    In a box of 20 pixels such strokes would be thinner, or thicker, than nearly all that a network
    has seen. A pixel becomes as bright as the brightest one in a disk around it (grey dilation), or
    as dark as the darkest (erosion); see Serra, Image Analysis and Mathematical Morphology, 1982.

    Args:
        ink: uint8 `[h, w]`, cut out along the edges of the digit.

    Returns:
        uint8 `[h', w']`: the digit with wider or narrower strokes; the same where they are usual.
    """
    margin = 2 * PEN_SIDE // BOX  # pixels: room to grow
    large = np.pad(_scale_to(ink, PEN_SIDE), margin)
    if not large.any():
        raise PictureError(NO_DIGIT)
    large = _stretch(large, 0, large.max())  # a hairline fades when it is scaled
    unit = PEN_SIDE / BOX
    width = stroke_width(np.where(large >= 128, np.uint8(255), np.uint8(0))) / unit
    if THIN <= width <= THICK:
        return ink
    goal, choose = (NO_LONGER_THIN, np.maximum) if width < THIN else (NO_LONGER_THICK, np.minimum)
    radius = round(abs(goal - width) / 2 * unit)
    changed = large
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if math.hypot(down, right) <= radius + 0.3:
                changed = choose(changed, np.roll(large, (down, right), axis=(0, 1)))
    return crop_to_ink(changed)  # [h', w']


def _scale_to(ink: np.ndarray, side: int) -> np.ndarray:
    """Scale so that the longest side has `side` pixels and the other at least 1."""
    height, width = ink.shape
    scale = side / max(height, width)
    new_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(ink).resize(new_size, Image.Resampling.BILINEAR))


def fit_in_box(ink: np.ndarray, size: int = BOX) -> np.ndarray:
    """Scale the digit so that its longest side fills the box; the aspect is kept.

    Pillow's bilinear filter averages over the area when it reduces, which gives grey edges as
    MNIST has them. Thin strokes fade in that average, so the result is stretched to 255 again.

    Args:
        ink: uint8 `[h, w]`, cut out along the edges of the digit.
        size: side of the box in pixels.

    Returns:
        uint8 `[h', w']`: the longest side has `size` pixels, the other at least 1.
    """
    box = _scale_to(ink, size)
    if box.max() == 0:
        raise PictureError(NO_DIGIT)
    return _stretch(box, 0, box.max())  # [h', w']


def _offset(mass: np.ndarray) -> int:
    """Return where the box begins, so that the mean position of `mass` comes to pixel SIZE/2."""
    centre = float(np.average(np.arange(mass.size), weights=mass))
    # No ink may leave the picture, even if a centre far off the middle stays off.
    return min(max(round(SIZE / 2 - centre), 0), SIZE - mass.size)


def centre_of_mass_to_middle(ink: np.ndarray) -> np.ndarray:
    """Lay the digit on black so that its centre of mass is in the middle, to the nearest pixel.

    The middle is pixel (14, 14) of 28x28, counted from 0: in MNIST's 60,000 training pictures
    the centre of mass always lies between 13.48 and 14.50 in both directions, and its mean is
    14.00. Ink is never cut off: a digit that would stick out is moved back inside.

    Args:
        ink: uint8 `[h, w]`, not all 0, both sides at most 28.

    Returns:
        uint8 `[28, 28]`.

    Raises:
        PictureError: there is no ink, or it is larger than the result.
    """
    height, width = ink.shape
    if max(height, width) > SIZE:
        raise PictureError(
            f"ink of {height} x {width} pixels does not fit into {SIZE} x {SIZE}; "
            "use fit_in_box first"
        )
    if not ink.any():
        raise PictureError(NO_DIGIT)
    top, left = _offset(ink.sum(axis=1)), _offset(ink.sum(axis=0))
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[top : top + height, left : left + width] = ink
    return image  # [28, 28]


Step = Callable[[Any], Any]

STEPS: tuple[Step, ...] = (
    upright,
    on_white,
    to_grey,
    not_too_large,
    white_ink_on_black,
    even_light,
    remove_paper,
    remove_lines,
    cut_out_digit,
    crop_to_ink,
    usual_stroke_width,
    fit_in_box,
    centre_of_mass_to_middle,
)


def explain(
    picture: Image.Image, instead: Mapping[str, Step] | None = None
) -> dict[str, Image.Image | np.ndarray]:
    """Do all `STEPS`, and keep what each of them returns, to look at.

    Args:
        picture: as `open_picture` returns it.
        instead: functions that take the place of steps, by the step's name.

    Returns:
        The step's name → the picture after it: first Pillow's pictures, from `to_grey` on uint8
        arrays `[H, W]`, last uint8 `[28, 28]`.

    Raises:
        PictureError: the picture is blank, or has no pixels that can be read.
        UsageError: `instead` names a step that there is not.
    """
    steps = {step.__name__: step for step in STEPS}
    unknown = ", ".join(sorted(set(instead or {}) - set(steps)))
    if unknown:
        raise UsageError(f"there is no step {unknown}; the steps are: {', '.join(steps)}")
    steps.update(instead or {})
    result: Any = picture
    results = {}
    for name, step in steps.items():
        result = results[name] = step(result)
    return results


def explain_with_doubt(
    picture: Image.Image,
) -> tuple[dict[str, Image.Image | np.ndarray], str | None]:
    """Do as `explain`, and return the doubt of `find_digit` as well."""
    doubts = []

    def cut_out(ink: np.ndarray) -> np.ndarray:
        digit, doubt = find_digit(ink)
        doubts.append(doubt)
        return digit

    return explain(picture, {cut_out_digit.__name__: cut_out}), doubts[0]


def prepare(picture: Image.Image, instead: Mapping[str, Step] | None = None) -> np.ndarray:
    """Do all `STEPS` as `explain` does, and keep only the last result: uint8 `[28, 28]`."""
    return np.asarray(list(explain(picture, instead).values())[-1])  # [28, 28]


def load_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a picture of one digit and prepare it as MNIST was prepared.

    Args:
        path: a picture file, see `open_picture`.

    Returns:
        uint8 `[1, 28, 28]`: a batch of one, so that `norm_img(load_image(path))` is what every
        network takes.

    Raises:
        PictureError: the file is not a picture, or shows nothing to read.
    """
    picture = open_picture(path)
    try:
        return prepare(picture)[np.newaxis]  # [1, 28, 28]
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def load_image_plain(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a picture as the PaddlePaddle course does: resized to 28x28 as a whole and inverted.

    Kept for comparison: nothing is cropped or centred, and light ink on a dark ground becomes
    dark ink on light. `norm_img` of the result is the course's `1 - im / 255`. It takes
    and raises what `load_image` does, but reads a blank picture too.

    Returns:
        uint8 `[1, 28, 28]`.
    """
    picture = open_picture(path)
    try:
        grey = to_grey(on_white(upright(picture)))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
    small = Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return 255 - np.asarray(small)[np.newaxis]  # [1, 28, 28]
