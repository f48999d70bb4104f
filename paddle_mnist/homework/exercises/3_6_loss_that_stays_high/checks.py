import math

import numpy as np

from paddle_mnist.homework.bug_zoo import Training, measure, train_and_read
from paddle_mnist.homework.checking import Answer


def measured(answer: Answer) -> Training:
    return measure(answer, train_and_read, 0)


def check_runs(answer: Answer) -> None:
    found = measured(answer)
    first, last = found.losses[0], found.losses[-1]
    answer.note("reached", first=first, last=last, accuracy=found.accuracy)


def check_loss(answer: Answer) -> None:
    found = measured(answer)
    first, last, correct = found.losses[0], found.last(), found.correct
    if not abs(first - math.log(10)) < 0.4:
        answer.wrong("not_mean", first=first)
    if correct < 0.8:
        answer.wrong("nothing_learned", last=last, correct=correct)
    # Under the lowest loss that two softmaxes allow.
    if last > math.log(1 + 9 / math.e):
        answer.wrong("loss_stays_high", first=first, last=last, correct=correct)


def check_outputs(answer: Answer) -> None:
    outputs = measured(answer).new[:5]
    if np.allclose(outputs.sum(axis=1), 1, atol=1e-4):
        answer.wrong("outputs_are_probabilities", got=outputs)


def check_accuracy(answer: Answer) -> None:
    found = measured(answer)
    if found.accuracy < 0.8:
        answer.wrong("nothing_learned", last=found.last(), correct=found.correct)
