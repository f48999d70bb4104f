import numpy as np


def crop_to_ink(picture, least):
    ink = picture >= least
    strokes = np.zeros(ink.shape, dtype=bool)
    for row in range(1, len(ink) - 1):
        for column in range(1, len(ink[0]) - 1):
            around = ink[row - 1 : row + 2, column - 1 : column + 2]
            strokes[row, column] = ink[row, column] and around.sum() >= 2
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    if rows.size == 0:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
