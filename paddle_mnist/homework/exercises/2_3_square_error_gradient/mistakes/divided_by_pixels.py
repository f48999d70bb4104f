import numpy as np


def gradients(
    images: np.ndarray, labels: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of the mean square error: by weights [D, 1], by bias [1]."""
    predictions = images @ weights + bias  # [N, 1]
    # As a column too: [N, 1] minus [N] would be a table [N, N].
    errors = predictions - labels.reshape(-1, 1)  # [N, 1]
    # Each picture's error goes back to a weight as strongly as the pixel was.
    weight_gradient = 2 / images.shape[1] * images.T @ errors  # [D, 1]
    # The bias is like the weight of a pixel that is always 1.
    bias_gradient = 2 * errors.mean(axis=0)  # [1]
    return weight_gradient, bias_gradient
