import numpy as np


def accuracy_by_class(logits, labels):
    right = logits.argmax(axis=1) == labels
    shares = np.zeros(10)
    for digit in np.unique(labels):
        shares[digit] = right[labels == digit].mean()
    return shares
