import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.bug_zoo import Training, measure, train_and_read
from paddle_mnist.homework.checking import Answer

# The square error of a neuron that says 4.5 to every picture: ten digits, equally frequent.
NOT_LOOKING = 8.25
# The mean of the digits' squares: the square error of a neuron that says 0 to every picture.
ALWAYS_ZERO = 28.5


def measured(answer: Answer) -> Training:
    return measure(answer, train_and_read, 0, outputs=1)


def check_runs(answer: Answer) -> None:
    measured(answer)


def check_steps(answer: Answer) -> None:
    steps = len(measured(answer).losses)
    if steps != 630:
        answer.wrong("other_steps", steps=steps)


def check_losses(answer: Answer) -> None:
    losses = measured(answer).losses
    first = losses[0]
    if not np.isfinite(losses).all():
        infinite = int(np.argmin(np.isfinite(losses)))
        answer.wrong("overflows", first=first, second=losses[min(1, infinite)], step=infinite)
    # A neuron whose random numbers are small says small numbers.
    if first > 10 * ALWAYS_ZERO:
        answer.wrong("begins_too_high", first=first, last=measured(answer).last(63))
    if first < 5:
        answer.wrong("other_numbers", first=first)


def check_new_images(answer: Answer) -> None:
    found = measured(answer)
    outputs = found.new[:, 0].astype("float64")
    last = found.last(63)
    error = float(((outputs - load_mnist("sample").validation.labels) ** 2).mean())
    answer.note("reached", last=last, error=error)
    if error > NOT_LOOKING - 2:
        least, most = np.quantile(outputs, [0.05, 0.95])
        if most - least < 2:
            answer.wrong("always_the_same", least=least, most=most)
        answer.wrong("new_images_differ", last=last, error=error)
