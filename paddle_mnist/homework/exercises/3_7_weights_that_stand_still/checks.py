import numpy as np

from paddle_mnist.homework.bug_zoo import Training, measure, train_and_read
from paddle_mnist.homework.checking import Answer

STEPS = 20  # of an epoch


def measured(answer: Answer) -> Training:
    return measure(answer, train_and_read, 0)


def check_runs(answer: Answer) -> None:
    found = measured(answer)
    first, last = found.losses[0], found.losses[-1]
    answer.note("reached", first=first, last=last, accuracy=found.accuracy)


def check_loss(answer: Answer) -> None:
    found = measured(answer)
    losses, last = found.losses, found.last(STEPS)
    first = float(losses[:STEPS].mean())
    # The same images with the same weights give the same losses, in whatever order.
    if len(losses) >= 2 * STEPS and abs(first - last) < 1e-4:
        answer.wrong("weights_stand_still", first=first, last=last)
    # Where each epoch begins: one that goes on begins low.
    begins = losses[STEPS::STEPS]
    if len(begins) and begins.min() > 1.8 and last < 1.8:
        answer.wrong("begins_again", again=float(np.mean(begins)), last=last)
    if last < 1 and found.correct < 0.5:
        answer.wrong("another_network_returned", last=last, correct=found.correct)


def check_weights(answer: Answer) -> None:
    found = measured(answer)
    held = {place for built in found.optimizers for place in built["held"]}
    # None is built where someone writes the steps by hand.
    if found.optimizers and len(held) < found.total:
        answer.wrong("only_some_move", moved=len(held), total=found.total)
    if len(found.optimizers) >= 8:
        answer.wrong("many_optimizers", count=len(found.optimizers))


def check_accuracy(answer: Answer) -> None:
    found = measured(answer)
    last = found.last(STEPS)
    if last > 1 or found.accuracy < 0.8:
        answer.wrong("little_learned", last=last, correct=found.correct)
