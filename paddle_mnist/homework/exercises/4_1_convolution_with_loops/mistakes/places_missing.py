import numpy as np


def convolve(picture, kernel):
    height, width = kernel.shape
    rows = picture.shape[0] - height
    columns = picture.shape[1] - width
    feature_map = np.zeros((rows, columns), dtype="float32")
    for row in range(rows):
        for column in range(columns):
            window = picture[row : row + height, column : column + width]
            feature_map[row, column] = (window * kernel).sum()
    return feature_map
