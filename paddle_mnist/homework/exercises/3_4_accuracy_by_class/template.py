import numpy as np


def accuracy_by_class(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """From scores [N, 10] and labels [N] to the accuracy of each digit [10]."""
    ...
