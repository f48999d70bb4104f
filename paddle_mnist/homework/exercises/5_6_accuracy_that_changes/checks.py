from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.system.runtime import set_seed


class Watched(nn.Layer):
    """A network that notes, whenever it is called, whether its two special layers train."""

    def __init__(self, modes: list[dict[str, bool]]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(784, 64), nn.BatchNorm1D(64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)
        )

        # The list is no part of the layer, so that a copy of the network writes into it too.
        def note_modes(network: Any, inputs: Any) -> Any:
            norm, dropout = network.layers[1], network.layers[3]
            modes.append({"norm": norm.training, "dropout": dropout.training})
            return inputs

        self.register_forward_pre_hook(note_modes)

    def forward(self, images: paddle.Tensor) -> Any:
        return self.layers(images)


def copied_state(network: nn.Layer) -> dict[str, np.ndarray]:
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}


def measure(answer: Callable[..., Any]) -> dict[str, Any]:
    """Runs where the answer is: train a network, and have it measured in several ways."""
    sample = load_mnist("sample")
    images, labels = sample.validation.images, sample.validation.labels
    modes: list[dict[str, bool]] = []
    random = set_seed(0)
    network = Watched(modes)
    optimizer = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    few = sample.train.take(slice(1000))
    step = partial(train_step, network, cross_entropy, optimizer)
    fit(step, Batches(few, 50, random), epochs=3)

    network.eval()
    with paddle.no_grad():
        digits = network(norm_img(images)).numpy().argmax(axis=1)  # [500]
    network.train()
    before = copied_state(network)

    found = {"right": (digits == labels).mean(), "measured": [], "modes": []}
    for _ in range(3):
        network.train()
        modes.clear()
        found["measured"].append(answer(network, images, labels))
        found["modes"].append(list(modes))
    found["mode_after_training"] = network.training
    found["parts_after_training"] = all(part.training for part in network.sublayers())

    network.eval()
    found["single"] = [answer(network, images[i : i + 1], labels[i : i + 1]) for i in range(20)]
    found["right_single"] = [float(right) for right in digits[:20] == labels[:20]]
    found["mode_after_evaluation"] = network.training

    after = copied_state(network)
    found["changed"] = [name for name in before if not np.array_equal(before[name], after[name])]

    # A seed set inside gives the same random numbers after every measurement.
    drawn = []
    for seed in (1, 2):
        set_seed(seed)
        answer(network, images[:10], labels[:10])
        drawn.append([paddle.rand([1]).item(), float(np.random.random())])
    found["drawn"] = drawn
    return found


def measured(answer: Answer) -> dict[str, Any]:
    # Once for all checks: it trains a network.
    if "found" not in answer.memory:
        answer.memory["found"] = answer.run(
            measure, given="network, images: uint8 [500, 28, 28], labels: int64 [500]"
        )
    return answer.memory["found"]


def check_number(answer: Answer) -> None:
    found = measured(answer)
    # A NumPy number is as good as Python's. Anything else is told here, whatever its value.
    found["measured"] = [
        float(each) if type(each) is np.ndarray and each.shape == () else each
        for each in found["measured"]
    ]
    for each in found["measured"]:
        if type(each) not in (int, float):
            answer.expect(each, float(found["right"]))


def modes_of(found: dict[str, Any], part: str) -> list[list[bool]]:
    """For each measurement, the modes of a part, batch after batch."""
    return [[mode[part] for mode in modes] for modes in found["modes"]]


def check_same(answer: Answer) -> None:
    found = measured(answer)
    lowest, highest = min(found["measured"]), max(found["measured"])
    if lowest == highest:
        return
    mixed = any(modes[0] and not all(modes) for modes in modes_of(found, "dropout") if modes)
    key = "first_batch_differs" if mixed else "other_each_time"
    answer.wrong(key, lowest=lowest, highest=highest)


def check_right(answer: Answer) -> None:
    found = measured(answer)
    got, expected = found["measured"][0], float(found["right"])
    if any(any(modes) for modes in modes_of(found, "dropout")):
        answer.wrong("only_looks_steady", got=got, expected=expected)
    if any(any(modes) for modes in modes_of(found, "norm")):
        answer.wrong("network_changed", names=", ".join(found["changed"]))
    answer.expect(got, expected)
    answer.expect(found["single"], found["right_single"])


def check_afterwards(answer: Answer) -> None:
    found = measured(answer)
    if not (found["mode_after_training"] and found["parts_after_training"]):
        answer.wrong("stays_in_evaluation")
    if found["mode_after_evaluation"]:
        answer.wrong("always_to_training")
    if found["changed"]:
        answer.wrong("network_changed", names=", ".join(found["changed"]))


def check_random(answer: Answer) -> None:
    one, other = measured(answer)["drawn"]
    if any(first == second for first, second in zip(one, other)):
        answer.wrong("random_numbers_set")
    answer.note("reached", accuracy=float(measured(answer)["right"]))
