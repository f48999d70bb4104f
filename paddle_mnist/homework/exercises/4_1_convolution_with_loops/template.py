import numpy as np


def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel [h, w] over a picture [H, W]: [H - h + 1, W - w + 1]."""
    ...
