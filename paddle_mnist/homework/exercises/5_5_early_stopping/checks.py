from __future__ import annotations

import random

from paddle_mnist.homework.checking import Answer

NAN = float("nan")


def check_turn(answer: Answer) -> None:
    # The example of the task: epochs 4, 5 and 6 are without a gain.
    losses = [0.9, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8]
    mistakes = {
        "loss_instead": lambda got: got[0] == 0.4,
        "from_zero": lambda got: got[0] == 2,
        "one_too_late": (3, 7),
        "one_too_early": (3, 5),
        "never_ends": lambda got: got[1] == 8,
    }
    answer.expect(answer(losses, 3), (3, 6), mistakes)


def check_ups_and_downs(answer: Answer) -> None:
    # Epochs 2, 3 and 4 are all above 0.5.
    mistakes = {"first_epoch_waits": (1, 3), "compares_with_previous": lambda got: got[1] > 4}
    answer.expect(answer([0.5, 0.6, 0.55, 0.65, 0.58, 0.7], 3), (1, 4), mistakes)
    # Two epochs without a gain, a gain in epoch 4, and two more.
    mistakes = {"adds_all_up": lambda got: got[1] < 6}
    answer.expect(answer([0.5, 0.6, 0.7, 0.4, 0.5, 0.6], 3), (4, 6), mistakes)


def check_afterwards(answer: Answer) -> None:
    mistakes = {"sees_the_future": lambda got: got[0] > 3}
    answer.expect(answer([0.5, 0.6, 0.7, 0.3, 0.2], 2), (1, 3), mistakes)


def check_equal(answer: Answer) -> None:
    mistakes = {"equal_is_gain": lambda got: got[0] > 2}
    answer.expect(answer([0.5, 0.4, 0.4, 0.4, 0.4, 0.4], 3), (2, 5), mistakes)


def check_not_a_number(answer: Answer) -> None:
    mistakes = {"nan_is_gain": lambda got: got[0] > 1 or got[1] > 3}
    answer.expect(answer([0.5, NAN, NAN, NAN, 0.4], 2), (1, 3), mistakes)
    answer.expect(answer([0.5, NAN, 0.4, 0.3], 2), (4, 4), {"nan_is_gain": lambda got: True})


def check_edges(answer: Answer) -> None:
    answer.expect(answer([2.3], 1), (1, 1))
    answer.expect(answer([2.3, 0.5, 0.3, 0.2], 1), (4, 4))
    answer.expect(answer([0.5, 0.6, 0.4], 1), (1, 2))
    answer.expect(answer([0.5, 0.6, 0.7], 5), (1, 3))


def by_looking_back(losses: list[float], patience: int) -> tuple[int, int]:
    """Another way to the same: after each epoch, ask how long ago the lowest loss was."""
    for end in range(1, len(losses) + 1):
        best = losses.index(min(losses[:end])) + 1
        if end - best >= patience:
            return best, end
    return best, len(losses)


def check_many(answer: Answer) -> None:
    dice = random.Random(0)
    for _ in range(40):
        # Few different values, so that many are equal; on the whole they fall.
        losses = [round(5 / (epoch + 5) + dice.random() / 5, 1) for epoch in range(30)]
        patience = dice.randint(1, 8)
        answer.expect(answer(losses, patience), by_looking_back(losses, patience))
