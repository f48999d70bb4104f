from __future__ import annotations

from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close
from paddle_mnist.homework.conversion import TensorArray, tensor

ROWS = [[2.0, 1.0, 0.0, -1.0], [0.5, 0.0, -2.0, 0.0], [-3.0, 5.0, 0.5, 0.25]]
LABELS = [0, 2, 1]


def log_probabilities(rows: Any, axis: int = 1) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64)
    largest = rows.max(axis=axis, keepdims=True)
    return rows - largest - np.log(np.exp(rows - largest).sum(axis=axis, keepdims=True))


def of_the_truth(rows: Any, labels: list[int], axis: int = 1) -> np.ndarray:
    return -log_probabilities(rows, axis)[np.arange(len(labels)), labels]


def labelled(labels: list[int]) -> TensorArray:
    return tensor(labels, "int64")


def check_equal(answer: Answer) -> None:
    # Ten equal scores: ln 10, whatever the labels are.
    def is_other_logarithm(got: Any) -> bool:
        return is_close(got, np.log2(10)) or is_close(got, 1.0)

    def is_probability(got: Any) -> bool:
        return is_close(abs(got), 0.1)

    mistakes = {
        "sum": 4 * np.log(10),
        "no_minus": -np.log(10),
        "one_for_each": np.full(4, np.log(10)),
        "mean_of_all": np.log(10) / 10,
        "columns": np.log(4),
        "other_logarithm": is_other_logarithm,
        "no_logarithm": is_probability,
    }
    got = answer(tensor(np.zeros((4, 10))), labelled([3, 1, 4, 1]))
    answer.expect(got, tensor(np.log(10)), mistakes)


def check_values(answer: Answer) -> None:
    mistakes = {
        "columns": of_the_truth(ROWS, LABELS, axis=0).mean(),
        "all_pairs": -log_probabilities(ROWS)[:, LABELS].mean(),
    }
    got = answer(tensor(ROWS), labelled(LABELS))
    answer.expect(got, tensor(of_the_truth(ROWS, LABELS).mean()), mistakes)


def check_large(answer: Answer) -> None:
    # e^1000 is infinite, but the probabilities are ordinary ones.
    got = answer(tensor([[1000.0, 999.0, 998.0]]), labelled([1]))
    expected = tensor(of_the_truth([[1000.0, 999.0, 998.0]], [1]).mean())
    answer.expect(got, expected, {"overflow": lambda got: not np.isfinite(got)})

    # ln(e^1000 + e^0 + e^0) - 0 is 1000, as exactly as a float can say.
    mistakes = {
        "log_of_zero": lambda got: not np.isfinite(got),
        "small_number_added": lambda got: 5 < float(got) < 200,
    }
    got = answer(tensor([[1000.0, 0.0, 0.0]]), labelled([1]))
    answer.expect(got, tensor(1000.0), mistakes)

    rows, labels = [[1000.0, 0.0, 0.0], [-1000.0, -1001.0, -1002.0]], [0, 0]
    got = answer(tensor(rows), labelled(labels))
    expected = tensor(of_the_truth(rows, labels).mean())
    answer.expect(got, expected, {"one_maximum": lambda got: not np.isfinite(got)})


def check_edges(answer: Answer) -> None:
    # One picture with the probabilities 1/4 and 3/4; then a single class, which is always right.
    got = answer(tensor([[0.0, np.log(3.0)]]), labelled([1]))
    answer.expect(got, tensor(np.log(4 / 3)))
    answer.expect(answer(tensor([[5.0], [-5.0]]), labelled([0, 0])), tensor(0.0))


def check_gradient(answer: Answer) -> None:
    # Softmax minus one-hot, divided by N.
    expected = (np.exp(log_probabilities(ROWS)) - np.eye(4)[LABELS]) / 3
    (gradient,) = answer.gradients(tensor(1.0), tensor(ROWS), labelled(LABELS))
    mistakes = {"no_own_gradient": lambda got: bool(np.isfinite(got).all())}
    answer.expect(gradient, tensor(expected), mistakes)
