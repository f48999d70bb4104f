import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve_batch(pictures, kernels, bias):
    kernel_count, _, height, width = kernels.shape
    rows, columns = pictures.shape[2] - height + 1, pictures.shape[3] - width + 1
    maps = np.zeros((len(pictures), kernel_count, rows, columns), dtype="float32")
    weights = kernels.reshape(kernel_count, -1).T
    for number, picture in enumerate(pictures):
        windows = sliding_window_view(picture, (height, width), axis=(1, 2))
        matrix = windows.transpose([1, 2, 0, 3, 4]).reshape(rows * columns, -1)
        sums = matrix @ weights + bias
        maps[number] = sums.T.reshape(kernel_count, rows, columns)
    return maps
