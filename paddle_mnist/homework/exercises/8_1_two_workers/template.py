import numpy as np


def gradient_in_parts(
    gradient_of, images: np.ndarray, labels: np.ndarray, workers: int
) -> np.ndarray:
    """The gradient [P] of the mean loss of images [N, P], found in parts."""
    ...
