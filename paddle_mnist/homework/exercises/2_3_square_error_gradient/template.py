import numpy as np


def gradients(
    images: np.ndarray, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of the mean square error: by weights [D, 1], by bias [1]."""
    ...
