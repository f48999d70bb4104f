import numpy as np


def ink_around(ink):
    height, width = ink.shape
    wide = np.pad(ink, 1)
    counts = np.zeros((height, width), dtype="int64")
    for down in range(3):
        for right in range(3):
            counts += wide[down : down + height, right : right + width]
    return counts


def crop_to_ink(picture, least):
    ink = picture >= least
    strokes = ink & (ink_around(ink) >= 2)
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if rows.size == 0:
        return picture
    return picture[columns[0] : columns[-1] + 1, rows[0] : rows[-1] + 1]
