import numpy as np


def shift(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Move pictures uint8 [N, 28, 28] down by rows [N], to the right by columns [N]."""
    # At 28 pixels nothing is left of a picture, so farther is the same.
    down, right = np.clip(rows, -28, 28), np.clip(columns, -28, 28)
    # Paper on all sides: whatever moves in is 0.
    wide = np.pad(images, ((0, 0), (28, 28), (28, 28)))  # [N, 84, 84]
    moved = np.zeros_like(images)  # [N, 28, 28]
    for number in range(len(images)):
        # The ink moves down when the window begins higher up.
        top, left = 28 - down[number], 28 - right[number]
        moved[number] = wide[number, top : top + 28, left : left + 28]  # [28, 28]
    return moved  # [N, 28, 28]
