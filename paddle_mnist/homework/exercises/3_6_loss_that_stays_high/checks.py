import math

import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.runtime import set_seed
from paddle_mnist.transforms import norm_img


def train_and_read(answer, seed):
    """Runs where the answer is: train it on 1,000 images, and read these and 500 others."""
    sample = load_mnist("sample")
    train = sample.train.take(slice(1000))
    set_seed(seed)
    network, losses = answer(train.images, train.labels)
    network.eval()
    new = network(norm_img(sample.validation.images)).numpy()  # [500, 10]
    seen = network(norm_img(train.images)).numpy()  # [1000, 10]
    return {
        "losses": [float(loss) for loss in losses],
        "outputs": new[:5],
        "correct": float((seen.argmax(axis=1) == train.labels).mean()),
        "accuracy": float((new.argmax(axis=1) == sample.validation.labels).mean()),
    }


def measured(answer: Answer) -> dict:
    # Once for all checks: a training takes a second.
    if "training" not in answer.memory:
        answer.memory["training"] = answer.run(train_and_read, 0)
    return answer.memory["training"]


def check_runs(answer: Answer) -> None:
    found = measured(answer)
    losses = found["losses"]
    answer.note("reached", first=losses[0], last=losses[-1], accuracy=found["accuracy"])


def check_loss(answer: Answer) -> None:
    found = measured(answer)
    first, last = found["losses"][0], float(np.mean(found["losses"][-20:]))
    if abs(first - math.log(10)) > 0.4:
        answer.wrong("not_mean", first=first)
    if found["correct"] < 0.8:
        answer.wrong("nothing_learned", last=last, correct=found["correct"])
    # Under the lowest loss that two softmaxes allow.
    if last > math.log(1 + 9 / math.e):
        answer.wrong("loss_stays_high", first=first, last=last, correct=found["correct"])


def check_outputs(answer: Answer) -> None:
    outputs = measured(answer)["outputs"]
    if np.allclose(outputs.sum(axis=1), 1, atol=1e-4):
        answer.wrong("outputs_are_probabilities", got=outputs)


def check_accuracy(answer: Answer) -> None:
    found = measured(answer)
    if found["accuracy"] < 0.8:
        last = float(np.mean(found["losses"][-20:]))
        answer.wrong("nothing_learned", last=last, correct=found["correct"])
