import numpy as np


def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel [h, w] over a picture [H, W]: [H - h + 1, W - w + 1]."""
    height, width = kernel.shape
    # The window must lie wholly inside the picture.
    rows = picture.shape[0] - height + 1
    columns = picture.shape[1] - width + 1
    feature_map = np.zeros((rows, columns), dtype="float32")  # [H - h + 1, W - w + 1]
    for row in range(rows):
        for column in range(columns):
            window = picture[row : row + height, column : column + width]  # [h, w]
            feature_map[row, column] = (window @ kernel).sum()
    return feature_map
