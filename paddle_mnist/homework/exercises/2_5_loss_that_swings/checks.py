import math

import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.bug_zoo import Training, measure, train_and_read
from paddle_mnist.homework.checking import Answer

# The square error of a neuron that says 4.5 to every picture: ten digits, equally frequent.
NOT_LOOKING = 8.25


def measured(answer: Answer, count: int) -> Training:
    given = f"images uint8 [{count}, 28, 28], labels int64 [{count}]"
    return measure(answer, train_and_read, 0, count, outputs=1, given=given)


def check_runs(answer: Answer) -> None:
    measured(answer, 1000)


def check_steps(answer: Answer) -> None:
    for count in (1000, 16):
        steps, expected = len(measured(answer, count).losses), 10 * math.ceil(count / 16)
        if steps != expected:
            answer.wrong("other_steps", images=count, steps=steps, expected_steps=expected)


def check_one_batch(answer: Answer) -> None:
    # Sixteen pictures are one batch: each epoch is one step, and the loss must fall in each.
    many, one = measured(answer, 1000).losses, measured(answer, 16).losses
    first, lowest, last = one[0], one.min(), one[-1]
    if not np.isfinite(many).all() or (lowest < 0.9 * first and last > 1.5 * lowest):
        at_end = many[-max(1, len(many) // 10) :].mean()
        answer.wrong("swings", first=many[0], lowest=np.nanmin(many), last=at_end)
    if np.ptp(one) < 1e-6 * first and np.ptp(means_of_tenths(many)) < 0.2 * first:
        answer.wrong("nothing_learned", first=first, last=last)
    # On one batch plain gradient descent makes ever smaller steps, with any sensible rate.
    falls = -np.diff(one[:4])
    if len(falls) == 3 and 0 < 1.5 * falls[0] < falls[1]:
        answer.wrong("growing_steps", one=falls[0], two=falls[1], three=falls[2])
    if last > 0.7 * first:
        answer.wrong("too_slow", steps=len(one) - 1, first=first, last=last)


def means_of_tenths(losses: np.ndarray) -> np.ndarray:
    return np.array([part.mean() for part in np.array_split(losses, min(10, len(losses)))])


def check_loss(answer: Answer) -> None:
    means = means_of_tenths(measured(answer, 1000).losses)
    before = np.minimum.accumulate(means)
    most = int(np.argmax(means - before))
    if means[most] - before[most] > 1 or means[-1] > NOT_LOOKING - 2:
        answer.wrong("one_step_is_fine", lowest=before[most], highest=means[most])


def check_new_images(answer: Answer) -> None:
    found = measured(answer, 1000)
    last = means_of_tenths(found.losses)[-1]
    labels = load_mnist("sample").validation.labels
    error = float(((found.new[:, 0] - labels) ** 2).mean())
    answer.note("reached", last=float(last), error=error)
    if not error < NOT_LOOKING:
        answer.wrong("another_neuron", last=last, error=error)
