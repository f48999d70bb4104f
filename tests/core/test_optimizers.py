"""Each optimiser against Keras' published formula in NumPy, and the schedules against theirs."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES, build_optimizer, build_schedule

STEPS = 6
# Keras and Paddle put epsilon in different places: next to a root, or under it. With gradients of
# a hundredth and more that changes less than the tolerance of one in a thousand.
GRADIENTS = np.random.default_rng(0).uniform(0.02, 2, (STEPS, 8)) * np.resize([1, -1], (STEPS, 8))


def sgd(rate):
    place = np.zeros(8)
    for gradient in GRADIENTS:
        place = place - rate * gradient
    return place


def momentum(rate):
    place, velocity = np.zeros(8), np.zeros(8)
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity - rate * gradient
        place = place + velocity
    return place


def rmsprop(rate):
    place, squares = np.zeros(8), np.zeros(8)
    for gradient in GRADIENTS:
        squares = 0.9 * squares + 0.1 * gradient**2
        place = place - rate * gradient / (np.sqrt(squares) + 1e-7)
    return place


def adadelta(rate):
    place, squares, changes = np.zeros(8), np.zeros(8), np.zeros(8)
    for gradient in GRADIENTS:
        squares = 0.95 * squares + 0.05 * gradient**2
        change = gradient * np.sqrt(changes + 1e-7) / np.sqrt(squares + 1e-7)
        place = place - rate * change
        changes = 0.95 * changes + 0.05 * change**2
    return place


def adam(rate):
    place, means, squares = np.zeros(8), np.zeros(8), np.zeros(8)
    for step, gradient in enumerate(GRADIENTS, start=1):
        means = 0.9 * means + 0.1 * gradient
        squares = 0.999 * squares + 0.001 * gradient**2
        corrected = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        place = place - corrected * means / (np.sqrt(squares) + 1e-7)
    return place


BY_HAND = {
    "sgd": sgd,
    "momentum": momentum,
    "rmsprop": rmsprop,
    "adadelta": adadelta,
    "adam": adam,
}


def test_every_optimizer_has_its_formula_here():
    assert set(BY_HAND) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_the_steps_are_those_of_keras(name, rate):
    place = paddle.create_parameter([8], "float32")
    place.set_value(np.zeros(8, np.float32))
    optimizer = build_optimizer(name, rate, [place])
    for gradient in GRADIENTS.astype(np.float32):
        (place * paddle.to_tensor(gradient)).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
    np.testing.assert_allclose(place.numpy(), BY_HAND[name](rate), rtol=1e-3, atol=1e-6)


def test_rmsprops_epsilon_is_a_ten_millionth_beside_the_root():
    # With Keras' 1e-7 under the root, or Paddle's 1e-6, small gradients would be far from here:
    # the root of the squares' average is sqrt(0.1) * 1e-4, 300 times epsilon.
    place = paddle.create_parameter([1], "float32")
    place.set_value(np.zeros(1, np.float32))
    optimizer = build_optimizer("rmsprop", 1.0, [place])
    (place * 1e-4).sum().backward()
    optimizer.step()
    assert place.item() == pytest.approx(-1e-4 / (math.sqrt(0.1) * 1e-4 + 1e-7), rel=0.01)


def test_a_schedule_gives_the_optimizer_its_rate():
    place = paddle.create_parameter([1], "float32")
    schedule = build_schedule("one-cycle", 0.5, 20)
    optimizer = build_optimizer("sgd", schedule, [place])
    for _step in range(5):
        assert optimizer.get_lr() == schedule()
        schedule.step()


def rates_of(name: str, rate: float, steps: int) -> list[float]:
    schedule = build_schedule(name, rate, steps)
    rates = []
    for _step in range(steps):
        rates.append(schedule())
        schedule.step()
    return rates


@pytest.mark.parametrize("steps", [8, 40, 1000])
def test_one_cycle_goes_up_for_a_quarter_and_then_down(steps):
    rates = rates_of("one-cycle", 0.02, steps)
    peak = steps // 4 - 1  # the last step of the first quarter
    assert rates[0] == pytest.approx(0.002)
    assert rates[peak] == pytest.approx(0.02)
    assert rates[-1] == pytest.approx(0.00002)
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    # Half of each way is half a cosine.
    middle = (peak + steps - 1) / 2
    if middle == int(middle):
        assert rates[int(middle)] == pytest.approx((0.02 + 0.00002) / 2)


@pytest.mark.parametrize("steps", range(1, 10))
def test_the_shortest_trainings_have_a_rate_too(steps):
    schedule = build_schedule("one-cycle", 0.02, steps)
    if isinstance(schedule, float):
        assert steps < 5  # too short for a cycle
        assert schedule == 0.02
        return
    rates = rates_of("one-cycle", 0.02, steps)
    assert max(rates) <= 0.02 * (1 + 1e-9)
    assert max(rates) > 0.01
    assert min(rates) > 0


def keras_plateau(losses: list[float], rate: float) -> list[float]:
    """ReduceLROnPlateau(patience=3, factor=0.5, min_lr=1e-5) of Keras 2, as published."""
    best, wait, rates = float("inf"), 0, []
    for loss in losses:
        if loss < best - 1e-4:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= 3 and rate > 1e-5:
                rate, wait = max(rate * 0.5, 1e-5), 0
        rates.append(rate)
    return rates


def our_plateau(losses: list[float], rate: float) -> list[float]:
    schedule = build_schedule("plateau", rate, steps=1)
    rates = []
    for loss in losses:
        schedule.step(loss)
        rates.append(schedule())
    return rates


def test_plateau_halves_the_rate_at_the_third_epoch_without_gain():
    assert our_plateau([1.0, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 0.5], 0.001) == pytest.approx(
        [0.001] * 3 + [0.0005] * 3 + [0.00025] * 2
    )


def test_plateau_waits_for_a_gain_of_a_ten_thousandth():
    # Each falls by less than 1e-4 under the best one.
    assert our_plateau([1.0, 0.99995, 0.99993, 0.99991], 0.001)[-1] == 0.0005
    assert our_plateau([1.0, 0.9998, 0.9996, 0.9994], 0.001)[-1] == 0.001
    # A difference, not a part of the loss.
    assert our_plateau([0.01, 0.009995, 0.009993, 0.009991], 0.001)[-1] == 0.0005
    assert our_plateau([100, 99.999, 99.998, 99.997], 0.001)[-1] == 0.001


def test_plateau_never_goes_under_its_floor():
    assert our_plateau([1.0] * 100, 0.001)[-1] == 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_plateau_goes_as_in_keras(seed):
    random = np.random.default_rng(seed)
    losses = [float(loss) for loss in 1 / np.arange(1, 61) + random.normal(scale=0.05, size=60)]
    assert our_plateau(losses, 0.001) == pytest.approx(keras_plateau(losses, 0.001))
    assert len(set(keras_plateau(losses, 0.001))) > 3


def test_constant_is_the_rate_itself():
    assert build_schedule("constant", 0.3, 10) == 0.3


def test_every_schedule_can_be_built():
    for name in SCHEDULES:
        assert build_schedule(name, 0.1, 10) is not None
