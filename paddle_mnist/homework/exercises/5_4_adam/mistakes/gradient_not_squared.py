import numpy as np


def adam_step(weights, mean, square, gradient, step, learning_rate):
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient
    with np.errstate(all="ignore"):
        mean_hat = mean / (1 - 0.9**step)
        square_hat = square / (1 - 0.999**step)
        new_weights = weights - learning_rate * mean_hat / (np.sqrt(square_hat) + 1e-8)
    return new_weights, mean, square
