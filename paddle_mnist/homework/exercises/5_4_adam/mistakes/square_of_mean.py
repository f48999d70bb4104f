import numpy as np


def adam_step(weights, mean, square, gradient, step, learning_rate):
    new_mean = 0.9 * mean + 0.1 * gradient
    new_square = 0.999 * square + 0.001 * new_mean**2
    mean_hat = new_mean / (1 - 0.9**step)
    square_hat = new_square / (1 - 0.999**step)
    new_weights = weights - learning_rate * mean_hat / (np.sqrt(square_hat) + 1e-8)
    return new_weights, new_mean, new_square
