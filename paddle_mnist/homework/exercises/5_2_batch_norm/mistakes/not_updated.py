import numpy as np


def batch_norm(values, scale, shift, running_mean, running_variance, training):
    if training:
        mean, variance = values.mean(axis=0), values.var(axis=0)
    else:
        mean, variance = running_mean, running_variance
    normalised = (values - mean) / np.sqrt(variance + 1e-5)
    return scale * normalised + shift, running_mean, running_variance
