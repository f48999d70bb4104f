import numpy as np


def gradient_in_parts(gradient_of, images, labels, workers):
    total = np.zeros(images.shape[1])
    for number in range(workers):
        start = len(images) * number // workers
        end = len(images) * (number + 1) // workers
        total += (end - start) * gradient_of(images[start:end], labels[start:end])
    return total
