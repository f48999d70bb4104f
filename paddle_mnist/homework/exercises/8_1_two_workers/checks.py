from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer

PIXELS = 3


def batch(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images whose first pixel is their own number, and labels."""
    random = np.random.default_rng(count)
    images = random.normal(size=(count, PIXELS))
    images[:, 0] = np.arange(count)
    return images, random.normal(size=count) * 5


def mean_gradient(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of the mean square error of one neuron whose weights are 0.5, 1.5, -2."""
    errors = images @ np.array([0.5, 1.5, -2.0]) - labels
    return (2 * images * errors[:, np.newaxis]).sum(axis=0) / max(1, len(images))


def watched(answer: Callable[..., Any], count: int, workers: int) -> dict[str, Any]:
    """Runs where the answer is: call it, and note the parts for which it asks."""
    images, labels = batch(count)
    parts = []

    def gradient_of(some_images: Any, some_labels: Any) -> np.ndarray:
        rows = np.asarray(some_images).reshape(-1, PIXELS)
        truths = np.asarray(some_labels).reshape(-1)
        if len(rows) != len(truths):
            raise ValueError(f"gradient_of got {len(rows)} images and {len(truths)} labels")
        parts.append([int(number) for number in rows[:, 0]])
        return mean_gradient(rows, truths)

    return {"gradient": answer(gradient_of, images, labels, workers), "parts": parts}


def expect_gradient(answer: Answer, count: int, workers: int, mistakes: Sequence[str] = ()) -> None:
    images, labels = batch(count)
    expected = mean_gradient(images, labels)
    found = answer.run(
        watched, count, workers, given=f"images: float64 [{count}, {PIXELS}], workers = {workers}"
    )
    got, parts = found["gradient"], found["parts"]
    if got is None:
        answer.expect(got, expected)
    expect_parts(answer, parts, count, workers)

    gradients = [mean_gradient(images[part], labels[part]) for part in parts]
    sizes = [len(part) for part in parts]
    known = {
        "plain_mean": np.mean(gradients, axis=0),
        "summed": np.sum(gradients, axis=0),
        "not_divided": count * expected,
    }
    for key in mistakes:
        if np.shape(got) == expected.shape and np.allclose(got, known[key]):
            answer.wrong(key, sizes=listed(sizes), expected=expected, got=got)
    answer.expect(got, expected)


def expect_parts(answer: Answer, parts: list[list[int]], count: int, workers: int) -> None:
    sizes = [len(part) for part in parts]
    asked = [number for part in parts for number in part]
    facts = {"images": count, "workers": workers, "sizes": listed(sizes)}
    if 0 in sizes:
        answer.wrong("empty_part", **facts)
    if len(parts) != min(workers, count):
        answer.wrong("not_in_parts", times=len(parts), **facts)
    if len(set(asked)) < len(asked):
        answer.wrong("image_twice", **facts)
    if len(asked) < count:
        answer.wrong("rest_left_out", missing=count - len(asked), **facts)
    if max(sizes) - min(sizes) > 1:
        answer.wrong("unequal_work", **facts)


def listed(sizes: list[int]) -> str:
    return " + ".join(str(size) for size in sizes)


def check_halves(answer: Answer) -> None:
    expect_gradient(answer, 8, 2, ["summed", "not_divided"])


def check_unequal(answer: Answer) -> None:
    expect_gradient(answer, 9, 2, ["plain_mean", "summed", "not_divided"])


def check_more(answer: Answer) -> None:
    for count, workers in ((10, 4), (11, 3)):
        expect_gradient(answer, count, workers, ["plain_mean", "summed", "not_divided"])


def check_one(answer: Answer) -> None:
    expect_gradient(answer, 5, 1, ["not_divided"])


def check_few(answer: Answer) -> None:
    for count, workers in ((2, 3), (1, 4)):
        expect_gradient(answer, count, workers)
