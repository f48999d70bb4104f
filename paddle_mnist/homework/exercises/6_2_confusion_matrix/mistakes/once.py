import numpy as np


def confusion_matrix(labels, digits):
    matrix = np.zeros((10, 10), dtype="int64")
    matrix[labels, digits] += 1
    return matrix
