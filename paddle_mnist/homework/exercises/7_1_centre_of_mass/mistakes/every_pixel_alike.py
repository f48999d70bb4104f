import numpy as np


def centre(picture):
    if not picture.any():
        return picture
    rows, columns = np.nonzero(picture)
    down, right = round(14 - rows.mean()), round(14 - columns.mean())
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
