import numpy as np


def batch_norm(
    values: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    running_mean: np.ndarray,
    running_variance: np.ndarray,
    training: bool,
) -> tuple:
    """Normalised values [N, D], and the new running mean and variance, each [D]."""
    ...
