from __future__ import annotations

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import TensorArray, tensor


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """All different, so that each square has one largest number; about half are negative."""
    size = int(np.prod(shape))
    return (np.random.default_rng(seed).permutation(size) - size // 2).reshape(shape) / 4


def corners(pictures: np.ndarray) -> np.ndarray:
    """The four numbers of each square: [4, N, C, H // 2, W // 2]."""
    rows, columns = pictures.shape[2] // 2, pictures.shape[3] // 2
    places = [(row, column) for row in (0, 1) for column in (0, 1)]
    return np.stack(
        [pictures[:, :, row::2, column::2][:, :, :rows, :columns] for row, column in places]
    )


def check_values(answer: Answer) -> None:
    pictures = numbers(2, 3, 4, 6)
    expected = corners(pictures).max(axis=0)  # [2, 3, 2, 3]
    far = pictures.reshape(2, 3, 2, 2, 2, 3)
    not_neighbours = [
        far.max(axis=(2, 4)),
        far.max(axis=(3, 4)),
        pictures.reshape(2, 3, 2, 2, 3, 2).max(axis=(2, 5)),
    ]

    def is_not_neighbours(got: np.ndarray) -> bool:
        return any(np.allclose(got, one) for one in not_neighbours)

    overlapping = np.maximum(pictures[:, :, :, 1:], pictures[:, :, :, :-1])
    mistakes = {
        "mean": corners(pictures).mean(axis=0),
        "four_in_a_row": pictures.reshape(2, 3, 2, 3, 4).max(axis=-1),
        "overlapping": np.maximum(overlapping[:, :, 1:], overlapping[:, :, :-1]),
        "never_negative": np.maximum(expected, 0),
        "not_neighbours": is_not_neighbours,
    }
    answer.expect(answer(tensor(pictures)), tensor(expected), mistakes)


def check_negative(answer: Answer) -> None:
    pictures = numbers(1, 2, 4, 4) - 20
    expected = corners(pictures).max(axis=0)
    mistakes = {"never_negative": np.maximum(expected, 0)}
    answer.expect(answer(tensor(pictures)), tensor(expected), mistakes)


def check_odd(answer: Answer) -> None:
    for rows, columns in ((5, 4), (4, 7), (7, 5)):
        pictures = tensor(numbers(2, 1, rows, columns) - 20)
        error = answer.error_of(pictures)
        if error is not None:
            answer.wrong("odd_side_stops", rows=rows, columns=columns, error=error.split()[0])
        got, expected = answer(pictures), tensor(corners(pictures).max(axis=0))
        kept = (2, 1, (rows + 1) // 2, (columns + 1) // 2)
        if isinstance(got, TensorArray) and got.shape == kept:
            answer.wrong("odd_side_kept", expected=expected, got=got)
        answer.expect(got, expected)


def check_edges(answer: Answer) -> None:
    answer.expect(answer(tensor([[[[-3.0, 2.5], [1.0, -4.0]]]])), tensor([[[[2.5]]]]))
    answer.expect(answer(tensor(np.zeros((0, 3, 4, 4)))), tensor(np.zeros((0, 3, 2, 2))))


def check_gradient(answer: Answer) -> None:
    pictures, weights = numbers(2, 3, 5, 6, seed=1), numbers(2, 3, 2, 3, seed=2)
    largest = corners(pictures).max(axis=0)
    expected = np.zeros(pictures.shape)
    for n, c, row, column in np.ndindex(largest.shape):
        square = pictures[n, c, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        place = np.argwhere(square == largest[n, c, row, column])[0]
        expected[n, c, 2 * row + place[0], 2 * column + place[1]] = weights[n, c, row, column]
    (gradient,) = answer.gradients(tensor(weights), tensor(pictures))
    answer.expect(gradient, tensor(expected), {"gradient_elsewhere": lambda got: True})
