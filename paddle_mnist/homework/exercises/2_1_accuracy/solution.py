import numpy as np

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.core.transforms import norm_img


def accuracy(network, images: np.ndarray, labels: np.ndarray) -> float:
    """The share, 0 to 1, of images [N, 28, 28] read as their labels [N]."""
    outputs = network(norm_img(images)).numpy()  # [N, 1]
    # Rounds, and brings what is below 0 or above 9 to the nearest digit.
    digits = predicted_digits(outputs)  # [N]
    # A mean of True and False is the share of True.
    return float((digits == labels).mean())
