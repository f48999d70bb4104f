"""Open a picture file that anybody may have made, without harm: what is not a picture is refused.

This file knows nothing of digits.
"""

from __future__ import annotations

import os
import warnings
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from paddle_mnist.system.errors import PictureError
from paddle_mnist.system.files import read_bounded, reason_of

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
ALLOWED = "allowed are PNG, JPEG, GIF, BMP, WebP and TIFF files"
MAX_BYTES = 10_000_000  # 10 MB
MAX_PIXELS = 20_000_000  # 20 megapixels

MAX_SCANS = 100  # of a progressive JPEG; some 10 are usual, and each goes over the whole picture
TILE_WIDTH, TILE_LENGTH = 322, 323  # TIFF 6.0, section 15; a decoder makes room for a whole tile

# Greys of more than 8 bits. Pillow's convert("L") cuts them off at 255 instead of scaling them.
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
DEEP_GREYS = (*SIXTEEN_BITS, "I", "F")
GREYS = ("1", "L", *DEEP_GREYS)
COLOURS = ("LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")

ORIENTATION = 0x0112  # of EXIF: how the camera was held (EXIF 2.32, section 4.6.4)


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        data = read_bounded(path, MAX_BYTES)
    except FileNotFoundError as error:
        raise PictureError(f"{reason_of(error)}; check the name and the folder") from error
    except OSError as error:
        limit = f"{MAX_BYTES // 10**6} MB"
        raise PictureError(f"{reason_of(error)}; name a picture of up to {limit}") from error
    if not data:
        raise PictureError(f"the file is empty; {ALLOWED}")
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


def _check_work(picture: Image.Image, data: bytes) -> None:
    """Refuse small files that would cost much: what a decoder does is not bound to the pixels."""
    if picture.format == "JPEG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise PictureError(f"it has more than {MAX_SCANS} scans; save it as an ordinary JPEG")
    if isinstance(picture, TiffImageFile):
        tile = [picture.tag_v2.get(tag, 0) for tag in (TILE_WIDTH, TILE_LENGTH)]
        if not all(isinstance(side, int) for side in tile) or tile[0] * tile[1] > MAX_PIXELS:
            raise PictureError("its tiles are too large; save it as a PNG")


def _decode(data: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        # Only the header is read so far, so a huge picture costs nothing.
        _check(picture)
        _check_work(picture, data)
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
        PictureError: there is no such file, it is too large, or it is not a picture of these kinds.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files that it can read
            return _decode(_read(path))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
