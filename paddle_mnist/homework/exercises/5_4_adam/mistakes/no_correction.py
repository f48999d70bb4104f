import numpy as np


def adam_step(weights, mean, square, gradient, step, learning_rate):
    new_mean = 0.9 * mean + 0.1 * gradient
    new_square = 0.999 * square + 0.001 * gradient**2
    new_weights = weights - learning_rate * new_mean / (np.sqrt(new_square) + 1e-8)
    return new_weights, new_mean, new_square
