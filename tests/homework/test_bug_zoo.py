"""Repaired trainings: what is known of them, and what is told when there is none."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.homework.bug_zoo import (
    COUNT,
    is_list_of_numbers,
    kind_in_words,
    measure,
    train_and_read,
    watch_optimizers,
)
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.outcome import WrongError


class Counted(Answer):
    """An answer that counts how often it is asked to train."""

    def __init__(self, function):
        super().__init__(find_exercise("3-6"), function)
        self.trainings = 0

    def run(self, function, *arguments, given=""):
        self.trainings += 1
        return super().run(function, *arguments, given=given)


def train(images, labels):
    """One step, so that it is quick."""
    network = nn.Linear(784, 10)
    other = nn.Linear(784, 10)
    paddle.optimizer.Adam(0.1, parameters=other.parameters(), weight_decay=0.1)
    optimizer = paddle.optimizer.SGD(0.1, parameters=network.parameters())
    loss = nn.functional.cross_entropy(
        network(norm_img(images[:50])), paddle.to_tensor(labels[:50])
    )
    loss.backward()
    optimizer.step()
    return network, [float(loss), 1.5]


def test_what_is_known_of_a_training():
    found = measure(Counted(train), train_and_read, 0)
    assert found.seen.shape == (COUNT, 10)
    labels = load_mnist("sample").validation.labels
    assert found.accuracy == (found.new.argmax(axis=1) == labels).mean()
    assert found.last(1) == 1.5
    assert found.highest == found.losses[0]
    adam, sgd = found.optimizers
    assert (adam["name"], adam["held"], adam["more"]) == ("Adam", [], ["weight_decay"])
    assert (sgd["name"], sgd["held"], sgd["more"]) == ("SGD", [0, 1], [])
    assert found.total == 2


def test_the_same_seed_gives_the_same_training():
    one, other = (measure(Counted(train), train_and_read, 3) for _ in range(2))
    assert np.array_equal(one.new, other.new)


def test_a_training_is_asked_for_once():
    answer = Counted(train)
    assert measure(answer, train_and_read, 0) is measure(answer, train_and_read, 0)
    assert answer.trainings == 1


def test_what_is_told_is_about_the_training_that_was_asked_for_last():
    answer = Counted(train)
    for seed, given in ((0, "one"), (1, "other"), (0, "one")):
        measure(answer, train_and_read, seed, given=given)
        with pytest.raises(WrongError) as caught:
            answer.wrong("key")
        assert caught.value.details["given"] == given
    assert answer.trainings == 2


def test_a_loss_that_is_not_a_number_is_the_highest():
    def overflow(images, labels):
        return nn.Linear(784, 10), [2.3, float("nan")]

    assert measure(Counted(overflow), train_and_read, 0).highest == float("inf")


@pytest.mark.parametrize(
    ("returned", "key"),
    [
        (None, "nothing"),
        (3, "kind"),
        ([1.0], "kind"),
        ((1.0, [1.0]), "kind"),
        (lambda: nn.Linear(784, 10), "kind"),
        (lambda: (nn.Linear(784, 10), []), "kind"),
        (lambda: (nn.Linear(784, 10), ["2.3"]), "kind"),
        (lambda: (nn.Linear(784, 1), [2.3]), "shape"),
    ],
)
def test_what_is_no_training_is_told(returned, key):
    answer = Counted(lambda images, labels: returned() if callable(returned) else returned)
    with pytest.raises(WrongError) as wrong:
        measure(answer, train_and_read, 0)
    assert wrong.value.key == key


def test_optimizers_are_watched_only_inside():
    with watch_optimizers() as built:
        pass
    paddle.optimizer.SGD(0.1, parameters=nn.Linear(2, 2).parameters())
    assert built == []


@pytest.mark.parametrize(
    ("value", "is_list"),
    [
        ([1, 2.0, np.float32(3)], True),
        ([paddle.ones([1])], True),
        ([np.ones(2)], False),
        ([], False),
        ("12", False),
        (None, False),
    ],
)
def test_lists_of_numbers(value, is_list):
    assert is_list_of_numbers(value) == is_list


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: nn.Linear(2, 2), "nn.Layer"),
        (lambda: (nn.Linear(2, 2), [1.0, "a"]), "(nn.Layer, list of float and str)"),
        (lambda: [], "()"),
        (lambda: 2.5, "float"),
    ],
)
def test_kinds_in_words(value, words):
    assert kind_in_words(value()) == words
