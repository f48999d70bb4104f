import numpy as np


def batch_norm(values, scale, shift, running_mean, running_variance, training):
    batch_mean, batch_variance = values.mean(axis=0), values.var(axis=0)
    mean = batch_mean if training else running_mean
    variance = batch_variance if training else running_variance
    normalised = (values - mean) / np.sqrt(variance + 1e-5)
    running_mean = 0.9 * running_mean + 0.1 * batch_mean
    running_variance = 0.9 * running_variance + 0.1 * batch_variance
    return scale * normalised + shift, running_mean, running_variance
