import numpy as np


def centre(picture):
    rows, columns = np.nonzero(picture >= 64)
    if len(rows) == 0:
        return picture
    down, right = round(14 - rows.mean()), round(14 - columns.mean())
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
