import numpy as np


def backward(
    inputs: np.ndarray, weights: np.ndarray, upstream: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From [N, D], [D, K], [N, K] to the gradients [N, D], [D, K], [K]."""
    inputs_gradient = upstream @ weights.T  # [N, D]
    # The product and the sum run over the images: each one adds its part.
    weights_gradient = inputs.T @ upstream  # [D, K]
    bias_gradient = upstream.sum(axis=0)  # [K]
    return inputs_gradient, weights_gradient, bias_gradient
