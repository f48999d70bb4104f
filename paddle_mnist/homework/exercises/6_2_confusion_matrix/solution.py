import numpy as np


def confusion_matrix(labels: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Count true digits [N] and read digits [N] in an int64 [10, 10]: true, read."""
    matrix = np.zeros((10, 10), dtype="int64")  # [10, 10]
    for true, read in zip(labels, digits):
        matrix[true, read] += 1
    return matrix  # [10, 10]
