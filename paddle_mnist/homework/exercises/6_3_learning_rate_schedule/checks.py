from __future__ import annotations

import math
from collections.abc import Callable

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close

CLOSE = 1e-9


def half_wave(z: float) -> float:
    # The square of a cosine is the same curve as (1 + cos(pi z)) / 2.
    return math.cos(math.pi * z / 2) ** 2


def rates(
    steps: int,
    highest: float,
    curve: Callable[[float], float] = half_wave,
    first_z: float | None = None,
) -> list[float]:
    """All rates of a training; z goes in equal steps to 1, from first_z or from the warm-up."""
    warm_up = max(1, steps // 10)
    falling = steps - warm_up
    first_z = 1 / max(1, falling) if first_z is None else first_z
    rising = [highest * number / warm_up for number in range(1, warm_up + 1)]
    places = [number / max(1, falling - 1) for number in range(falling)]
    return rising + [highest * curve(first_z + (1 - first_z) * place) for place in places]


def expect_rates(answer: Answer, steps: int, highest: float) -> None:
    """Compare all steps of a training; show the first that is wrong."""
    expected = rates(steps, highest)
    got = [answer(step, steps, highest) for step in range(steps)]
    wrong = [step for step in range(steps) if not is_close(got[step], expected[step], CLOSE)]
    if wrong and all(type(rate) in (int, float) for rate in got):
        key, step = diagnose(got, steps, highest) or (None, 0)
        if key:
            answer(step, steps, highest)  # so that the input shown is that of this step
            facts = {"steps": steps, "half_turn": math.pi}
            answer.wrong(key, got=float(got[step]), expected=expected[step], **facts)
    for step in wrong[:1] or range(steps):
        answer.expect(answer(step, steps, highest), expected[step], tolerance=CLOSE)


def diagnose(got: list[float], steps: int, highest: float) -> tuple[str, int] | None:
    """The mistake that gives such rates, and a step that shows it; None: an unknown one."""
    warm_up = max(1, steps // 10)
    last = steps - 1
    if warm_up > 1 and is_close(got[0], highest, CLOSE):
        return "no_warm_up", 0
    if steps < 10 and not is_close(got[0], highest, CLOSE):
        return "short_training", 0
    if is_close(got[0], 0, CLOSE):
        return "starts_at_zero", 0
    # The straight line goes on for one step too many.
    if warm_up <= last and is_close(got[warm_up], highest * (1 + 1 / warm_up), CLOSE):
        return "above_highest", warm_up
    if last <= warm_up or not is_close(got[:warm_up], rates(steps, highest)[:warm_up], CLOSE):
        return None
    known = {
        "degrees": (warm_up, rates(steps, highest, lambda z: 0.5 + 0.5 * math.cos(180 * z))),
        "whole_wave": (last, rates(steps, highest, lambda z: math.cos(math.pi * z) ** 2)),
        "straight_down": (warm_up, rates(steps, highest, lambda z: 1 - z)),
    }
    if warm_up > 1:
        known["too_early"] = (warm_up, rates(steps, highest, first_z=warm_up / last))
    for key, (step, mistaken) in known.items():
        if is_close(got, mistaken, CLOSE):
            return key, step
    if is_close(got[warm_up], highest, CLOSE):
        return "highest_twice", warm_up
    falls = all(after < before for before, after in zip(got[warm_up:], got[warm_up + 1 :]))
    return ("never_zero", last) if falls and got[last] > CLOSE * highest else None


def check_example(answer: Answer) -> None:
    expect_rates(answer, 20, 0.01)


def check_warm_up(answer: Answer) -> None:
    for step in (0, 1, 36, 72, 73):
        answer.expect(answer(step, 740, 0.8), 0.8 * (step + 1) / 74, tolerance=CLOSE)


def check_whole(answer: Answer) -> None:
    expect_rates(answer, 78, 0.5)


def check_short(answer: Answer) -> None:
    for steps in (1, 2, 9):
        expect_rates(answer, steps, 0.03)
