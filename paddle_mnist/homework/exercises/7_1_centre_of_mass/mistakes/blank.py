import numpy as np


def centre(picture):
    places = np.arange(28)
    down = round(14 - np.average(places, weights=picture.sum(axis=1)))
    right = round(14 - np.average(places, weights=picture.sum(axis=0)))
    wide = np.pad(picture, 28)
    return wide[28 - down : 56 - down, 28 - right : 56 - right]
