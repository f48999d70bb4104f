"""Part a digit from what surrounds it: ruled lines, frames, the edge of the paper, specks.

All of it is decided by a small copy of the picture, in which each pixel is the mean of a block:
thin lines and grain fade there, and strokes stay. The picture itself is only cut and cleared.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image

from paddle_mnist.images.components import Component, connected_components
from paddle_mnist.system.errors import PictureError

COPY_SIDE = 96  # pixels: the longest side of the small copy, at most

# Parts of the strongest ink in the copy.
LINE_INK = 0.12  # a printed line is often faint
FAINT_INK = 0.2  # frames and edges hang together from here on
STRONG_INK = 0.43  # strokes hang together, and what is printed faintly does not

LINE_SHARE = 0.85  # of the picture's width: a line crosses nearly all of it
LINE_END = 0.06  # of the picture's width: lines reach both borders, and frames do not
LINE_RISE = 0.06  # of the picture's width: a line rises or falls no more than this
LINE_PART = 0.4  # of the picture's width: a row beside a line with so much is a part of it
LINE_BESIDE = 0.5  # of the picture's width: a row farther away has less, or the line is thick
LINE_REACH = 3  # pixels of the copy; where a line is still seen that far beside itself, it is thick
LINE_MARGIN = LINE_REACH + 2  # rows beyond the border that a line there is compared with
LINE_SIDE = 48  # pixels of the copy: in a smaller one a stroke is as thin as a line
PRINTED = 0.6  # of the other ink's mean level: a single line that is weaker is not a stroke
LINE_REST = 20  # pixels of the copy: with less ink left, the lines were the digit

EDGE_DEPTH = 0.04  # of the picture: what is farther away from the border runs not along it
EDGE_SHARE = 0.9  # of one side of the picture: strokes do not run along a border that far
DIGIT_HEIGHT = 0.1  # of the picture: what is lower than that is not a digit
FRAME_HEIGHT = 0.25  # of the frame: what is lower than that is nothing that one would frame
CORNER = 0.08  # of the frame's sides
APART = 0.6  # of the whole height: two digits side by side are both at least that high
WIDEST = 1.8  # of the height: a single digit is hardly ever wider
PIECE = 0.08  # of the largest piece's ink: strokes that stand apart have more, specks have less

NO_DIGIT = (
    "nothing to read was found: the picture is blank or too faint. "
    "Use a picture of one dark digit on light paper, or one light digit on a dark ground"
)


def small_copy(ink: np.ndarray) -> tuple[np.ndarray, int]:
    """Average blocks of uint8 `[H, W]`.

    Returns:
        uint8 `[h, w]`, both at most `COPY_SIDE`; and the side of a block in pixels.
    """
    block = math.ceil(max(ink.shape) / COPY_SIDE)
    return np.asarray(Image.fromarray(ink).reduce(block)), block  # [h, w]


def remove_lines(ink: np.ndarray) -> np.ndarray:
    """Take away thin lines that cross the whole picture, as on ruled or squared paper.

    Where a stroke crosses a line, the stroke stays.

    Args:
        ink: uint8 `[H, W]`, 0 for paper, as `remove_paper` returns it.

    Returns:
        uint8 `[H, W]`; the same where there are no such lines, or a single one and nothing else.
    """
    copy, block = small_copy(ink)
    if max(copy.shape) < LINE_SIDE:
        return ink
    mask = copy >= LINE_INK * copy.max()  # [h, w]
    lines = np.zeros_like(mask)
    for found in (find_lines(mask), find_lines(mask.T).T):
        if _is_printed(copy, found, mask):
            lines |= found
    if not lines.any():
        return ink
    if (mask & ~lines).sum() < LINE_REST:  # one line alone may be a 1; several are a blank sheet
        return np.zeros_like(ink) if _are_several(lines) else ink
    height, width = ink.shape
    gone = lines.repeat(block, axis=0).repeat(block, axis=1)[:height, :width]
    return np.where(gone, 0, ink).astype(np.uint8)


def _is_printed(copy: np.ndarray, lines: np.ndarray, mask: np.ndarray) -> bool:
    """Whether lines are the paper's: several in one direction, or weaker than the other ink.

    A picture cut out along the digit may be crossed by a stroke, such as the bar of a 7.
    """
    if not lines.any() or _are_several(lines):
        return bool(lines.any())
    rest = mask & ~lines
    strong = copy[rest & (copy >= STRONG_INK * copy.max())]
    return bool(strong.size) and copy[lines & mask].mean() < PRINTED * strong.mean()


def _are_several(lines: np.ndarray) -> bool:
    """Whether the typical column, or the typical row, crosses two lines or more."""
    for turned in (lines, lines.T):
        starts = np.diff(turned.astype(np.int8), axis=0, prepend=0) == 1
        if np.median(starts.sum(axis=0)) >= 2:
            return True
    return False


def find_lines(mask: np.ndarray) -> np.ndarray:
    """Find thin lines that cross a picture from left to right, a little up or down.

    All lines are tried: each slope, and each row. This is Hough's transform (in the form of Duda
    and Hart, Communications of the ACM 15(1), 1972) for few slopes.

    Args:
        mask: bool `[h, w]`.

    Returns:
        bool `[h, w]`: the pixels of the lines, without those where a stroke crosses them.
    """
    width = mask.shape[1]
    lines = np.zeros_like(mask)
    if width < 2:
        return lines
    steepest = max(1, round(LINE_RISE * width))
    across = np.arange(width) / (width - 1) - 0.5  # [w]
    # A line of a small slope is stairs; where its steps are is tried too.
    slopes = itertools.product(range(-steepest, steepest + 1), (0.0, 0.25, 0.5, 0.75))
    for rise, phase in slopes:
        slides = np.floor(rise * across + phase).astype(int)  # [w]
        lines |= _find_lines_of_slope(mask, slides)
    return lines


def _find_lines_of_slope(mask: np.ndarray, slides: np.ndarray) -> np.ndarray:
    """Find the lines that come to lie in one row when each column slides up by `slides`, [w]."""
    height, width = mask.shape
    columns = np.arange(width)
    lines = np.zeros_like(mask)
    slid = _slid_rows(mask, slides)  # [h + 2 * LINE_MARGIN, w]
    share = slid.mean(axis=1)
    for row in LINE_MARGIN + np.flatnonzero(share[LINE_MARGIN:-LINE_MARGIN] >= LINE_SHARE):
        is_thick = max(share[row - LINE_REACH], share[row + LINE_REACH]) >= LINE_BESIDE
        if is_thick or not _reaches_borders(slid[row]):
            continue
        parts = [near for near in (row - 1, row, row + 1) if share[near] >= LINE_PART]
        above = slid[parts[0] - 1] & slid[parts[0] - 2]  # [w]
        below = slid[parts[-1] + 1] & slid[parts[-1] + 2]
        crossed = above | below  # a stroke goes on there, or runs along the line
        for part in parts:
            places = part - LINE_MARGIN + slides  # [w]
            erased = (places >= 0) & (places < height) & ~crossed
            lines[places[erased], columns[erased]] = True
    return lines


def _slid_rows(mask: np.ndarray, slides: np.ndarray) -> np.ndarray:
    """The mask with columns that slide up by `slides`, [w]; LINE_MARGIN more rows at both ends."""
    height = len(mask)
    rows = np.arange(-LINE_MARGIN, height + LINE_MARGIN)[:, np.newaxis] + slides
    # Beyond the border goes on what is there: the edge of a desk is not thin.
    return np.take_along_axis(mask, rows.clip(0, height - 1), axis=0)


def _reaches_borders(line: np.ndarray) -> bool:
    end = max(1, round(LINE_END * len(line)))
    return bool(line[:end].any() and line[-end:].any())


def cut_out_digit(ink: np.ndarray) -> np.ndarray:
    """Cut out the part of the picture that holds the digit.

    Pieces of ink that are a frame around others, run along the border, or are far smaller than
    the largest piece do not count.

    Args:
        ink: uint8 `[H, W]`, 0 for paper.

    Returns:
        uint8 `[h, w]`: the rectangle that holds the digit, with little paper around it.

    Raises:
        PictureError: there is no ink.
    """
    return find_digit(ink)[0]


def find_digit(ink: np.ndarray) -> tuple[np.ndarray, Literal["nothing", "several"] | None]:
    """Cut out the digit as `cut_out_digit`, and tell what speaks against there being just one.

    Returns:
        What `cut_out_digit` returns, and the doubt. "nothing": all that was found runs along a
        border, as the edge of a desk does; "several": there seem to be several digits side by
        side; None: neither.
    """
    copy, block = small_copy(ink)
    pieces = digit_pieces(copy)
    top = max(min(piece.top for piece in pieces) - 1, 0) * block
    left = max(min(piece.left for piece in pieces) - 1, 0) * block
    bottom = (max(piece.bottom for piece in pieces) + 1) * block
    right = (max(piece.right for piece in pieces) + 1) * block
    digit = ink[top:bottom, left:right]  # [h, w]
    if all(_is_edge(piece) for piece in pieces):
        return digit, "nothing"
    return digit, "several" if _seem_several(pieces) else None


def _seem_several(pieces: Sequence[Component]) -> bool:
    """Whether two groups of pieces with a gap between them are both nearly as high as the whole.

    What is far wider than high seems to be several digits too.
    """
    pieces = sorted(pieces, key=lambda piece: piece.left)
    height, width = _extent(pieces)
    if width > WIDEST * height:
        return True
    for count in range(1, len(pieces)):
        left, right = pieces[:count], pieces[count:]
        gap = right[0].left - max(piece.right for piece in left)
        if gap > 0 and min(_extent(left)[0], _extent(right)[0]) >= APART * height:
            return True
    return False


def _extent(pieces: Sequence[Component]) -> tuple[int, int]:
    """Height and width of what several pieces cover together."""
    height = max(piece.bottom for piece in pieces) - min(piece.top for piece in pieces)
    return height, max(piece.right for piece in pieces) - min(piece.left for piece in pieces)


def digit_pieces(copy: np.ndarray) -> list[Component]:
    """Find the pieces of ink that the digit consists of, in a `small_copy`: at least one.

    Raises:
        PictureError: there is no ink.
    """
    if not copy.any():
        raise PictureError(NO_DIGIT)
    strong = copy >= STRONG_INK * copy.max()  # [h, w]
    # A frame may hang together only where faint ink counts, or, crossed by faint lines, only
    # where it does not.
    cleared = strong & _without_frames(copy, copy >= FAINT_INK * copy.max())
    strong = _without_frames(copy, cleared if cleared.any() else strong)
    pieces = connected_components(copy, strong)
    largest = max(piece.ink for piece in pieces)
    return [piece for piece in pieces if piece.ink >= PIECE * largest]


def _without_frames(copy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Clear the frames around a digit, and what runs along a border, out of a mask."""
    pieces = connected_components(copy, mask)
    large = [piece for piece in pieces if piece.height >= DIGIT_HEIGHT * len(copy)]
    edges = [piece for piece in pieces if _is_edge(piece)]
    inner = [piece for piece in large if piece not in edges]
    # In a picture cut out along the digit, a stroke that stands apart may run along the border.
    cut_out = any(_touched_borders(piece) >= 2 for piece in inner)
    gone = edges if inner and not cut_out else []
    gone = gone + [piece for piece in large if any(_frames(piece, other) for other in large)]
    for piece in gone:
        mask = mask & ~piece.pixels
    return mask


def _touched_borders(piece: Component) -> int:
    height, width = piece.pixels.shape
    return sum((piece.top == 0, piece.left == 0, piece.bottom == height, piece.right == width))


def _is_edge(piece: Component) -> bool:
    pixels = piece.pixels
    depth = max(1, round(EDGE_DEPTH * min(pixels.shape)))
    sides = (pixels[:depth], pixels[-depth:], pixels.T[:depth], pixels.T[-depth:])
    return any(side.any(axis=0).mean() >= EDGE_SHARE for side in sides)


def _frames(frame: Component, digit: Component) -> bool:
    """Whether a piece goes around another on all four sides, and is angular."""
    rows, columns = slice(digit.top, digit.bottom), slice(digit.left, digit.right)
    around = (
        frame.pixels[rows, : digit.left],
        frame.pixels[rows, digit.right :],
        frame.pixels[: digit.top, columns],
        frame.pixels[digit.bottom :, columns],
    )
    return (
        digit.height >= FRAME_HEIGHT * frame.height
        and all(side.any() for side in around)
        and not frame.pixels[rows, columns].any()
        and _corners(frame) >= 3
    )


def _corners(piece: Component) -> int:
    """In how many corners of its own box a piece has ink: a 0 has in none, a frame in four."""
    pixels = piece.pixels[piece.top : piece.bottom, piece.left : piece.right]
    height, width = math.ceil(CORNER * piece.height), math.ceil(CORNER * piece.width)
    corners = (
        pixels[:height, :width],
        pixels[:height, -width:],
        pixels[-height:, :width],
        pixels[-height:, -width:],
    )
    return sum(bool(corner.any()) for corner in corners)
