import numpy as np


def accuracy_by_class(logits, labels):
    right = logits.argmax(axis=0) == labels
    shares = np.full(10, np.nan)
    for digit in np.unique(labels):
        shares[digit] = right[labels == digit].mean()
    return shares
