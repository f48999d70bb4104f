from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close, shorten


def call_quietly(
    answer: Callable[..., Any], logits: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Runs where the answer is: what it returns, and the warnings that NumPy gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        got = answer(logits, labels)
    messages = [str(one.message) for one in caught if issubclass(one.category, RuntimeWarning)]
    return {"got": got, "warnings": messages}


def scores_for(digits: list[int]) -> np.ndarray:
    """Scores whose largest one in each row is that of the given digit."""
    logits = np.random.default_rng(0).normal(size=(len(digits), 10))
    for row, digit in zip(logits, digits):
        row[digit] = row.max() + 1
    return logits.astype("float32")  # [N, 10]


def counts(labels: list[int], digits: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each digit: how often it is true, how often it is read, how often both; by counting."""
    pairs = list(zip(labels, digits))
    true = [sum(label == digit for label, _ in pairs) for digit in range(10)]
    read = [sum(other == digit for _, other in pairs) for digit in range(10)]
    both = [sum(pair == (digit, digit) for pair in pairs) for digit in range(10)]
    return np.array(true), np.array(read), np.array(both)


def find_wrong_axis(answer: Answer) -> None:
    # As many images as digits: along the wrong axis the shapes fit too, so that it can be told.
    labels, digits = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7], [3, 1, 9, 0, 3, 9, 7, 6, 8, 7]
    logits = scores_for(digits)
    true, _, expected = counts(labels, digits)
    _, _, along_columns = counts(labels, logits.argmax(axis=0).tolist())
    got = answer(logits, np.array(labels))
    if is_close(got, along_columns / true):
        answer.wrong("wrong_axis", expected=expected / true, got=got)


def check_all_digits(answer: Answer) -> None:
    find_wrong_axis(answer)
    labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 4, 4, 9, 9, 1, 1, 7, 3, 3, 5, 0, 8, 6]
    digits = [0, 1, 2, 3, 4, 3, 6, 7, 8, 4, 4, 9, 9, 9, 4, 1, 7, 7, 5, 3, 3, 0, 2, 6]
    true, read, both = counts(labels, digits)
    # Where a digit is read that often as it occurs, both shares are the same: not everywhere.
    mistakes = {
        "of_the_answers": both / read,
        "of_all": both / len(labels),
        "only_counted": both,
        "same_for_all": np.full(10, both.sum() / len(labels)),
        "one_number": both.sum() / len(labels),
        "wrong_ones": 1 - both / true,
    }
    got = answer(scores_for(digits), np.array(labels))
    answer.expect(got, both / true, mistakes)


def expect_quietly(answer: Answer, labels: list[int], digits: list[int]) -> None:
    true, _, both = counts(labels, digits)
    expected = np.array([one / of if of else np.nan for one, of in zip(both, true)])
    logits, truth = scores_for(digits), np.array(labels, dtype="int64")
    given = f"logits = {shorten(logits)}\nlabels = {shorten(truth)}"
    found = answer.run(call_quietly, logits, truth, given=given)

    def is_zero_for_absent(got: np.ndarray) -> bool:
        return bool((got[true == 0] == 0).all())

    answer.expect(found["got"], expected, {"zeros": is_zero_for_absent})
    if found["warnings"]:
        answer.wrong("warns", warning=found["warnings"][0].rstrip("."))


def check_absent(answer: Answer) -> None:
    # Of 2, 3 and 7 only; 9 is read though it does not occur, 3 is always read wrong.
    expect_quietly(answer, [2, 7, 7, 3, 2, 7, 3, 2], [2, 7, 9, 2, 2, 2, 9, 2])


def check_edges(answer: Answer) -> None:
    expect_quietly(answer, [5], [5])
    expect_quietly(answer, [], [])
