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
    if training:
        mean, variance = values.mean(axis=0), values.var(axis=0)  # [D] and [D]
        running_mean = 0.9 * running_mean + 0.1 * mean  # [D]
        running_variance = 0.9 * running_variance + 0.1 * variance  # [D]
    else:
        mean, variance = running_mean, running_variance
    # The small number keeps the root away from 0, for columns that do not vary.
    normalised = (values - mean) / np.sqrt(variance + 1e-5)  # [N, D]
    return scale * normalised + shift, running_mean, running_variance
