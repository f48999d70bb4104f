import numpy as np


def convolve(picture, kernel):
    height, width = kernel.shape
    padded = np.pad(picture, ((0, height - 1), (0, width - 1)))
    feature_map = np.zeros_like(picture)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            window = padded[row : row + height, column : column + width]
            feature_map[row, column] = (window * kernel).sum()
    return feature_map
