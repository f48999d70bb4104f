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
    ...
