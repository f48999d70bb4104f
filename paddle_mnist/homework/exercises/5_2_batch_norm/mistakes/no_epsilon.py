import numpy as np


def batch_norm(values, scale, shift, running_mean, running_variance, training):
    if training:
        mean, variance = values.mean(axis=0), values.var(axis=0)
        running_mean = 0.9 * running_mean + 0.1 * mean
        running_variance = 0.9 * running_variance + 0.1 * variance
    else:
        mean, variance = running_mean, running_variance
    with np.errstate(invalid="ignore"):
        normalised = (values - mean) / np.sqrt(variance)
    return scale * normalised + shift, running_mean, running_variance
