import numpy as np


def norm_img(images: np.ndarray) -> np.ndarray:
    """From grey levels, uint8 [N, 28, 28], to rows from 0 to 1, float32 [N, 784]."""
    ...
