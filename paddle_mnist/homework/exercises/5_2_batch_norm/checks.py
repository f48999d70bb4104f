from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close

# As many pictures as hidden values, so that a mean along the wrong axis fits and is recognised.
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(2, 3, (4, 4)).astype("float32")
SCALE = np.array([1.5, 0.5, -2, 1], dtype="float32")
SHIFT = np.array([0.5, -1, 3, 2], dtype="float32")
MEAN = np.array([1, -1, 0.5, 3], dtype="float32")
VARIANCE = np.array([4, 1, 0.25, 9], dtype="float32")
TOLERANCE = 1e-4


def by_paddle(
    batches: list[np.ndarray], training: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What Paddle's layer makes of the last batch, and its running averages afterwards."""
    layer = paddle.nn.BatchNorm1D(len(SCALE))
    arrays: dict[str, Any]  # Paddle takes them too, though its types do not say so
    arrays = {"weight": SCALE, "bias": SHIFT, "_mean": MEAN, "_variance": VARIANCE}
    layer.set_state_dict(arrays)
    layer.training = training
    for batch in batches:
        out = layer(paddle.to_tensor(batch))
    state = layer.state_dict()
    return out.numpy(), state["_mean"].numpy(), state["_variance"].numpy()


def normalised(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return SCALE * (values - mean) / np.sqrt(variance + 1e-5) + SHIFT


def moved(
    mean: np.ndarray, variance: np.ndarray, kept: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    return kept * MEAN + (1 - kept) * mean, kept * VARIANCE + (1 - kept) * variance


def near(got: Any, value: Any) -> bool:
    return is_close(got, value, 1e-3)


def check_training(answer: Answer) -> None:
    right, *averages = by_paddle([VALUES], training=True)
    mean, variance, larger = VALUES.mean(axis=0), VALUES.var(axis=0), VALUES.var(axis=0, ddof=1)
    of_rows = VALUES.mean(axis=1), VALUES.var(axis=1)
    along_rows = [
        normalised(VALUES, *of_rows),
        normalised(VALUES, *(each.reshape(4, 1) for each in of_rows)),
    ]
    unbiased_out, unbiased_average = normalised(VALUES, mean, larger), moved(mean, larger)[1]

    of_all = VALUES.mean(), VALUES.var()
    deviation = VALUES.std(axis=0)

    def is_for_all(got: Any) -> bool:
        return near(got[0], normalised(VALUES, *of_all)) or (
            near(got[0], right) and near(list(got[1:]), moved(*of_all))
        )

    def is_std(got: Any) -> bool:
        return near(got[0], normalised(VALUES, mean, deviation)) or (
            near(got[0], right) and near(got[2], moved(mean, deviation)[1])
        )

    def is_axis(got: Any) -> bool:
        return any(near(got[0], one) for one in along_rows)

    def is_unbiased(got: Any) -> bool:
        return near(got[0], unbiased_out) or (
            near(got[0], right) and near(got[2], unbiased_average)
        )

    def is_out(*values: np.ndarray) -> Callable[[Any], bool]:
        return lambda got: any(near(got[0], value) for value in values)

    mistakes = {
        "not_updated": (right, MEAN, VARIANCE),
        "momentum_reversed": (right, *moved(mean, variance, kept=0.1)),
        "one_for_all": is_for_all,
        "axis": is_axis,
        "std_for_variance": is_std,
        "unbiased": is_unbiased,
        "running_in_training": is_out(
            normalised(VALUES, MEAN, VARIANCE), normalised(VALUES, *averages)
        ),
        "no_scale_and_shift": is_out((normalised(VALUES, mean, variance) - SHIFT) / SCALE),
        "deviation": is_out(SCALE * (VALUES - mean) / (variance + 1e-5) + SHIFT),
    }
    got = answer(VALUES, SCALE, SHIFT, MEAN, VARIANCE, True)
    answer.expect(got, (right, *averages), mistakes, tolerance=TOLERANCE)


def check_small(answer: Answer) -> None:
    values = VALUES.copy()
    values[:, 1] = 3
    values[:, 2] = [0.001, -0.001, 0.001, -0.001]
    expected = by_paddle([values], training=True)
    outside = values.std(axis=0) + 1e-5
    outside_out = SCALE * (values - values.mean(axis=0)) / outside + SHIFT

    def is_no_epsilon(got: Any) -> bool:
        return np.isnan(got[0]).any()

    def is_epsilon_outside(got: Any) -> bool:
        return near(got[0], outside_out)

    mistakes = {"no_epsilon": is_no_epsilon, "epsilon_outside": is_epsilon_outside}
    got = answer(values, SCALE, SHIFT, MEAN, VARIANCE, True)
    answer.expect(got, expected, mistakes, tolerance=TOLERANCE)


def check_running(answer: Answer) -> None:
    batches = [VALUES, np.float32(0.5) * VALUES[:3] - 1]
    mean, variance = MEAN, VARIANCE
    for count, batch in enumerate(batches, start=1):
        got = answer(batch, SCALE, SHIFT, mean, variance, True)
        expected = by_paddle(batches[:count], training=True)
        answer.expect(got, expected, tolerance=TOLERANCE)
        _, mean, variance = got


def check_evaluation(answer: Answer) -> None:
    right, *averages = by_paddle([VALUES], training=False)
    in_training, *_ = by_paddle([VALUES], training=True)

    def is_batch(got: Any) -> bool:
        return near(got[0], in_training)

    def is_updated(got: Any) -> bool:
        return near(got[0], right) and not near(list(got[1:]), averages)

    mistakes = {"batch_in_evaluation": is_batch, "updates_in_evaluation": is_updated}
    got = answer(VALUES, SCALE, SHIFT, MEAN, VARIANCE, False)
    answer.expect(got, (right, *averages), mistakes, tolerance=TOLERANCE)


def check_one_picture(answer: Answer) -> None:
    expected = by_paddle([VALUES[2:3]], training=False)
    got = answer(VALUES[2:3], SCALE, SHIFT, MEAN, VARIANCE, False)
    answer.expect(got, expected, tolerance=TOLERANCE)
