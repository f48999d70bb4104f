import numpy as np


def centre(picture):
    if picture.sum() == 0:
        return picture
    down = round(14 - (np.arange(1, 29) * picture.sum(axis=1)).sum() / picture.sum())
    right = round(14 - (np.arange(1, 29) * picture.sum(axis=0)).sum() / picture.sum())
    return np.roll(picture, (down, right), axis=(0, 1))
