from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import is_close

COUNT = 53
TOLERANCE = 1e-4


class Watched(nn.Layer):
    """A network that compares images with the mean of each digit, and notes its batch sizes."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, sizes: list[int]) -> None:
        super().__init__()
        pixels = images.reshape(len(images), 784) / 255
        means = np.stack([pixels[labels == digit].mean(axis=0) for digit in range(10)])  # [10, 784]
        self.compare = nn.Linear(784, 10)
        # The nearest mean has the largest score; a fifth makes the network less sure.
        self.compare.weight.set_value((means.T / 5).astype("float32"))
        self.compare.bias.set_value((-(means**2).sum(axis=1) / 10).astype("float32"))

        def note_size(_layer: Any, inputs: Any) -> Any:
            sizes.append(len(inputs[0]))
            return inputs

        self.register_forward_pre_hook(note_size)

    def forward(self, images: paddle.Tensor) -> Any:
        return self.compare(images)


def measure(answer: Callable[..., Any], cases: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Runs where the answer is: measure a network on the first images, in batches of some size.

    Args:
        cases: pairs of a number of images and a batch size.
    """
    sample = load_mnist("sample")
    train = sample.train.take(slice(1000))
    images, labels = sample.validation.images[:COUNT], sample.validation.labels[:COUNT].copy()
    # The last five are called something else than they are, and so misread.
    labels[-5:] = (labels[-5:] + 1) % 10
    sizes: list[int] = []
    network = Watched(train.images, train.labels, sizes)
    with paddle.no_grad():
        logits = network(norm_img(images)).numpy()
    results, largest = [], []
    for count, batch_size in cases:
        sizes.clear()
        results.append(answer(network, images[:count], labels[:count], batch_size))
        largest.append(max(sizes, default=0))
    return {"logits": logits, "labels": labels, "results": results, "largest": largest}


def of_each_image(found: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The loss and the accuracy (0 or 1) of each image, in float64: two of [53]."""
    logits, labels = found["logits"].astype(np.float64), found["labels"]
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(COUNT), labels]
    return losses, (logits.argmax(axis=1) == labels).astype(np.float64)


def in_batches(values: np.ndarray, batch_size: int) -> list[np.ndarray]:
    return [values[start : start + batch_size] for start in range(0, len(values), batch_size)]


def mean_of_means(values: np.ndarray, batch_size: int) -> float:
    return float(np.mean([part.mean() for part in in_batches(values, batch_size)]))


def without_last(values: np.ndarray, batch_size: int) -> float:
    return float(values[: len(values) // batch_size * batch_size].mean())


def last_as_full(values: np.ndarray, batch_size: int) -> float:
    return sum(part.mean() * batch_size for part in in_batches(values, batch_size)) / len(values)


def divided_by_batches(values: np.ndarray, batch_size: int) -> float:
    return float(values.sum() / len(in_batches(values, batch_size)))


def measured(answer: Answer, cases: Sequence[tuple[int, int]]) -> Any:
    """What `measure` returns; in a few words, what the learner's function gets."""
    pairs = [f"{count} images, batch_size = {batch_size}" for count, batch_size in cases]
    return answer.run(measure, cases, given="; ".join(pairs))


def expect_where_all_are_full(answer: Answer, cases: Sequence[tuple[int, int]]) -> None:
    found = measured(answer, cases)
    both = of_each_image(found)
    for (count, batch_size), got in zip(cases, found["results"]):
        shares = [values[:count] for values in both]
        expected = tuple(float(values.mean()) for values in shares)
        too_large = tuple(divided_by_batches(values, batch_size) for values in shares)
        if is_close(got, too_large, TOLERANCE):
            answer.wrong("divided_by_batches", batch_size=batch_size, accuracy=got[1])
        answer.expect(got, expected, tolerance=TOLERANCE)


def check_returns(answer: Answer) -> None:
    expect_where_all_are_full(answer, [(20, 20)])


def check_even(answer: Answer) -> None:
    expect_where_all_are_full(answer, [(20, 10), (48, 12)])


def check_uneven(answer: Answer) -> None:
    sizes = [50, 49, 24]
    found = measured(answer, [(COUNT, size) for size in sizes])
    both = of_each_image(found)
    expected = tuple(float(values.mean()) for values in both)
    for size, got in zip(sizes, found["results"]):

        def is_what(
            mistake: Callable[[np.ndarray, int], float], size: int = size, got: Any = got
        ) -> bool:
            return is_close(got, tuple(mistake(values, size) for values in both), TOLERANCE)

        if is_what(mean_of_means):
            other = found["results"][1]
            answer.wrong(
                "other_batch_other_figures",
                count=COUNT,
                one=sizes[0],
                loss_of_one=got[0],
                accuracy_of_one=got[1],
                other=sizes[1],
                loss_of_other=other[0],
                accuracy_of_other=other[1],
            )
        if is_what(without_last):
            used = COUNT // size * size
            answer.wrong("last_batch_missing", batch_size=size, used=used, count=COUNT)
        if is_what(last_as_full):
            answer.wrong("last_batch_counts_as_full", batch_size=size, count=COUNT)
        if is_close(got, expected, TOLERANCE):
            continue
        if any(is_close(*pair, TOLERANCE) for pair in zip(got, expected)):
            answer.wrong("only_one_of_two", expected=expected, got=got)
        answer.expect(got, expected, tolerance=TOLERANCE)


def check_edges(answer: Answer) -> None:
    cases = [(1, 1), (1, 10), (COUNT, 1), (COUNT, 1000)]
    found = measured(answer, cases)
    for (count, _), got in zip(cases, found["results"]):
        expected = tuple(float(values[:count].mean()) for values in of_each_image(found))
        answer.expect(got, expected, tolerance=TOLERANCE)


def check_memory(answer: Answer) -> None:
    found = measured(answer, [(COUNT, 8)])
    (largest,) = found["largest"]
    if largest > 8:
        answer.wrong("too_many_at_once", batch_size=8, largest=largest)
    loss, accuracy = (float(values.mean()) for values in of_each_image(found))
    answer.note("reached", loss=loss, accuracy=accuracy)
