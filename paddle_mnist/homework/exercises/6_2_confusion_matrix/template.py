import numpy as np


def confusion_matrix(labels: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Count true digits [N] and read digits [N] in an int64 [10, 10]: true, read."""
    ...
