import numpy as np


def mean_images(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean picture of each digit: [N, 28, 28] and labels [N] to [10, 28, 28]."""
    means = np.zeros((10, 28, 28))  # [10, 28, 28]
    for digit in range(10):
        own = images[labels == digit]  # [M, 28, 28]
        # A digit that does not occur has no mean: its zeros stay.
        if len(own) > 0:
            means[digit] = own.mean(axis=0)
    return means  # [10, 28, 28]
