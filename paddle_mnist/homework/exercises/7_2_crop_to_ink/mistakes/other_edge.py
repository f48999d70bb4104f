import numpy as np


def ink_around(ink):
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return sum(np.roll(ink, shift, axis=(0, 1)).astype("int64") for shift in shifts)


def crop_to_ink(picture, least):
    ink = picture >= least
    strokes = ink & (ink_around(ink) >= 2)
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if rows.size == 0:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
