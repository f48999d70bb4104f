from __future__ import annotations

from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import Other, fingerprint

IMAGES = np.random.default_rng(1).normal(size=(20, 3))
LABELS = IMAGES @ np.array([1.0, -2.0, 0.5]) + 3.0


def beginning(seed: int = 5) -> dict[str, Any]:
    random = np.random.default_rng(seed).bit_generator.state
    return {"weights": np.zeros(3), "velocity": np.zeros(3), "step": 0, "random": random}


def trained(state: dict[str, Any], steps: int) -> dict[str, Any]:
    """The state after so many steps, with each image's gradient on its own."""
    random = np.random.default_rng(99)
    random.bit_generator.state = state["random"]
    weights, velocity = state["weights"].copy(), state["velocity"].copy()
    for number in range(steps):
        velocity *= 0.9
        for index in random.integers(0, len(IMAGES), 4):
            error = sum(weights * IMAGES[index]) - LABELS[index]
            velocity += error * IMAGES[index] / 2  # 2 · error · pixel, of four images
        weights -= velocity / 20 * 0.9 ** (state["step"] + number)
    return {
        "weights": weights,
        "velocity": velocity,
        "step": state["step"] + steps,
        "random": random.bit_generator.state,
    }


def ask(answer: Answer, state: dict[str, Any], steps: int) -> Any:
    """A state from the answer that has all entries."""
    got = answer(state, IMAGES, LABELS, steps)
    if not isinstance(got, dict):
        answer.expect(got, state)
    if got.keys() != state.keys():
        answer.wrong("other_entries", entries=", ".join(str(name) for name in got) or "-")
    if isinstance(got["random"], Other):
        answer.wrong("generator_itself", kind=str(got["random"]))
    step = got["step"]
    if isinstance(step, np.ndarray) and step.ndim == 0:  # a NumPy number is as good as Python's
        got = {**got, "step": step.item()}
    for name in ("weights", "velocity", "step"):
        if not isinstance(got[name], type(state[name])):
            answer.expect(got[name], state[name])
    return got


def expect_saved(
    answer: Answer,
    before: dict[str, Any],
    got: dict[str, Any],
    expected: dict[str, Any],
    steps: int,
) -> None:
    same = fingerprint(got["random"]) == fingerprint(before["random"])
    if steps > 0 and same:
        answer.wrong("same_images", steps=steps)
    is_zero = {} if steps == 0 else {"velocity_lost": np.zeros(3)}
    answer.expect(got["velocity"], expected["velocity"], is_zero)
    if got["step"] != expected["step"]:
        answer.wrong("steps_not_added", got=got["step"], expected=expected["step"])
    if fingerprint(got["random"]) != fingerprint(expected["random"]):
        answer.wrong("own_generator")


def check_one_step(answer: Answer) -> None:
    state = beginning()
    got = ask(answer, state, 1)
    # Others draw with a seed that stands in the program, or with none at all.
    mistakes = {"own_generator": lambda weights: is_drawn(weights)}
    answer.expect(got["weights"], trained(state, 1)["weights"], mistakes)


def is_drawn(weights: np.ndarray) -> bool:
    """Whether four of the images, whichever, lead to these weights in the first step."""
    steps = 0.05 / 2 * LABELS[:, np.newaxis] * IMAGES  # [20, 3]: what each of them adds
    pairs = (steps[:, np.newaxis] + steps).reshape(-1, 3)  # [400, 3]
    distance = np.abs(pairs[:, np.newaxis] + pairs - weights).max(axis=2)
    return bool(distance.min() < 1e-8)


def check_ten_steps(answer: Answer) -> None:
    state = beginning()
    answer.expect(ask(answer, state, 10)["weights"], trained(state, 10)["weights"])


def check_saved(answer: Answer) -> None:
    state = beginning()
    expect_saved(answer, state, ask(answer, state, 4), trained(state, 4), 4)


def check_going_on(answer: Answer) -> None:
    state = beginning(seed=8)
    at_once, first = trained(state, 10), ask(answer, state, 4)
    after_four = trained(state, 4)
    mistakes = {
        "velocity_lost": trained({**after_four, "velocity": np.zeros(3)}, 6)["weights"],
        "rate_anew": trained({**after_four, "step": 0}, 6)["weights"],
    }
    got = ask(answer, first, 6)
    answer.expect(got["weights"], at_once["weights"], mistakes)
    expect_saved(answer, first, got, at_once, 6)


def check_often(answer: Answer) -> None:
    state = now = beginning(seed=13)
    for _ in range(10):
        now = ask(answer, now, 1)
    expected = trained(state, 10)
    answer.expect(now["weights"], expected["weights"])
    expect_saved(answer, state, now, expected, 10)
    got = ask(answer, expected, 0)
    answer.expect(got["weights"], expected["weights"])
    expect_saved(answer, expected, got, expected, 0)
