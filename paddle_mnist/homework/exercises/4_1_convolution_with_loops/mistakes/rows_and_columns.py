import numpy as np


def convolve(picture, kernel):
    height, width = kernel.shape
    rows = picture.shape[0] - height + 1
    columns = picture.shape[1] - width + 1
    feature_map = np.zeros((rows, columns), dtype="float32")
    for row in range(rows):
        for column in range(columns):
            for i in range(height):
                for j in range(width):
                    feature_map[row, column] += picture[row + i, column + j] * kernel[j, i]
    return feature_map
