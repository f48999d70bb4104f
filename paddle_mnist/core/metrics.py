"""What is counted: predicted digits, accuracy, confusion. NumPy only; knows nothing of networks."""

from __future__ import annotations

import numpy as np

from paddle_mnist.data.split import CLASSES


def predicted_digits(outputs: np.ndarray, *, truncate: bool = False) -> np.ndarray:
    """The digit that each output stands for.

    Args:
        outputs: [N, 10], a score for each digit: the largest wins; or [N, 1], the digit as a
            number: the nearest of 0 to 9 wins.
        truncate: for [N, 1], cut the decimals off instead, as the PaddlePaddle course does.

    Returns:
        int64 [N], 0 to 9.
    """
    if outputs.shape[1] == CLASSES:
        largest: np.ndarray = outputs.argmax(axis=1)  # [N, 10] -> [N]
        return largest
    numbers: np.ndarray = np.trunc(outputs[:, 0]) if truncate else np.rint(outputs[:, 0])
    return numbers.clip(0, CLASSES - 1).astype(np.int64)  # [N, 1] -> [N]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities [N, 10] from logits [N, 10]; each row adds up to 1."""
    # Subtracting the largest changes nothing in the quotient, and keeps exp from overflowing.
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def confusion_matrix(labels: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Count each pair of true and predicted digit.

    Args:
        labels: int64 [N], the true digits.
        digits: int64 [N], the predicted ones.

    Returns:
        int64 [10, 10]; row: true digit, column: predicted digit.
    """
    # Each pair becomes one number, 10 * true + predicted, and `bincount` counts the numbers.
    pairs = np.bincount(labels * CLASSES + digits, minlength=CLASSES * CLASSES)
    return pairs.reshape(CLASSES, CLASSES)  # [100] -> [10, 10]


def accuracy_by_class(labels: np.ndarray, digits: np.ndarray) -> dict[int, float]:
    """The share of each digit's pictures that were read right, for the digits that occur.

    Labels and predicted digits are int64 [N], as for `confusion_matrix`.
    """
    right = digits == labels
    return {int(digit): float(right[labels == digit].mean()) for digit in np.unique(labels)}


def most_confused(matrix: np.ndarray, count: int = 5) -> list[tuple[int, int, int]]:
    """The most frequent mistakes, as (true digit, read as, how often), most frequent first."""
    mistakes = [
        (true, read, int(matrix[true, read]))
        for true in range(CLASSES)
        for read in range(CLASSES)
        if true != read and matrix[true, read]
    ]
    return sorted(mistakes, key=lambda mistake: -mistake[2])[:count]


def means_of_parts(values: list[float], parts: int = 20) -> list[float]:
    """Cut a series into parts of about equal length, and take the mean of each.

    Args:
        values: at least one, such as the losses of an epoch's batches.
        parts: how many parts at most.

    Returns:
        The mean of each part, in order; fewer than `parts` where there are fewer values.
    """
    return [float(part.mean()) for part in np.array_split(values, min(parts, len(values)))]


class Average:
    """A mean in which every image counts once, whatever the size of its batch."""

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def add(self, mean: float, count: float) -> None:
        """Add a batch's mean, weighted by its number of images."""
        self.total += mean * count
        self.count += count

    @property
    def value(self) -> float:
        """The mean of all that was added; 0.0 before anything was."""
        return self.total / self.count if self.count else 0.0
