"""For exercises that train for real: what trains and reads, and what judges the reading.

What an answer tries is measured on the validation images; only when it is good enough there are the
test images looked at, whose accuracy is the goal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import paddle

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import Mnist, Split, load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import kind_of
from paddle_mnist.homework.conversion import TensorArray
from paddle_mnist.system.errors import paddle_reason
from paddle_mnist.system.runtime import set_seed

SEED = 0
SEEN = 1_000  # of the training images, these many are read again
BATCH_SIZE = 500
GUESSING = 0.2  # ten digits by chance: a tenth, and some luck


@dataclass(frozen=True)
class Goal:
    """What an answer is asked for.

    Attributes:
        validation: the accuracy on the validation images that allows a look at the test images,
            0 to 1.
        test: the accuracy on these.
    """

    validation: float
    test: float


def train_and_read(
    answer: Callable[..., Any], mnist: Mnist, of_each_digit: int | None = None, seed: int = SEED
) -> dict[str, Any]:
    """Let the answer train a network, and read images with it.

    Args:
        answer: gets images uint8 [N, 28, 28] and labels int64 [N], returns a trained network.
        mnist: the data.
        of_each_digit: how many training images of each digit the answer gets; None: all.
        seed: of everything random that the answer has not seeded itself.

    Returns:
        `is_network`, and `kind`: the type of what was returned. For a network also `seconds`,
        `parameters`, `layers`: for each layer the names of its types, without the learner's own,
        and `outputs` for the first five validation images, or `refused`: why it did not take them.
        If the outputs are [5, 10], also `accuracy` on the validation images, `test_accuracy` and
        `seen_accuracy`, 0 to 1.
    """
    train = training_images(mnist, of_each_digit)
    set_seed(seed)
    np.random.seed(seed)
    started = time.perf_counter()
    network = answer(train.images.copy(), train.labels.copy())
    found = {"kind": type(network).__name__, "is_network": isinstance(network, paddle.nn.Layer)}
    if not found["is_network"]:
        return found
    found["seconds"] = time.perf_counter() - started
    tensors = [*network.parameters(), *network.buffers()]
    found["parameters"] = sum({id(tensor): int(tensor.size) for tensor in tensors}.values())
    found["layers"] = [
        [kind.__name__ for kind in type(layer).__mro__ if kind.__module__.startswith("paddle")]
        for layer in network.sublayers(include_self=True)
    ]
    network.eval()
    try:
        found["outputs"] = _outputs(network, mnist.validation.images[:5])
    except Exception as error:  # another input than the course's
        found["refused"] = f"{type(error).__name__}: {paddle_reason(error).split('. ')[0][:200]}"
        return found
    if isinstance(found["outputs"], paddle.Tensor) and found["outputs"].shape == [5, 10]:
        found["accuracy"] = _accuracy(network, mnist.validation)
        found["test_accuracy"] = _accuracy(network, mnist.test)
        found["seen_accuracy"] = _accuracy(network, train.take(slice(SEEN)))
    return found


def _outputs(network: paddle.nn.Layer, images: np.ndarray) -> Any:
    with paddle.no_grad():
        return network(norm_img(images))  # [N, 784] -> [N, 10]


def _accuracy(network: paddle.nn.Layer, split: Split) -> float:
    right = 0
    for start in range(0, len(split), BATCH_SIZE):
        part = split.take(slice(start, start + BATCH_SIZE))
        digits = predicted_digits(_outputs(network, part.images).numpy())  # [N]
        right += int((digits == part.labels).sum())
    return right / len(split)


def training_images(mnist: Mnist, of_each_digit: int | None = None) -> Split:
    """Return what an answer may train on: all training images, or the first ones of each digit."""
    if of_each_digit is None:
        return mnist.train
    labels = mnist.train.labels
    chosen = [np.flatnonzero(labels == digit)[:of_each_digit] for digit in range(10)]
    return mnist.train.take(np.sort(np.concatenate(chosen)))


def measured(answer: Answer, of_each_digit: int | None = None) -> dict[str, Any]:
    """Return what `train_and_read` found, once for all checks, and `data`: "mnist" or "sample"."""
    found: dict[str, Any] = answer.memory.get("measured", {})
    if not found:
        mnist = load_mnist()
        data = "sample" if mnist.source.kind == "sample" else "mnist"
        found = {**answer.run(train_and_read, mnist, of_each_digit), "data": data}
        answer.memory["measured"] = found
    return found


def expect_network(answer: Answer, found: Mapping[str, Any]) -> None:
    """See that a network came back that takes what `norm_img` returns and gives logits [N, 10].

    Diagnoses: no_network {kind}, other_input {message}, other_outputs {outputs}, probabilities.
    Note: reached {accuracy}, {seen}, {parameters}, {seconds}.
    """
    if not found["is_network"]:
        answer.wrong("nothing" if found["kind"] == "NoneType" else "no_network", kind=found["kind"])
    if "refused" in found:
        answer.wrong("other_input", message=found["refused"])
    outputs = found["outputs"]
    if "accuracy" not in found:
        answer.wrong("other_outputs", outputs=_described(outputs))
    answer.note(
        "reached",
        accuracy=found["accuracy"],
        seen=found["seen_accuracy"],
        parameters=found["parameters"],
        seconds=found["seconds"],
    )
    if not np.isfinite(outputs).all():
        answer.wrong("not_finite", got=outputs)
    if (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        answer.wrong("probabilities", got=outputs)


def _described(outputs: Any) -> str:
    if isinstance(outputs, TensorArray):
        return f"{outputs.dtype} {list(outputs.shape)}"
    return kind_of(outputs)


def expect_parameters(answer: Answer, found: Mapping[str, Any], budget: int) -> None:
    """See that the network is small enough.

    Diagnosis: too_many_parameters {parameters}, {budget}, {over}.
    """
    parameters = found["parameters"]
    if parameters > budget:
        over = parameters - budget
        answer.wrong("too_many_parameters", parameters=parameters, budget=budget, over=over)


def expect_no_convolution(answer: Answer, found: Mapping[str, Any]) -> None:
    """See that no layer is a convolution, ready-made or derived from one.

    Diagnosis: convolution {layer}.
    """
    for names in found["layers"]:
        if any("conv" in name.lower() for name in names):
            answer.wrong("convolution", layer=names[0])


def expect_accuracy(answer: Answer, found: Mapping[str, Any], goals: Mapping[str, Goal]) -> None:
    """See that the goals are reached: on the validation images, and then on the test images.

    Args:
        answer: the learner's.
        found: by `measured`.
        goals: from "mnist" and "sample" to what is asked for.

    Diagnoses: nothing_learned {accuracy}; far_below and nearly_there {accuracy}, {goal}, {missing}
    (how many percentage points), {seen}: the accuracy on training images; only_validation
    {accuracy}, {test}, {goal}. Note: test {accuracy}.
    """
    accuracy, goal = found["accuracy"], goals[found["data"]]
    if accuracy < GUESSING:
        answer.wrong("nothing_learned", accuracy=accuracy)
    if accuracy < goal.validation:
        # Nearly there: less than twice the mistakes that the goal allows.
        key = "nearly_there" if 1 - accuracy < 2 * (1 - goal.validation) else "far_below"
        missing, seen = 100 * (goal.validation - accuracy), found["seen_accuracy"]
        answer.wrong(key, accuracy=accuracy, goal=goal.validation, missing=missing, seen=seen)
    if found["test_accuracy"] < goal.test:
        test = found["test_accuracy"]
        answer.wrong("only_validation", accuracy=accuracy, test=test, goal=goal.test)
    answer.note("test", accuracy=found["test_accuracy"])
