import numpy as np


def centre(picture: np.ndarray) -> np.ndarray:
    """Move the ink of a picture uint8 [28, 28]: its centre of mass to the middle."""
    if not picture.any():
        return picture.copy()  # no ink has no centre
    down = distance_to_middle(picture.sum(axis=1))
    right = distance_to_middle(picture.sum(axis=0))
    # Paper on all sides, and a window on it: ink moves down when the window moves up.
    wide = np.pad(picture, 28)  # [84, 84]
    return wide[28 - down : 56 - down, 28 - right : 56 - right]  # [28, 28]


def distance_to_middle(mass: np.ndarray) -> int:
    """How far the mean place of the mass [28] is from place 14, in whole pixels."""
    mean_place = (np.arange(28) * mass).sum() / mass.sum()
    return round(14 - mean_place)
