import math

import numpy as np
from paddle import nn

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.values import Other
from paddle_mnist.runtime import set_seed
from paddle_mnist.transforms import norm_img

STEPS = 20  # of an epoch


def train_and_read(answer, seed, sort):
    """Runs where the answer is: train it on 1,000 images, and read these and 500 others."""
    sample = load_mnist("sample")
    images, labels = sample.train.images[:1000], sample.train.labels[:1000]
    if sort:
        order = labels.argsort(kind="stable")
        images, labels = images[order], labels[order]
    random = set_seed(seed)
    # Copies: what the answer does to its own must not move ours.
    result = answer(images.copy(), labels.copy(), random)
    if not is_network_and_losses(result):
        return kinds(result)
    network, losses = result
    network.eval()
    new = network(norm_img(sample.validation.images)).numpy()  # [500, 10]
    seen = network(norm_img(images)).numpy()  # [1000, 10]
    return {
        "losses": [float(loss) for loss in losses],
        "correct": float((seen.argmax(axis=1) == labels).mean()),
        "accuracy": float((new.argmax(axis=1) == sample.validation.labels).mean()),
    }


def is_network_and_losses(result):
    pair = isinstance(result, (tuple, list)) and len(result) == 2
    return pair and isinstance(result[0], nn.Layer) and isinstance(result[1], list) and result[1]


def kinds(result):
    """The names of the parts' types, for something else than a network and its losses."""
    if not isinstance(result, (tuple, list)):
        return None if result is None else type(result).__name__
    return ["Layer" if isinstance(part, nn.Layer) else type(part).__name__ for part in result]


def measured(answer: Answer, sort: bool) -> dict:
    if sort not in answer.memory:
        found = answer.run(train_and_read, 0, sort)
        if isinstance(found, list):
            found = tuple(Other(name) for name in found)
        elif isinstance(found, str):
            found = Other(found)
        if not isinstance(found, dict):
            answer.expect(found, (Other("Layer"), Other("list of losses")))
        answer.memory[sort] = found
    return answer.memory[sort]


def check_runs(answer: Answer) -> None:
    found = measured(answer, sort=False)
    losses = found["losses"]
    answer.note("reached", first=losses[0], last=losses[-1], accuracy=found["accuracy"])


def check_loss(answer: Answer) -> None:
    found = measured(answer, sort=False)
    losses, correct = found["losses"], found["correct"]
    last = float(np.mean(losses[-STEPS:]))
    lowest = float(np.mean(losses[STEPS // 2 : STEPS]))
    if correct < 0.5 and lowest < 1.5 and last > lowest + 0.4:
        answer.wrong("right_only_at_first", lowest=lowest, last=last)
    if correct < 0.2 and last < 2:
        answer.wrong("learned_by_heart", last=last, correct=correct)
    if correct < 0.2 and abs(last - math.log(10)) < 0.06:
        # With labels in order, each batch would be of one digit: such a one is soon learned.
        if min(measured(answer, sort=True)["losses"][:STEPS]) < 1.9:
            answer.wrong("labels_never_move", last=last, correct=correct)
        answer.wrong("labels_of_others", first=losses[0], last=last, correct=correct)
    if correct < 0.85:
        answer.wrong("little_learned", last=last, correct=correct)


def check_sorted(answer: Answer) -> None:
    found = measured(answer, sort=True)
    highest = max(found["losses"])
    if highest > 3.3:
        answer.wrong("one_digit_after_another", first=found["losses"][0], highest=highest)
    if found["correct"] < 0.85:
        last = float(np.mean(found["losses"][-STEPS:]))
        answer.wrong("little_learned", last=last, correct=found["correct"])


def check_accuracy(answer: Answer) -> None:
    found = measured(answer, sort=False)
    if found["accuracy"] < 0.8:
        last = float(np.mean(found["losses"][-STEPS:]))
        answer.wrong("little_learned", last=last, correct=found["correct"])
