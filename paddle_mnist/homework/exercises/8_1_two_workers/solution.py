import numpy as np


def gradient_in_parts(
    gradient_of, images: np.ndarray, labels: np.ndarray, workers: int
) -> np.ndarray:
    """The gradient [P] of the mean loss of images [N, P], found in parts."""
    total = np.zeros(images.shape[1])  # [P]
    for number in range(workers):
        # These borders spread the rest evenly: the sizes differ by one at most.
        start = len(images) * number // workers
        end = len(images) * (number + 1) // workers
        if end > start:
            # The mean of a part, times its size, is the sum of the part.
            total += (end - start) * gradient_of(images[start:end], labels[start:end])
    return total / len(images)  # [P]
