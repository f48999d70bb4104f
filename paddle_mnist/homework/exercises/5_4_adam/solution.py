import numpy as np


def adam_step(
    weights: np.ndarray,
    mean: np.ndarray,
    square: np.ndarray,
    gradient: np.ndarray,
    step: int,
    learning_rate: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step: new weights, new mean of the gradients, new mean of their squares."""
    new_mean = 0.9 * mean + 0.1 * gradient
    new_square = 0.999 * square + 0.001 * gradient**2
    # Both averages began at 0. After many steps these two divisors are nearly 1.
    mean_hat = new_mean / (1 - 0.9**step)
    square_hat = new_square / (1 - 0.999**step)
    new_weights = weights - learning_rate * mean_hat / (np.sqrt(square_hat) + 1e-8)
    return new_weights, new_mean, new_square
