from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.bug_zoo import COUNT, Training, measure, read_result
from paddle_mnist.homework.checking import Answer
from paddle_mnist.system.runtime import set_seed

EPOCHS, BATCHES = 8, 20  # of 50 images


def train_in_order(answer: Callable[..., Any], seed: int, sort: bool) -> dict[str, Any]:
    """Runs where the answer is: train it on 1,000 images, sorted by digit or not.

    More entries than those of `read_result`: `batches`, for each step the places of its images
    among those that were given; `stood_still`: after how many of these steps no weight had moved;
    and `is_used`: whether the answer drew from its generator.
    """
    train = load_mnist("sample").train.take(slice(COUNT))
    order = train.labels.argsort(kind="stable") if sort else np.arange(COUNT)
    images, labels = train.images[order], train.labels[order]
    random = set_seed(seed)
    before = repr(random.bit_generator.state)
    with watch_batches() as (batches, weights):
        # Copies: what the answer does to its own must not move ours.
        result = answer(images.copy(), labels.copy(), random)
    places = {image.tobytes(): place for place, image in enumerate(images)}
    found = read_result(result)
    found["batches"] = [[places.get(image.tobytes(), -1) for image in batch] for batch in batches]
    last = result[0] if isinstance(result, (tuple, list)) and result else None
    after = [*weights[1:], weights_of(last)] if weights else []
    found["stood_still"] = sum(one == other for one, other in zip(weights, after))
    found["is_used"] = repr(random.bit_generator.state) != before
    return found


@contextmanager
def watch_batches() -> Iterator[tuple[list[np.ndarray], list[int]]]:
    """What is known of each batch whose gradients are asked for, in this order.

    The images, uint8 [N, 784], and what `weights_of` says of the network then.
    """
    original = nn.Layer.__call__
    batches, weights, inside = [], [], []

    def watched(self: nn.Layer, *inputs: Any, **named: Any) -> Any:
        inside.append(self)
        try:
            outputs = original(self, *inputs, **named)
        finally:
            inside.pop()
        # Not the layers inside of a network, and not where it only reads.
        is_trained = not inside and inputs and not getattr(outputs, "stop_gradient", True)
        if is_trained and list(inputs[0].shape)[1:] == [784]:
            images = np.rint(inputs[0].numpy() * 255).clip(0, 255).astype("uint8")
            now = weights_of(self)

            def keep(gradient: paddle.Tensor) -> None:
                batches.append(images)
                weights.append(now)

            outputs.register_hook(keep)
        return outputs

    # For a while, to look inside of trainings that are not ours.
    nn.Layer.__call__ = watched  # type: ignore[method-assign]
    try:
        yield batches, weights
    finally:
        nn.Layer.__call__ = original  # type: ignore[method-assign]


def weights_of(network: Any) -> int:
    """A number that is another one as soon as a parameter of the network has moved."""
    parameters = network.parameters() if isinstance(network, nn.Layer) else []
    return hash(tuple(parameter.numpy().tobytes() for parameter in parameters))


def measured(answer: Answer, sort: bool) -> Training:
    given = f"images uint8 [{COUNT}, 28, 28], labels int64 [{COUNT}], random"
    # Another seed too, for check_order.
    return measure(answer, train_in_order, int(sort), sort, given=given)


def check_runs(answer: Answer) -> None:
    found = measured(answer, sort=False)
    first, last = found.losses[0], found.losses[-1]
    answer.note("reached", first=first, last=last, accuracy=found.accuracy)


def check_loss(answer: Answer) -> None:
    found = measured(answer, sort=False)
    losses, last, correct = found.losses, found.last(BATCHES), found.correct
    lowest = float(losses[BATCHES // 2 : BATCHES].mean())
    if correct < 0.5 and lowest < 1.5 and last > lowest + 0.4:
        answer.wrong("right_only_at_first", lowest=lowest, last=last)
    if correct < 0.2 and last < 2:
        answer.wrong("learned_by_heart", last=last, correct=correct)
    if correct < 0.2 and abs(last - math.log(10)) < 0.06:
        # With labels in order, each batch would be of one digit: such a one is soon learned.
        if measured(answer, sort=True).losses[:BATCHES].min() < 1.9:
            answer.wrong("labels_never_move", last=last, correct=correct)
        answer.wrong("labels_of_others", first=losses[0], last=last, correct=correct)
    if correct < 0.85:
        answer.wrong("little_learned", last=last, correct=correct)
    # Untrained, the network's probabilities are all near 1/10.
    if not 1.8 < losses[0] < 3.2:
        answer.wrong("other_loss", first=losses[0])


def check_sorted(answer: Answer) -> None:
    found = measured(answer, sort=True)
    highest, correct = found.highest, found.correct
    if highest > 3.3:
        answer.wrong("one_digit_after_another", first=found.losses[0], highest=highest)
    if correct < 0.85:
        answer.wrong("little_learned", last=found.last(BATCHES), correct=correct)


def check_order(answer: Answer) -> None:
    training = measured(answer, sort=False)
    batches = training.found["batches"]
    epochs = in_epochs(batches)
    if len(batches) in (EPOCHS * BATCHES, EPOCHS * (BATCHES - 1)):
        for epoch, places in enumerate(epochs):
            missing = COUNT - len(set(places) - {-1})
            if missing:
                answer.wrong("images_left_out", epoch=epoch + 1, missing=missing)
    if len(training.losses) != EPOCHS * BATCHES:
        answer.wrong("other_steps", steps=len(training.losses))
    if not training.found["is_used"]:
        answer.wrong("random_not_used")
    if len(batches) == EPOCHS * BATCHES:
        still = training.found["stood_still"]
        if still:
            answer.wrong("no_step", still=still, steps=len(batches))
        others = in_epochs(measured(answer, sort=True).found["batches"])
        for epoch, (one, other) in enumerate(zip(epochs, others)):
            if one == other:
                answer.wrong("same_for_each_seed", epoch=epoch + 1)
        # With one order for all epochs the images stay, or move in the same way each time.
        pairs = zip(epochs, epochs[1:])
        moves = {tuple(np.argsort(one)[list(following)]) for one, following in pairs}
        if len(moves) < EPOCHS - 1:
            answer.wrong("one_order")


def in_epochs(batches: list[list[int]]) -> list[tuple[int, ...]]:
    # With one batch fewer in each epoch, the epochs can still be told apart.
    size = max(len(batches) // EPOCHS, 1)
    starts = range(0, len(batches), size)
    return [tuple(chain.from_iterable(batches[start : start + size])) for start in starts]


def check_accuracy(answer: Answer) -> None:
    found = measured(answer, sort=False)
    if found.accuracy < 0.8:
        answer.wrong("little_learned", last=found.last(BATCHES), correct=found.correct)
