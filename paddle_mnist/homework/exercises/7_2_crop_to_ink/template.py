import numpy as np


def crop_to_ink(picture: np.ndarray, least: int) -> np.ndarray:
    """The smallest part [h, w] of a picture [H, W] with its ink, without specks."""
    ...
