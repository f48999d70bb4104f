"""Turn any picture of one digit into what MNIST's own pictures are: 28x28, white ink on black.

Each step is a function of its own, so that it can be shown, measured or left out; `STEPS` is
their order. The steps follow the description of MNIST by LeCun, Cortes and Burges
(http://yann.lecun.com/exdb/mnist/): the digit fills a box of 20x20 pixels with its aspect kept,
and its centre of mass is moved to the middle of 28x28.

This file knows nothing of networks, and it does not scale pixels to 0…1: that is `norm_img`.
It expects one digit in a picture and does not look for several.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, UnidentifiedImageError

from paddle_mnist.errors import PictureError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
ALLOWED = "allowed are PNG, JPEG, GIF, BMP, WebP and TIFF files"
MAX_BYTES = 10_000_000  # 10 MB
MAX_PIXELS = 20_000_000  # 20 megapixels

# Greys of more than 8 bits. Pillow's convert("L") cuts them off at 255 instead of scaling them.
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
DEEP_GREYS = (*SIXTEEN_BITS, "I", "F")
GREYS = ("1", "L", *DEEP_GREYS)
COLOURS = ("LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")

# Tag 0x0112 of EXIF says how the camera was held; these moves undo it (EXIF 2.32, section 4.6.4).
ORIENTATION = 0x0112
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
WIDEST_STROKE = 1 / 3  # of the longest side; anything wider is shade, not ink
PAPER_SPREAD = 3  # standard deviations of the paper's grain that still count as paper
LEAST_SIGNAL = 6  # ink stands out by this many standard deviations of the grain, or it is grain
LEAST_CONTRAST = 8  # grey levels of 255
FULL_INK = 90  # per cent; this percentile of the ink's pixels becomes 255
INK = 64  # a quarter of full ink: fainter pixels are too weak to set the edge of the digit
BOX = 20  # pixels: LeCun's box
SIZE = 28  # pixels: MNIST's pictures

NOTHING = (
    "nothing to read was found: the picture is blank or too faint. "
    "Use a picture of one dark digit on light paper, or one light digit on a dark ground"
)


def _read(path: Path) -> bytes:
    # Unlike Path's, os.path's questions are answered for impossible names too.
    if os.path.isdir(path):
        raise PictureError("it is a folder; name one picture in it")
    if not os.path.exists(path):
        raise PictureError("there is no such file; check the name and the folder")
    if not os.path.isfile(path):  # a pipe could block for ever
        raise PictureError(f"it is not an ordinary file; {ALLOWED}")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PictureError(f"it cannot be opened ({error.strerror})") from error
    if not data:
        raise PictureError(f"the file is empty; {ALLOWED}")
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 10**6} MB"
        raise PictureError(f"the file has more than {limit}, which is the limit; make it smaller")
    return data


def _check(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"it has {width} x {height} pixels; the limit is {MAX_PIXELS // 10**6} megapixels. "
            "Make it smaller or cut out the digit"
        )
    if width < 1 or height < 1:
        raise PictureError(f"it has {width} x {height} pixels; at least 1 x 1 is needed")
    if picture.mode not in GREYS + COLOURS:
        raise PictureError(
            f"its colours are stored as {picture.mode!r}, which is not supported; "
            "save it as a grey or RGB picture"
        )


def _decode(data: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        _check(picture)  # only the header is read so far, so a huge picture costs nothing
        picture.load()
        # Pillow reads EXIF late. Reading it here makes damage show up here.
        picture.getexif().get(ORIENTATION)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"it is not a picture of a known kind; {ALLOWED}") from None
    except Image.DecompressionBombError as error:
        limit = f"{MAX_PIXELS // 10**6} megapixels"
        raise PictureError(f"it has too many pixels; the limit is {limit}") from error
    except Exception as error:  # on damaged files Pillow's readers raise almost anything
        raise PictureError(
            f"the file is damaged or cut off ({error}); save it again or use another; {ALLOWED}"
        ) from error
    return picture


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """Open a picture file safely and read its pixels (of an animation: the first frame).

    Args:
        path: a PNG, JPEG, GIF, BMP, WebP or TIFF file of up to 10 MB and 20 megapixels.

    Returns:
        The picture as it is stored: not yet turned, in any of the modes in `GREYS + COLOURS`.

    Raises:
        PictureError: there is no such file, it is too large, or it is no picture of these kinds.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files that it can read
            return _decode(_read(Path(path)))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def upright(picture: Image.Image) -> Image.Image:
    """Turn a photo the way it was seen: cameras note the turn in EXIF and store the photo lying.

    Args:
        picture: any picture.

    Returns:
        The picture, turned or mirrored if its EXIF says so.
    """
    move = MOVES.get(picture.getexif().get(ORIENTATION))
    return picture if move is None else picture.transpose(move)


def on_white(picture: Image.Image) -> Image.Image:
    """Lay a picture with transparent parts on white paper.

    Without this, black ink on a transparent ground becomes black on black.

    Args:
        picture: any picture of the modes in `GREYS + COLOURS`.

    Returns:
        The same picture without transparency: grey modes as they are, all others as RGB.
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
    return np.rint(levels, out=levels).astype(np.uint8)


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

    Args:
        grey: uint8 `[H, W]`.

    Returns:
        uint8 `[H', W']`: less than twice `LONGEST_SIDE` on each side.
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
        uint8 `[H, W]`: the ink is lighter than the paper.
    """
    paper = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    darkest, lightest = np.percentile(grey, [0.1, 99.9])  # a few odd pixels must not decide
    paper_is_light = paper - darkest > lightest - paper
    return 255 - grey if paper_is_light else grey


def even_light(ink: np.ndarray) -> np.ndarray:
    """Take away shade: whatever is wider than a stroke can be.

    This is the white top-hat transform (Serra, Image Analysis and Mathematical Morphology,
    1982): the lowest level around each pixel, and then the highest of those (an opening), wipes
    out the strokes and leaves the shade, which is subtracted.

    Args:
        ink: uint8 `[H, W]`, the ink lighter than the paper.

    Returns:
        uint8 `[H, W]`: the same ink on paper that is about equally dark everywhere.
    """
    picture = Image.fromarray(ink)
    small = picture.reduce(math.ceil(max(ink.shape) / SHADE_SIDE))
    window = 2 * int(max(small.size) * WIDEST_STROKE / 2) + 1  # Pillow's filters need odd sizes
    opened = small.filter(ImageFilter.MinFilter(window)).filter(ImageFilter.MaxFilter(window))
    shade = np.asarray(opened.resize(picture.size))
    return np.maximum(ink, shade) - shade  # [H, W]


def _threshold(ink: np.ndarray) -> int:
    """Return the level that parts ink from paper best (Otsu 1979, IEEE SMC 9(1), 62-66)."""
    counts = np.bincount(ink.ravel(), minlength=256)
    below, total = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = ink.size - below
    with np.errstate(divide="ignore", invalid="ignore"):  # levels with nothing on one side
        between = (total[-1] * (below / ink.size) - total) ** 2 / (below * 1.0 * above)
    return int(np.argmax(np.nan_to_num(between, nan=-1.0, posinf=-1.0)))


def _stretch(ink: np.ndarray, paper: float, full: float) -> np.ndarray:
    """Map levels linearly so that `paper` becomes 0 and `full` becomes 255."""
    return np.rint(np.clip((ink - paper) * (255 / (full - paper)), 0, 255)).astype(np.uint8)


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
    if lighter.size == 0:
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

    Raises:
        PictureError: there is no ink.
    """
    rows = np.flatnonzero((ink >= INK).any(axis=1))
    columns = np.flatnonzero((ink >= INK).any(axis=0))
    if rows.size == 0:
        raise PictureError(NOTHING)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # [h, w]


def fit_in_box(ink: np.ndarray, size: int = BOX) -> np.ndarray:
    """Scale the digit so that its longest side fills the box; the aspect is kept.

    Pillow's bilinear filter averages over the area when it reduces, which gives grey edges as
    MNIST has them. Thin strokes fade in that average, so the result is stretched to 255 again.

    Args:
        ink: uint8 `[h, w]`, cut out along the edges of the digit.
        size: side of the box in pixels.

    Returns:
        uint8 `[h', w']`: the longest side has `size` pixels, the other at least 1.

    Raises:
        PictureError: there is no ink.
    """
    height, width = ink.shape
    scale = size / max(height, width)
    new_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    box = np.asarray(Image.fromarray(ink).resize(new_size, Image.Resampling.BILINEAR))
    if box.max() == 0:
        raise PictureError(NOTHING)
    return _stretch(box, 0, box.max())  # [h', w']


def _offset(mass: np.ndarray, size: int) -> int:
    """Return where the box begins, so that the mean position of `mass` comes to pixel size/2."""
    centre = np.average(np.arange(mass.size), weights=mass)
    # No ink may leave the picture, even if a centre far off the middle stays off.
    return min(max(round(size / 2 - centre), 0), size - mass.size)


def centre_of_mass_to_middle(ink: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Lay the digit on black so that its centre of mass is in the middle, to the nearest pixel.

    The middle is pixel (14, 14) of 28x28, counted from 0: in MNIST's 60,000 training pictures
    the centre of mass always lies between 13.48 and 14.50 in both directions, and its mean is
    14.00. Ink is never cut off: a digit that would stick out is moved back inside.

    Args:
        ink: uint8 `[h, w]`, not all 0, both sides at most `size`.
        size: side of the result in pixels.

    Returns:
        uint8 `[size, size]`.

    Raises:
        PictureError: there is no ink, or it is larger than the result.
    """
    height, width = ink.shape
    if max(height, width) > size:
        raise PictureError(
            f"ink of {height} x {width} pixels does not fit into {size} x {size}; "
            "use fit_in_box first"
        )
    if not ink.any():
        raise PictureError(NOTHING)
    top = _offset(ink.sum(axis=1), size)
    left = _offset(ink.sum(axis=0), size)
    image = np.zeros((size, size), np.uint8)
    image[top : top + height, left : left + width] = ink
    return image  # [28, 28]


STEPS: tuple[Callable, ...] = (
    upright,
    on_white,
    to_grey,
    not_too_large,
    white_ink_on_black,
    even_light,
    remove_paper,
    crop_to_ink,
    fit_in_box,
    centre_of_mass_to_middle,
)


def prepare(picture: Image.Image) -> np.ndarray:
    """Turn a picture of one digit into what MNIST's pictures are: all `STEPS`, one after another.

    Args:
        picture: as `open_picture` returns it.

    Returns:
        uint8 `[28, 28]`, white ink on black.

    Raises:
        PictureError: the picture is blank, or has no pixels that can be read.
    """
    result = picture
    for step in STEPS:
        result = step(result)
    return result  # [28, 28]


def load_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a picture of one digit and prepare it as MNIST was prepared.

    Args:
        path: a picture file, see `open_picture`.

    Returns:
        uint8 `[1, 28, 28]`: a batch of one, so that `norm_img(load_image(path))` is what every
        network takes.

    Raises:
        PictureError: the file is no picture, or shows nothing to read.
    """
    picture = open_picture(path)
    try:
        return prepare(picture)[np.newaxis]  # [1, 28, 28]
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def load_image_plain(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a picture as the PaddlePaddle course does: resized to 28x28 as a whole and inverted.

    Kept for comparison: nothing is cropped or centred, and light ink on a dark ground becomes
    dark ink on light. `norm_img` of the result is the course's `1 - im / 255`.

    Args:
        path: a picture file, see `open_picture`.

    Returns:
        uint8 `[1, 28, 28]`.

    Raises:
        PictureError: the file is no picture.
    """
    picture = open_picture(path)
    try:
        grey = to_grey(on_white(upright(picture)))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
    small = Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    return 255 - np.asarray(small)[np.newaxis]  # [1, 28, 28]
