import numpy as np


def centre(picture: np.ndarray) -> np.ndarray:
    """Move the ink of a picture uint8 [28, 28]: its centre of mass to the middle."""
    ...
