import numpy as np


def crop_to_ink(picture: np.ndarray, least: int) -> np.ndarray:
    """The smallest part [h, w] of a picture [H, W] with its ink, without specks."""
    ink = picture >= least  # [H, W]
    strokes = ink & (ink_around(ink) >= 2)  # [H, W]
    rows = np.flatnonzero(strokes.any(axis=1))
    columns = np.flatnonzero(strokes.any(axis=0))
    if rows.size == 0:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # [h, w]


def ink_around(ink: np.ndarray) -> np.ndarray:
    """How many of the 3 x 3 pixels around each pixel [H, W] are ink, with itself."""
    height, width = ink.shape
    wide = np.pad(ink, 1)  # [H + 2, W + 2]
    counts = np.zeros((height, width), dtype="int64")  # [H, W]
    for down in range(3):
        for right in range(3):
            counts += wide[down : down + height, right : right + width]
    return counts  # [H, W]
