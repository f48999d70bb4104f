from __future__ import annotations

from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import tensor

ROWS = [[2.0, 1.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0], [-3.0, 5.0, 0.5, 0.25]]


def probabilities(rows: Any, axis: int = 1) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64)
    powers = np.exp(rows - rows.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def check_values(answer: Answer) -> None:
    expected = probabilities(ROWS)

    def is_in_proportion(got: np.ndarray) -> bool:
        factors = got / expected  # [3, 4]
        return np.allclose(factors, factors[:, :1], rtol=1e-3)

    # Whatever was subtracted before: the sums tell.
    mistakes = {
        "columns": lambda got: np.allclose(got.sum(axis=0), 1, atol=1e-4),
        "all_together": lambda got: np.allclose(got.sum(), 1, atol=1e-4),
        "not_divided": is_in_proportion,
    }
    answer.expect(answer(tensor(ROWS)), tensor(expected), mistakes)


def check_large(answer: Answer) -> None:
    rows = [[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1001.0]]

    def is_one_maximum(got: np.ndarray) -> bool:
        return np.isfinite(got[0]).all() and not np.isfinite(got[1]).all()

    def is_overflow(got: np.ndarray) -> bool:
        return not np.isfinite(got).all()

    mistakes = {"one_maximum": is_one_maximum, "overflow": is_overflow}
    answer.expect(answer(tensor(rows)), tensor(probabilities(rows)), mistakes)


def check_edges(answer: Answer) -> None:
    answer.expect(answer(tensor([[7.0, 7.0, 7.0, 7.0]])), tensor([[0.25] * 4]))
    answer.expect(answer(tensor([[0.0, np.log(3.0)]])), tensor([[0.25, 0.75]]))
    answer.expect(answer(tensor(np.zeros((0, 4)))), tensor(np.zeros((0, 4))))


def check_gradient(answer: Answer) -> None:
    # By hand: p · (w - Σ w·p), for the gradient of Σ w·p by the scores.
    weights = np.array([[1.0, -2.0, 0.5, 3.0]])
    p = probabilities(ROWS[:1])
    expected = p * (weights - (weights * p).sum())
    (gradient,) = answer.gradients(tensor(weights), tensor(ROWS[:1]))
    answer.expect(gradient, tensor(expected), {"no_own_gradient": lambda got: True})
