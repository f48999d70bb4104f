import numpy as np


def mean_images(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """From pictures [N, 28, 28] and labels [N] to the mean picture of each digit [10, 28, 28]."""
    sums = np.zeros_like(images, shape=(10, 28, 28))
    counts = np.zeros(10)
    for image, label in zip(images, labels):
        sums[label] += image
        counts[label] += 1
    return sums / counts.reshape(10, 1, 1)  # [10, 28, 28]
