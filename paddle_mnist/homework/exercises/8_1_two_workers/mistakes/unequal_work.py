import numpy as np


def gradient_in_parts(gradient_of, images, labels, workers):
    total = np.zeros(images.shape[1])
    size = -(-len(images) // workers)
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        total += len(images[part]) * gradient_of(images[part], labels[part])
    return total / len(images)
