import numpy as np


def centre(picture):
    if not picture.any():
        return picture
    places = np.arange(28)
    down = round((places * picture.sum(axis=1)).sum() / picture.sum() - 14)
    right = round((places * picture.sum(axis=0)).sum() / picture.sum() - 14)
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
