import inspect

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.values import Other
from paddle_mnist.runtime import set_seed
from paddle_mnist.transforms import norm_img

STEPS = 20  # of an epoch


def train_and_read(answer, seed):
    """Runs where the answer is: train it on 1,000 images, and look which weights were moved."""
    sample = load_mnist("sample")
    train = sample.train.take(slice(1000))
    original = paddle.optimizer.Optimizer.__init__
    built, given = [], []  # the optimisers, and the parameters that they hold

    def watched(self, *arguments, **named):
        bound = inspect.signature(original).bind(self, *arguments, **named)
        for part in bound.arguments.get("parameters") or ():
            given.extend(part["params"] if isinstance(part, dict) else [part])
        built.append(type(self).__name__)
        original(self, *arguments, **named)

    paddle.optimizer.Optimizer.__init__ = watched
    try:
        set_seed(seed)
        result = answer(train.images, train.labels)
    finally:
        paddle.optimizer.Optimizer.__init__ = original
    if not is_network_and_losses(result):
        return kinds(result)
    network, losses = result
    network.eval()
    new = network(norm_img(sample.validation.images)).numpy()  # [500, 10]
    seen = network(norm_img(train.images)).numpy()  # [1000, 10]
    held = {id(parameter) for parameter in given}
    own = network.parameters()
    return {
        "losses": [float(loss) for loss in losses],
        "optimizers": len(built),
        "held": sum(id(parameter) in held for parameter in own),
        "total": len(own),
        "correct": float((seen.argmax(axis=1) == train.labels).mean()),
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


def measured(answer: Answer) -> dict:
    # Once for all checks.
    if "training" not in answer.memory:
        found = answer.run(train_and_read, 0)
        if isinstance(found, list):
            found = tuple(Other(name) for name in found)
        elif isinstance(found, str):
            found = Other(found)
        if not isinstance(found, dict):
            answer.expect(found, (Other("Layer"), Other("list of losses")))
        answer.memory["training"] = found
    return answer.memory["training"]


def check_runs(answer: Answer) -> None:
    found = measured(answer)
    losses = found["losses"]
    answer.note("reached", first=losses[0], last=losses[-1], accuracy=found["accuracy"])


def check_loss(answer: Answer) -> None:
    found = measured(answer)
    losses = found["losses"]
    first, last = float(np.mean(losses[:STEPS])), float(np.mean(losses[-STEPS:]))
    # The same images with the same weights give the same losses, in whatever order.
    if len(losses) >= 2 * STEPS and abs(first - last) < 1e-4:
        answer.wrong("weights_stand_still", first=first, last=last)
    # Where each epoch begins: one that goes on begins low.
    begins = losses[STEPS : len(losses) : STEPS]
    if begins and min(begins) > 1.8 and last < 1.8:
        answer.wrong("begins_again", again=float(np.mean(begins)), last=last)
    if last < 1 and found["correct"] < 0.5:
        answer.wrong("another_network_returned", last=last, correct=found["correct"])


def check_weights(answer: Answer) -> None:
    found = measured(answer)
    # None is built where someone writes the steps by hand.
    if found["optimizers"] and found["held"] < found["total"]:
        answer.wrong("only_some_move", moved=found["held"], total=found["total"])
    if found["optimizers"] >= 8:
        answer.wrong("many_optimizers", count=found["optimizers"])


def check_accuracy(answer: Answer) -> None:
    found = measured(answer)
    last = float(np.mean(found["losses"][-STEPS:]))
    if last > 1 or found["accuracy"] < 0.8:
        answer.wrong("little_learned", last=last, correct=found["correct"])
