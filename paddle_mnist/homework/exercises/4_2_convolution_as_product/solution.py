import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve_batch(
    pictures: np.ndarray,
    kernels: np.ndarray,
    bias: np.ndarray,
) -> np.ndarray:
    """From [N, C, H, W], [K, C, h, w] and [K] to [N, K, H - h + 1, W - w + 1]."""
    kernel_count, channels, height, width = kernels.shape
    windows = sliding_window_view(pictures, (height, width), axis=(2, 3))
    # Before reshape: first the axes that say where a window is, then what it shows.
    windows = windows.transpose([0, 2, 3, 1, 4, 5])  # [N, rows, columns, C, h, w]
    count, rows, columns = windows.shape[:3]
    matrix = windows.reshape(count * rows * columns, channels * height * width)

    weights = kernels.reshape(kernel_count, -1).T  # [C · h · w, K]
    sums = matrix @ weights + bias  # [N · rows · columns, K]
    maps = sums.reshape(count, rows, columns, kernel_count)
    return maps.transpose([0, 3, 1, 2])  # [N, K, H - h + 1, W - w + 1]
