import numpy as np


def backward(
    inputs: np.ndarray, weights: np.ndarray, upstream: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From [N, D], [D, K], [N, K] to the gradients [N, D], [D, K], [K]."""
    ...
