import numpy as np


def batch_norm(
    values: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    running_mean: np.ndarray,
    running_variance: np.ndarray,
    training: bool,
) -> tuple:
    """Of values [N, D]: the normalised ones [N, D], and the new running averages [D] and [D]."""
    ...
