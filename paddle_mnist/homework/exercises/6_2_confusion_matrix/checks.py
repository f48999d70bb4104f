from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer


def counts(labels: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Each number of the table on its own."""
    pairs = [[(labels == true) & (digits == read) for read in range(10)] for true in range(10)]
    return np.array(pairs).sum(axis=2)


def expect_counts(answer: Answer, labels: Any, digits: Any, mistakes: Sequence[str]) -> None:
    labels, digits = np.array(labels, "int64"), np.array(digits, "int64")
    table = counts(labels, digits)

    known = {
        "transposed": lambda got: np.array_equal(got, table.T),
        "once": lambda got: np.array_equal(got, np.minimum(table, 1)),
        "only_mistakes": lambda got: np.array_equal(got, table * (1 - np.eye(10))),
        "shares": lambda got: not np.array_equal(got, np.rint(got)),
    }
    got = answer(labels, digits)
    if isinstance(got, np.ndarray) and got.shape == table.shape and (got != table).any():
        # Two tables of a hundred numbers look alike: name a place where they differ.
        true, read = np.argwhere(got != table)[0].tolist()
        right, found = int(table[true, read]), float(got[true, read])
        for key in mistakes:
            if known[key](got):
                answer.wrong(key, true=true, read=read, right=right, found=found)
    answer.expect(got, table.astype("int64"))


def check_example(answer: Answer) -> None:
    expect_counts(answer, [4, 4, 7], [4, 9, 7], ["transposed", "only_mistakes", "shares"])


def check_repeated(answer: Answer) -> None:
    labels = [2, 2, 2, 2, 7, 7, 3, 3, 3, 0]
    digits = [2, 2, 7, 7, 2, 7, 3, 3, 3, 6]
    expect_counts(answer, labels, digits, ["once", "transposed", "only_mistakes", "shares"])


def check_many(answer: Answer) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 1000)
    digits = np.where(random.random(1000) < 0.8, labels, random.integers(0, 10, 1000))
    expect_counts(answer, labels, digits, ["once", "transposed", "only_mistakes", "shares"])


def check_few_digits(answer: Answer) -> None:
    expect_counts(answer, [0, 0, 1], [1, 1, 1], ["once", "shares"])
    expect_counts(answer, [], [], ["shares"])
