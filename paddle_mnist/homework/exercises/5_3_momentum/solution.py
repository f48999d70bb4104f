import numpy as np


def momentum_step(
    weights: np.ndarray,
    velocity: np.ndarray,
    gradient: np.ndarray,
    learning_rate: float,
    momentum: float,
) -> tuple[np.ndarray, np.ndarray]:
    """One step: the new weights and the new velocity, of the shape of the weights."""
    new_velocity = momentum * velocity + gradient
    # The rate comes in only here: a new rate holds for the whole velocity at once.
    new_weights = weights - learning_rate * new_velocity
    return new_weights, new_velocity
