import numpy as np


def confusion_matrix(labels, digits):
    matrix = np.zeros((10, 10), dtype="int64")
    for true, read in zip(labels, digits):
        matrix[true, read] += 1
    return matrix / len(labels)
