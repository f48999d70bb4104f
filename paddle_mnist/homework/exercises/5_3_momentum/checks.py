from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close

WEIGHTS = [1.0, 2.0, -1.0]
VELOCITY = [0.5, -1.0, 3.0]
GRADIENT = [2.0, 4.0, -1.0]


def array(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


def is_one_of(*possible: Any) -> Callable[[Any], bool]:
    return lambda got: any(is_close(got, each) for each in possible)


def mistakes_of(
    weights: Any, velocity: Any, gradient: Any, rate: float, momentum: float
) -> dict[str, Callable[[Any], bool]]:
    """What the usual mistakes return, in float64."""
    w, v, g = (np.asarray(each, dtype=np.float64) for each in (weights, velocity, gradient))
    right = momentum * v + g
    with_rate = momentum * v + rate * g
    downhill = momentum * v - rate * g
    mean = momentum * v + (1 - momentum) * g
    return {
        "swapped": is_one_of((right, w - rate * right)),
        "rate_in_velocity": is_one_of(
            (w - with_rate, with_rate), (w + downhill, downhill), (w - rate * with_rate, with_rate)
        ),
        "plain_step": is_one_of((w - rate * g, right), (w - rate * g, g), (w - rate * g, v)),
        "averaged": is_one_of((w - rate * mean, mean)),
        "upwards": is_one_of((w + rate * right, right)),
        "old_velocity": is_one_of((w - rate * v, right)),
    }


def by_paddle(
    weights: Any, gradients: Any, rates: list[float], momentum: float
) -> list[np.ndarray]:
    """The weights after each step of Paddle's own optimiser."""
    place = paddle.to_tensor(array(weights), stop_gradient=False)
    optimizer = paddle.optimizer.Momentum(rates[0], momentum, parameters=[place])
    path = []
    for gradient, rate in zip(gradients, rates):
        optimizer.set_lr(rate)
        (place * paddle.to_tensor(array(gradient))).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        path.append(place.numpy().copy())
    return path


def check_one_step(answer: Answer) -> None:
    # By hand: 0.9 · 0.5 + 2 = 2.45 and 1 - 0.2 · 2.45 = 0.51, and so on.
    expected = array([0.51, 1.38, -1.34]), array([2.45, 3.1, 1.7])
    mistakes = mistakes_of(WEIGHTS, VELOCITY, GRADIENT, 0.2, 0.9)
    answer.expect(
        answer(array(WEIGHTS), array(VELOCITY), array(GRADIENT), 0.2, 0.9), expected, mistakes
    )


def check_rolls_on(answer: Answer) -> None:
    # Without a gradient the velocity fades, and the weights still move.
    expected = array([0.9, 2.2, -1.6]), array([0.25, -0.5, 1.5])
    got = answer(array(WEIGHTS), array(VELOCITY), array([0, 0, 0]), 0.4, 0.5)
    answer.expect(got, expected, mistakes_of(WEIGHTS, VELOCITY, [0, 0, 0], 0.4, 0.5))
    # Without momentum it is plain gradient descent.
    expected = array([0.8, 1.6, -0.9]), array(GRADIENT)
    answer.expect(answer(array(WEIGHTS), array(VELOCITY), array(GRADIENT), 0.1, 0.0), expected)


def check_several_steps(answer: Answer) -> None:
    momentum, rates = 0.8, [0.1, 0.1, 0.5, 0.02, 0.02, 0.3]
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    weights, velocity = array(WEIGHTS), array([0, 0, 0])
    for step, expected in enumerate(by_paddle(WEIGHTS, gradients, rates, momentum)):
        mistakes = mistakes_of(weights, velocity, gradients[step], rates[step], momentum)
        got = answer(weights, velocity, array(gradients[step]), rates[step], momentum)
        # A gradient counts less with each step since: v = Σ momentum^age · g.
        ages = np.arange(step, -1, -1)
        sums = momentum**ages @ gradients[: step + 1]
        answer.expect(got, (expected, array(sums)), mistakes)
        weights, velocity = got


def check_shapes(answer: Answer) -> None:
    table = np.arange(6.0).reshape(2, 3)
    got = answer(array(table), array(np.ones((2, 3))), array(-table), 0.5, 0.9)
    # v = 0.9 - table, and the weights are table - 0.45 + table / 2.
    answer.expect(got, (array(1.5 * table - 0.45), array(0.9 - table)))
    answer.expect(
        answer(array([1]), array([2]), array([0.2]), 0.1, 0.9), (array([0.8]), array([2]))
    )
    answer.expect(answer(array([]), array([]), array([]), 0.1, 0.9), (array([]), array([])))
