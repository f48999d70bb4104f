from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close


def array(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


def is_one_of(*possible: Any) -> Callable[[Any], bool]:
    return lambda got: any(is_close(got, each) for each in possible)


def is_endless(got: Any) -> bool:
    return not all(np.isfinite(np.asarray(part, dtype=float)).all() for part in got)


def mistakes_of(
    weights: Any, mean: Any, square: Any, gradient: Any, step: int, rate: float
) -> dict[str, Callable[[Any], bool]]:
    """What the usual mistakes return, in float64."""
    before, m, s, g = (np.asarray(each, np.float64) for each in (weights, mean, square, gradient))
    m, s, s_of_mean = (
        0.9 * m + 0.1 * g,
        0.999 * s + 0.001 * g**2,
        0.999 * s + 0.001 * (0.9 * m + 0.1 * g) ** 2,
    )

    def change(m: np.ndarray, s: np.ndarray, count: int = step) -> np.ndarray:
        return rate * m / (1 - 0.9**count) / (np.sqrt(s / (1 - 0.999**count)) + 1e-8)

    m_hat, s_hat = m / (1 - 0.9**step), s / (1 - 0.999**step)
    # Of the three that are returned, the average of the squares is looked at first.
    s_of_gradient = 0.999 * np.asarray(square, np.float64) + 0.001 * g
    rules = {
        "gradient_not_squared": lambda got: (
            is_close(got[2], s_of_gradient) and not is_close(got[2], s)
        ),
        "no_correction": is_one_of((before - rate * m / (np.sqrt(s) + 1e-8), m, s)),
        "counted_twice": is_one_of((before - change(m, s, step + 1), m, s)),
        "corrected_returned": is_one_of((before - change(m, s), m_hat, s_hat)),
        "square_of_mean": is_one_of(
            (before - change(m, s_of_mean), m, s_of_mean), (before - change(m, m**2), m, m**2)
        ),
        "no_root": is_one_of((before - rate * m_hat / (s_hat + 1e-8), m, s)),
        "upwards": is_one_of((before + change(m, s), m, s)),
    }
    if step > 1:
        rules["counted_from_zero"] = is_one_of((before - change(m, s, step - 1), m, s))
    else:
        rules["counted_from_zero"] = lambda got: is_close(got[2], s) and is_endless(got)
    return rules


def check_first_step(answer: Answer) -> None:
    # The first step has the size of the rate and the sign of the gradient.
    weights, zeros, gradient = [1.0, 2.0, 3.0, 4.0], [0.0] * 4, [1000.0, 2.0, -0.5, -0.03]
    expected = (
        array([0.9, 1.9, 3.1, 4.1]),
        array([100.0, 0.2, -0.05, -0.003]),
        array([1000.0, 0.004, 0.00025, 0.0000009]),
    )
    got = answer(array(weights), array(zeros), array(zeros), array(gradient), 1, 0.1)
    answer.expect(got, expected, mistakes_of(weights, zeros, zeros, gradient, 1, 0.1))


def check_later_step(answer: Answer) -> None:
    # By hand, step 2: m = 0.45 + 0.1 = 0.55, divided by 0.19; s = 1.998 + 0.001 = 1.999,
    # divided by 0.001999: 1000, whose root is 31.6228.
    given = [1.0], [0.5], [2.0], [1.0]
    change = 0.5 * (0.55 / 0.19) / np.sqrt(1000)
    expected = array([1 - change]), array([0.55]), array([1.999])
    got = answer(*(array(each) for each in given), 2, 0.5)
    answer.expect(got, expected, mistakes_of(*given, 2, 0.5))


def by_paddle(weights: Any, gradients: Any, rate: float) -> list[np.ndarray]:
    """The weights after each step of Paddle's own optimiser."""
    place = paddle.to_tensor(array(weights), stop_gradient=False)
    optimizer = paddle.optimizer.Adam(rate, 0.9, 0.999, 1e-8, parameters=[place])
    path = []
    for gradient in gradients:
        (place * paddle.to_tensor(array(gradient))).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        path.append(place.numpy().copy())
    return path


def check_several_steps(answer: Answer) -> None:
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    weights, mean, square = array([1, 2, 3]), array([0, 0, 0]), array([0, 0, 0])
    for step, expected in enumerate(by_paddle(weights, gradients, 0.1), start=1):
        gradient = gradients[step - 1]
        mistakes = mistakes_of(weights, mean, square, gradient, step, 0.1)
        got = answer(weights, mean, square, array(gradient), step, 0.1)
        # Each gradient counts less with each step since: m = 0.1 · Σ 0.9^age · g.
        ages = np.arange(step - 1, -1, -1)
        means = 0.1 * 0.9**ages @ gradients[:step]
        squares = 0.001 * 0.999**ages @ gradients[:step] ** 2
        answer.expect(got, (expected, array(means), array(squares)), mistakes, tolerance=2e-4)
        weights, mean, square = got


def check_tiny_gradient(answer: Answer) -> None:
    # The first step divides the gradient by its own size, to which 1e-8 is added.
    gradient = np.array([1e-6, -1e-6, 1e-7])
    change = gradient / (abs(gradient) + 1e-8)
    zeros = array([0, 0, 0])
    got = answer(zeros, zeros, zeros, array(gradient), 1, 1.0)
    inside = gradient / np.sqrt(gradient**2 + 1e-8)
    # Added before the second average is corrected, it is about thirty times as large.
    early = gradient / (abs(gradient) + 1e-8 / np.sqrt(0.001))
    early_inside = gradient / np.sqrt(gradient**2 + 1e-8 / 0.001)
    averages = 0.1 * gradient, 0.001 * gradient**2
    mistakes = {
        "epsilon_inside": is_one_of((-inside, *averages), (-early_inside, *averages)),
        "epsilon_too_early": is_one_of((-early, *averages)),
        "no_epsilon": is_one_of((-np.sign(gradient), *averages)),
        "epsilon_of_chapter": is_one_of((-gradient / (abs(gradient) + 1e-7), *averages)),
    }
    expected = array(-change), array(averages[0]), array(averages[1])
    answer.expect(got, expected, mistakes, tolerance=1e-3)


def check_zero_gradient(answer: Answer) -> None:
    zeros = array([0, 0])
    expected = array([3, -4]), zeros, zeros
    got = answer(array([3, -4]), zeros, zeros, zeros, 1, 0.1)
    answer.expect(got, expected, {"no_epsilon": is_endless})


def check_shapes(answer: Answer) -> None:
    table, zeros = array(np.arange(6).reshape(2, 3)), array(np.zeros((2, 3)))
    got = answer(table, zeros, zeros, array(np.ones((2, 3))), 1, 0.5)
    expected = table - array(0.5), zeros + array(0.1), zeros + array(0.001)
    answer.expect(got, expected)
    nothing = array([])
    got = answer(nothing, nothing, nothing, nothing, 1, 0.5)
    answer.expect(got, (nothing, nothing, nothing))
