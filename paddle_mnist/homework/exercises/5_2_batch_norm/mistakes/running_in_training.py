import numpy as np


def batch_norm(values, scale, shift, running_mean, running_variance, training):
    normalised = (values - running_mean) / np.sqrt(running_variance + 1e-5)
    if training:
        running_mean = 0.9 * running_mean + 0.1 * values.mean(axis=0)
        running_variance = 0.9 * running_variance + 0.1 * values.var(axis=0)
    return scale * normalised + shift, running_mean, running_variance
