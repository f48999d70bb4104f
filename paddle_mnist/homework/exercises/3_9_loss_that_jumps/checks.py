import math

from paddle_mnist.homework.bug_zoo import Training, measure, train_and_read
from paddle_mnist.homework.checking import Answer

STEPS = 160  # 8 epochs of 20 batches
SEEDS = (0, 1)


def measured(answer: Answer, seed: int = 0) -> Training:
    return measure(answer, train_and_read, seed)


def check_runs(answer: Answer) -> None:
    found = measured(answer)
    last = found.losses[-1]
    answer.note("reached", highest=found.highest, last=last, accuracy=found.accuracy)


def check_jumps(answer: Answer) -> None:
    for seed in SEEDS:
        found = measured(answer, seed)
        first, highest = found.losses[0], found.highest
        if not abs(first - math.log(10)) < 0.6:
            answer.wrong("not_mean", first=first)
        if highest > 12:
            answer.wrong("loss_jumps", first=first, highest=highest, last=found.last())
        if highest > first + 0.5:
            answer.wrong("still_rises", first=first, highest=highest)


def check_same_training(answer: Answer) -> None:
    found = measured(answer)
    for built in found.optimizers:
        if built["name"] != "SGD":
            answer.wrong("other_optimizer", name=built["name"])
        if built["more"]:
            answer.wrong("changed_steps", names=", ".join(built["more"]))
    if len(found.losses) != STEPS:
        answer.wrong("other_steps", steps=len(found.losses))


def check_learns(answer: Answer) -> None:
    for seed in SEEDS:
        found = measured(answer, seed)
        first, last, accuracy = found.losses[0], found.last(), found.accuracy
        if last > 1 or accuracy < 0.75:
            answer.wrong("too_slow", first=first, last=last, accuracy=accuracy)
