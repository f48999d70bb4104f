import numpy as np


def convolve_batch(pictures, kernels, bias):
    height, width = kernels.shape[2:]
    rows = pictures.shape[2] - height + 1
    columns = pictures.shape[3] - width + 1
    maps = np.zeros((len(pictures), len(kernels), rows, columns), dtype="float32")
    for row in range(rows):
        for column in range(columns):
            windows = pictures[:, None, :, row : row + height, column : column + width]
            maps[:, :, row, column] = (windows * kernels).sum(axis=(2, 3, 4)) + bias
    return maps
