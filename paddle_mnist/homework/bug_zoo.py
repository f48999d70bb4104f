"""For the bug zoo: what watches a training that a learner has repaired, and what is known of it.

The answer gets images and labels, and returns a network and the list of the losses of its steps.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import paddle

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import kind_of
from paddle_mnist.system.runtime import set_seed

COUNT = 1_000  # of the sample's training images
_USUAL = ("self", "learning_rate", "parameters", "name")


# Of an optimiser that was built: its name, its parameters, the names of what else it got.
Built = tuple[str, list[paddle.Tensor], list[str]]


@dataclass(frozen=True, eq=False)  # arrays have no single ==
class Training:
    """What is known of one training.

    Attributes:
        losses: of all steps, float64.
        seen: what the network says to the first COUNT training images, [COUNT, K].
        new: what it says to the sample's validation images, [500, K].
        optimizers: for each optimiser that was built, in order: `name`; `held`: the places of its
            parameters among those of the returned network; `more`: the names of what it was given
            besides the learning rate and the parameters.
        total: how many parameters the returned network has.
        found: what the function that ran replied, all of it.
    """

    losses: np.ndarray
    seen: np.ndarray
    new: np.ndarray
    optimizers: list[dict[str, Any]]
    total: int
    found: dict[str, Any]

    def last(self, steps: int = 20) -> float:
        """Return the mean of the last losses."""
        return float(self.losses[-steps:].mean())

    @property
    def highest(self) -> float:
        """The highest loss, infinite if one is not a number."""
        return float(self.losses.max()) if np.isfinite(self.losses).all() else float("inf")

    @property
    def correct(self) -> float:
        """The share of the training images whose highest score is that of their label."""
        labels = load_mnist("sample").train.labels[:COUNT]
        return float((self.seen.argmax(axis=1) == labels).mean())

    @property
    def accuracy(self) -> float:
        """The same for the validation images."""
        labels = load_mnist("sample").validation.labels
        return float((self.new.argmax(axis=1) == labels).mean())


def train_and_read(answer: Callable[..., Any], seed: int, count: int = COUNT) -> dict[str, Any]:
    """Let the answer train on `count` images of the sample; see `read_result`."""
    train = load_mnist("sample").train.take(slice(count))
    set_seed(seed)
    with watch_optimizers() as built:
        # Copies: what the answer does to its own must not move ours.
        result = answer(train.images.copy(), train.labels.copy())
    return read_result(result, built)


@contextmanager
def watch_optimizers() -> Iterator[list[Built]]:
    """List the optimisers that are built inside of it."""
    original = paddle.optimizer.Optimizer.__init__
    signature = inspect.signature(original)
    built: list[Built] = []

    def watched(self: Any, *arguments: Any, **named: Any) -> None:
        given = signature.bind(self, *arguments, **named).arguments
        held: list[paddle.Tensor] = []
        for part in given.get("parameters") or ():
            held.extend(part["params"] if isinstance(part, dict) else [part])
        more = [name for name, value in given.items() if name not in _USUAL and value is not None]
        built.append((type(self).__name__, held, more))
        original(self, *arguments, **named)

    paddle.optimizer.Optimizer.__init__ = watched
    try:
        yield built
    finally:
        paddle.optimizer.Optimizer.__init__ = original


def read_result(result: Any, built: Sequence[Built] = ()) -> dict[str, Any]:
    """Return what may be told of the network and the losses that an answer returned.

    Args:
        result: whatever the answer returned.
        built: by `watch_optimizers`.

    Returns:
        For a network and a list: the entries `losses`, `seen`, `new`, `optimizers` and `total`, of
        which `Training` is made. For anything else `returned`: its kind in words, None for None.
    """
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    if not pair or not isinstance(result[0], paddle.nn.Layer) or not is_list_of_numbers(result[1]):
        return {"returned": None if result is None else kind_in_words(result)}
    network, losses = result
    network.eval()
    sample = load_mnist("sample")
    own = network.parameters()
    optimizers = []
    for name, held, more in built:
        known = {id(parameter) for parameter in held}
        places = [place for place, parameter in enumerate(own) if id(parameter) in known]
        optimizers.append({"name": name, "held": places, "more": more})
    return {
        "losses": np.array([float(np.reshape(loss, ())) for loss in losses]),
        "seen": network(norm_img(sample.train.images[:COUNT])).numpy(),  # [COUNT, K]
        "new": network(norm_img(sample.validation.images)).numpy(),  # [500, K]
        "optimizers": optimizers,
        "total": len(own),
    }


def is_list_of_numbers(value: Any) -> bool:
    """Tell whether this can be a list of losses: numbers, or tensors that hold one each."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    numbers = (int, float, np.generic, np.ndarray, paddle.Tensor)
    return all(isinstance(part, numbers) and np.size(part) == 1 for part in value)


def kind_in_words(value: Any) -> str:
    """Name the kind of what was returned, and those of its parts."""
    if isinstance(value, (tuple, list)) and len(value) <= 3:
        return f"({', '.join(_kind_of_part(part) for part in value)})"
    return _kind_of_part(value)


def _kind_of_part(value: Any) -> str:
    if isinstance(value, paddle.nn.Layer):
        return "nn.Layer"
    if isinstance(value, (tuple, list)):
        kinds = dict.fromkeys(kind_of(part) for part in value)  # each once, in their order
        return f"list of {' and '.join(kinds)}" if kinds else "[]"
    return kind_of(value)


def measure(
    answer: Answer,
    function: Callable[..., Any],
    *arguments: Any,
    outputs: int = 10,
    given: str = f"images uint8 [{COUNT}, 28, 28], labels int64 [{COUNT}]",
) -> Training:
    """Ask for a training, once for all checks with the same arguments.

    Args:
        answer: the learner's.
        function: `train_and_read`, or one of the exercise's own that returns what `read_result`
            returns, with entries of its own perhaps.
        arguments: those of the function, after the answer.
        outputs: how many numbers the network says to each image.
        given: see `Answer.run`.
    """
    key = (function.__name__, *arguments)
    if key not in answer.memory:
        found = answer.run(function, *arguments, given=given)
        if "returned" in found:
            if found["returned"] is None:
                answer.wrong("nothing")
            expected_kind = "(nn.Layer, list of float)"
            answer.wrong("kind", expected_kind=expected_kind, got_kind=found["returned"])
        for name in ("seen", "new"):
            got, expected = list(found[name].shape), [len(found[name]), outputs]
            if got != expected:
                answer.wrong("shape", expected_shape=expected, got_shape=got)
        parts = {name: found[name] for name in Training.__dataclass_fields__ if name != "found"}
        answer.memory[key] = Training(**parts, found=found)
    # What is told next is about this training, even where another one ran meanwhile.
    answer.given = given
    training: Training = answer.memory[key]
    return training
