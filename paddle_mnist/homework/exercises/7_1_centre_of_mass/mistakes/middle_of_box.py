import numpy as np


def centre(picture):
    if not picture.any():
        return picture
    rows = np.flatnonzero(picture.any(axis=1))
    columns = np.flatnonzero(picture.any(axis=0))
    down = round(14 - (rows[0] + rows[-1]) / 2)
    right = round(14 - (columns[0] + columns[-1]) / 2)
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
