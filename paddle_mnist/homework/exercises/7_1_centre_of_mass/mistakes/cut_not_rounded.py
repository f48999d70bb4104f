import numpy as np


def centre(picture):
    if not picture.any():
        return picture
    places = np.arange(28)
    down = int(14 - (places * picture.sum(axis=1)).sum() / picture.sum())
    right = int(14 - (places * picture.sum(axis=0)).sum() / picture.sum())
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
