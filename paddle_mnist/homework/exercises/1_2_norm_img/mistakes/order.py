import numpy as np


def norm_img(images: np.ndarray) -> np.ndarray:
    """From grey levels, uint8 [N, 28, 28], to rows from 0 to 1, float32 [N, 784]."""
    # reshape would also take other shapes, if only their number of pixels fits.
    if images.shape[1:] != (28, 28):
        raise ValueError(f"expected pictures [N, 28, 28], got {list(images.shape)}")
    rows = images.reshape(-1, 784, order="F")  # [N, 28, 28] -> [N, 784]
    return rows.astype("float32") / 255  # [N, 784]
