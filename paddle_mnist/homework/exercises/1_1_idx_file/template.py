import numpy as np


def read_images(path: str) -> np.ndarray:
    """Read an unpacked IDX file of pictures into a uint8 array [N, rows, columns]."""
    ...
