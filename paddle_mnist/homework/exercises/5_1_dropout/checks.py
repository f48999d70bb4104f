from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import TensorArray, tensor
from paddle_mnist.system.runtime import set_seed

RATE = 0.25
# None is near 0, so that a 0 in an answer was dropped.
VALUES = tensor(np.random.default_rng(0).uniform(0.5, 1.5, (600, 100)))
VALUES[:, ::2] *= -3


def set_the_seed(answer: Callable[..., Any], seed: int) -> None:
    """Runs where the answer is: what its next call draws is the same each time."""
    set_seed(seed)


def values_and_gradient(
    answer: Callable[..., Any], values: Any, rate: float, seed: int
) -> list[Any]:
    """Runs where the answer is: what it returns, and the gradient of the sum of that."""
    import paddle

    set_seed(seed)
    values.stop_gradient = False
    dropped = answer(values, rate, True)
    if not isinstance(dropped, paddle.Tensor) or dropped.stop_gradient:
        return [dropped, None]
    dropped.sum().backward()
    return [dropped, values.grad]


def in_training(answer: Answer, values: np.ndarray, rate: float, seed: int) -> TensorArray:
    """What the answer returns in training, of the right kind and shape."""
    answer.run(set_the_seed, seed)
    got = answer(values, rate, True)
    if not isinstance(got, TensorArray) or got.shape != values.shape:
        answer.expect(got, values)
    return got


def factor_of(got: np.ndarray, values: np.ndarray) -> float:
    """By what the values that were kept are multiplied, in the middle of all."""
    kept = got != 0
    return float(np.median(got[kept] / values[kept])) if kept.any() else 0.0


def check_evaluation(answer: Answer) -> None:
    values = VALUES[:4, :6]
    answer.run(set_the_seed, 0)
    got = answer(values, 0.5, False)
    if isinstance(got, TensorArray) and got.shape == values.shape:
        factor = factor_of(got, values)
        if (got == 0).any():
            answer.wrong("drops_in_evaluation", expected=values, got=got)
        if not np.isclose(factor, 1) and np.allclose(got, factor * values, rtol=1e-4):
            answer.wrong("scaled_in_evaluation", factor=factor, expected=values, got=got)
    answer.expect(got, values)


def check_training(answer: Answer) -> None:
    got = in_training(answer, VALUES, RATE, seed=1)
    kept = got != 0
    dropped, factor = float(1 - kept.mean()), factor_of(got, VALUES)
    if 0 < dropped < 1 and (kept == kept[0]).all():
        answer.wrong("same_in_every_row", got=got)
    if 0 < dropped < 1 and (kept == kept[:, :1]).all():
        answer.wrong("whole_rows", got=got)
    if abs(dropped - (1 - RATE)) < 0.02:
        answer.wrong("kept_instead", dropped=dropped, got=got)
    # By chance alone the share varies by 0.0018: this is eleven times as much.
    if abs(dropped - RATE) > 0.02:
        answer.wrong("wrong_share", dropped=dropped, got=got)
    expected = tensor(np.where(kept, VALUES / (1 - RATE), 0))
    if np.allclose(got, np.where(kept, VALUES, 0), rtol=1e-4):
        answer.wrong("not_scaled", expected=expected, got=got)
    if not np.isclose(factor, 1 / (1 - RATE)) and np.allclose(got, factor * VALUES * kept):
        answer.wrong("scaled_the_wrong_way", factor=factor, expected=expected, got=got)
    answer.expect(got, expected)
    before, after = float(VALUES.mean()), float(got.mean())
    answer.note("drawn", dropped=dropped, before=before, after=after)


def check_rate_zero(answer: Answer) -> None:
    values = VALUES[:20, :30]
    answer.expect(in_training(answer, values, 0.0, seed=2), values)


def check_anew(answer: Answer) -> None:
    # Chance alone would make these two the same once in 2 to the power of 600 times.
    values = VALUES[:20, :30]
    got = in_training(answer, values, 0.5, seed=3)
    answer.memory["again"] = answer(values, 0.5, True)
    if np.array_equal(got, answer.memory["again"]):
        answer.wrong("same_mask_each_time", got=got)


def check_gradient(answer: Answer) -> None:
    values = VALUES[:20, :30]
    dropped, gradient = answer.run(
        values_and_gradient,
        values,
        RATE,
        4,
        given=f"values [20, 30], rate = {RATE}, training = True",
    )
    if gradient is None:
        answer.wrong("no_gradient")
    expected = tensor(np.where(dropped != 0, 1 / (1 - RATE), 0))
    answer.expect(gradient, expected)
