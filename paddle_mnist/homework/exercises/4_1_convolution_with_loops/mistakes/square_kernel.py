import numpy as np


def convolve(picture, kernel):
    size = len(kernel)
    places = np.array(picture.shape) - size + 1
    feature_map = np.zeros(places, dtype="float32")
    for row in range(places[0]):
        for column in range(places[1]):
            for i in range(size):
                for j in range(size):
                    feature_map[row, column] += picture[row + i, column + j] * kernel[i, j]
    return feature_map
