from __future__ import annotations

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close

INPUTS, WEIGHTS, BIAS = 0, 1, 2  # the places in what is returned


def differences(
    inputs: np.ndarray, weights: np.ndarray, upstream: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The gradients by trying: move each number a little, and see how much the loss changes."""
    bias = np.zeros(weights.shape[1])
    parts = [inputs.copy(), weights.copy(), bias]

    def loss() -> float:
        return (upstream * (parts[INPUTS] @ parts[WEIGHTS] + parts[BIAS])).sum()

    gradients = [np.zeros_like(part) for part in parts]
    for part, gradient in zip(parts, gradients):
        for place in np.ndindex(*part.shape):
            kept = part[place]
            part[place] = kept + 0.5
            above = loss()
            part[place] = kept - 0.5
            gradient[place] = above - loss()
            part[place] = kept
    return tuple(gradients)


def compare(
    answer: Answer,
    inputs: np.ndarray,
    weights: np.ndarray,
    upstream: np.ndarray,
    expected: tuple[np.ndarray, ...],
) -> None:
    got = answer(inputs, weights, upstream)
    count = len(inputs)
    usual = [
        ("bias_mean", BIAS, expected[BIAS] / max(count, 1)),
        ("bias_not_summed", BIAS, upstream),
        ("bias_of_images", BIAS, upstream.sum(axis=1)),
        ("bias_one_number", BIAS, upstream.sum()),
        ("weights_divided", WEIGHTS, expected[WEIGHTS] / max(count, 1)),
        ("weights_turned", WEIGHTS, expected[WEIGHTS].T),
    ]
    if len(set(inputs.shape + weights.shape)) == 1:
        # Only where all sides are equal do the wrong factors fit together.
        usual += [
            ("inputs_wrong_sums", INPUTS, upstream @ weights),
            ("weights_wrong_sums", WEIGHTS, inputs @ upstream),
            ("number_by_number", INPUTS, upstream * weights),
            ("number_by_number", WEIGHTS, inputs * upstream),
        ]
    if isinstance(got, (list, tuple)) and len(got) == 3:
        divided = [expected[place] / max(count, 1) for place in (WEIGHTS, BIAS)]
        if count > 1 and is_close(list(got[WEIGHTS:]), divided):
            answer.wrong("both_divided", expected=expected, got=got)
        for key, place, value in usual:
            if is_close(got[place], value) and not is_close(expected[place], value):
                answer.wrong(key, expected=expected, got=got)
        if all(any(is_close(part, right) for right in expected) for part in got) and not is_close(
            got, expected
        ):
            answer.wrong("other_order", expected=expected, got=got)
    answer.expect(got, expected)


def check_by_hand(answer: Answer) -> None:
    inputs = np.array([[1.0, 2.0], [3.0, 0.0]])
    weights = np.array([[1.0, -1.0], [2.0, 4.0]])
    upstream = np.array([[1.0, 0.0], [2.0, -1.0]])
    expected = (
        np.array([[1.0, 2.0], [3.0, 0.0]]),
        np.array([[7.0, -3.0], [2.0, 0.0]]),
        np.array([3.0, -1.0]),
    )
    compare(answer, inputs, weights, upstream, expected)


def check_shapes(answer: Answer) -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(5, 4))
    weights = random.normal(size=(4, 3))
    upstream = random.normal(size=(5, 3))
    compare(answer, inputs, weights, upstream, differences(inputs, weights, upstream))


def check_square(answer: Answer) -> None:
    random = np.random.default_rng(1)
    inputs, weights, upstream = random.normal(size=(3, 3, 3))
    compare(answer, inputs, weights, upstream, differences(inputs, weights, upstream))


def check_edges(answer: Answer) -> None:
    random = np.random.default_rng(2)
    weights = random.normal(size=(4, 3))
    for count in (1, 0):
        inputs, upstream = random.normal(size=(count, 4)), random.normal(size=(count, 3))
        compare(answer, inputs, weights, upstream, differences(inputs, weights, upstream))
