import numpy as np


def batch_norm(values, scale, shift, running_mean, running_variance, training):
    if training:
        mean, variance = values.mean(axis=0), values.std(axis=0)  # [D] and [D]
        running_mean = 0.9 * running_mean + 0.1 * mean  # [D]
        running_variance = 0.9 * running_variance + 0.1 * variance  # [D]
    else:
        mean, variance = running_mean, running_variance
    # The small number keeps the root away from 0, for columns that do not vary.
    normalised = (values - mean) / np.sqrt(variance + 1e-5)  # [N, D]
    return scale * normalised + shift, running_mean, running_variance
