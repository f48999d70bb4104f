from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import tensor

Batch = tuple[np.ndarray, np.ndarray]

LEARNING_RATE, MOMENTUM = 0.01, 0.9
# The pixels with ink, and the weights that can move.
INK = 6


def make_data(counts: Sequence[int]) -> tuple[np.ndarray, list[Batch]]:
    """Weights, and batches of `counts` pictures: ink in the first pixels only."""
    random = np.random.default_rng(0)
    weights = np.zeros((784, 1))
    weights[:INK, 0] = [0.5, -1.0, 2.0, 0.25, -0.5, 1.0]
    batches = []
    for count in counts:
        images = np.zeros((count, 784))
        images[:, :INK] = random.random((count, INK))
        batches.append((images, random.integers(0, 10, count)))
    return weights, batches


def steps_by_paddle(
    answer: Callable[..., Any], momentum: bool, weights: paddle.Tensor, *batches: paddle.Tensor
) -> dict[str, Any]:
    """Runs where the answer is: a step on each batch (images, labels, images, labels, …).

    It returns the losses, the weights of the pixels with ink, and the bias.
    """
    network = nn.Linear(784, 1)
    network.weight.set_value(weights)
    network.bias.set_value(paddle.to_tensor([1.0]))
    parameters = network.parameters()
    optimizer = paddle.optimizer.SGD(LEARNING_RATE, parameters=parameters)
    if momentum:
        optimizer = paddle.optimizer.Momentum(LEARNING_RATE, MOMENTUM, parameters=parameters)
    losses = []
    for images, labels in zip(batches[::2], batches[1::2]):
        losses.append(answer(network, optimizer, images, labels))
    return {
        "losses": losses,
        "weights of 6 pixels": network.weight.numpy()[:INK, 0],
        "bias": network.bias.numpy(),
    }


def measure(answer: Answer, momentum: bool, weights: np.ndarray, batches: list[Batch]) -> Any:
    parts = []
    for images, labels in batches:
        parts += [tensor(images), tensor(labels, "int64")]
    name = "Momentum" if momentum else "SGD"
    shapes = ", ".join(f"[{len(labels)}, 784]" for _, labels in batches)
    given = f"optimizer = {name}({LEARNING_RATE})\nimages: {shapes}"
    return answer.run(steps_by_paddle, momentum, tensor(weights), *parts, given=given)


def steps_by_hand(
    weights: np.ndarray, batches: list[Batch], mistake: str | None = None, momentum: float = 0.0
) -> dict[str, Any]:
    """What `steps_by_paddle` must find, or what it finds with a usual mistake."""
    # The bias is the weight of one more pixel, which is always 1.
    weights, velocity, losses = np.append(weights, 1.0), 0.0, []
    added = np.zeros_like(weights)
    for images, labels in batches:
        rows = np.column_stack([images, np.ones(len(images))])  # [N, 785]
        # The error of each prediction, a row, against each label, a column.
        errors = (rows @ weights)[:, None] - labels  # [N, N]
        if mistake != "every_label":
            errors = np.diag(errors)[:, None]  # [N, 1]
        divisor = 1 if mistake == "sum_not_mean" else errors.size
        loss = (errors**2).sum() / divisor
        gradient = 2 / divisor * rows.T @ errors.sum(axis=1)  # [785]
        added = added + gradient if mistake == "not_cleared" else gradient
        velocity = momentum * velocity + added
        if mistake != "nothing_moves":
            weights = weights - LEARNING_RATE * velocity
        if mistake == "loss_after":
            loss = ((rows @ weights - labels) ** 2).mean()
        losses.append(float(loss))
    return {
        "losses": losses,
        "weights of 6 pixels": weights[:INK].astype("float32"),
        "bias": weights[784:].astype("float32"),
    }


def check_loss(answer: Answer) -> None:
    weights, batches = make_data([4])
    losses = measure(answer, False, weights, batches)["losses"]
    keys = ("every_label", "sum_not_mean", "loss_after")
    mistakes = {key: steps_by_hand(weights, batches, key)["losses"][0] for key in keys}
    expected = steps_by_hand(weights, batches)["losses"][0]
    answer.expect(losses[0], expected, mistakes, tolerance=1e-4)


def check_step(answer: Answer) -> None:
    weights, batches = make_data([4])
    got = measure(answer, False, weights, batches)
    start = steps_by_hand(weights, batches, "nothing_moves")
    expected = steps_by_hand(weights, batches)

    def is_other_size(found: dict[str, Any]) -> bool:
        name = "weights of 6 pixels"
        moves = (found[name] - start[name]) / (expected[name] - start[name])
        return bool(np.allclose(moves, moves.mean(), rtol=0.01))

    mistakes = {"nothing_moves": start, "other_size": is_other_size}
    answer.expect(got, expected, mistakes, tolerance=1e-4)


def check_three_steps(answer: Answer) -> None:
    weights, batches = make_data([4, 1, 7])
    got = measure(answer, False, weights, batches)
    mistakes = {"not_cleared": steps_by_hand(weights, batches, "not_cleared")}
    answer.expect(got, steps_by_hand(weights, batches), mistakes, tolerance=1e-4)


def check_optimizer(answer: Answer) -> None:
    weights, batches = make_data([5, 5, 5])
    got = measure(answer, True, weights, batches)
    mistakes = {"own_step": steps_by_hand(weights, batches)}
    expected = steps_by_hand(weights, batches, momentum=MOMENTUM)
    answer.expect(got, expected, mistakes, tolerance=1e-4)
