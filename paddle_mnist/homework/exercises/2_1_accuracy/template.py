import numpy as np

from paddle_mnist.core.transforms import norm_img


def accuracy(network, images: np.ndarray, labels: np.ndarray) -> float:
    """The share, 0 to 1, of images [N, 28, 28] read as their labels [N]."""
    ...
