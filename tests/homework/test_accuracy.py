"""Answers that train: what is read where they are, and what is told about it."""

from __future__ import annotations

import numpy as np
import pytest
from paddle import nn

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.homework.accuracy import (
    Goal,
    expect_accuracy,
    expect_network,
    expect_no_convolution,
    expect_parameters,
    train_and_read,
    training_images,
)
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.conversion import copy_for_checks as received
from paddle_mnist.homework.conversion import tensor
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.outcome import WrongError

EXERCISE = find_exercise("3-5")
GOALS = {"mnist": Goal(0.98, 0.98), "sample": Goal(0.9, 0.85)}


@pytest.fixture(scope="module")
def sample():
    return load_mnist("sample")


def key_of(function, *arguments):
    """The key that a check ends with; None: it finds nothing wrong."""
    try:
        function(Answer(EXERCISE), *arguments)
    except WrongError as wrong:
        return wrong.key
    return None


def test_it_reads_what_the_network_reads(sample):
    networks = []

    def answer(images, labels):
        assert images.shape == (3500, 28, 28)
        assert labels.shape == (3500,)
        networks.append(nn.Linear(784, 10))
        return networks[-1]

    found = train_and_read(answer, sample)
    for name, split in (
        ("test_accuracy", sample.test),
        ("accuracy", sample.validation),
        ("seen_accuracy", sample.train.take(slice(1000))),
    ):
        digits = networks[0](norm_img(split.images)).numpy().argmax(axis=1)
        assert found[name] == (digits == split.labels).mean()
    assert found["parameters"] == 7850
    assert key_of(expect_network, received(found)) is None
    again = train_and_read(answer, sample)
    assert found == {**again, "seconds": found["seconds"], "outputs": found["outputs"]}
    assert np.array_equal(found["outputs"], again["outputs"])


def test_dropout_is_off_and_running_averages_count(sample):
    def answer(images, labels):
        assert np.bincount(labels).tolist() == [5] * 10
        return nn.Sequential(nn.Linear(784, 6), nn.BatchNorm1D(6), nn.Dropout(), nn.Linear(6, 10))

    found = train_and_read(answer, sample, 5)
    assert found["parameters"] == 784 * 6 + 6 + 4 * 6 + 6 * 10 + 10


def test_the_chosen_images_are_the_first_of_each_digit(sample):
    chosen = training_images(sample, 3)
    for digit in range(10):
        first = sample.train.images[sample.train.labels == digit][:3]
        assert np.array_equal(chosen.images[chosen.labels == digit], first)


class TwoOutputs(nn.Linear):
    def forward(self, images):
        return super().forward(images), images


@pytest.mark.parametrize(
    ("returned", "key"),
    [
        (lambda: None, "nothing"),
        (lambda: [nn.Linear(784, 10)], "no_network"),
        (lambda: nn.Linear(196, 10), "other_input"),
        (lambda: nn.Linear(784, 1), "other_outputs"),
        (lambda: TwoOutputs(784, 10), "other_outputs"),
    ],
)
def test_what_is_no_reader_is_told(returned, key, sample):
    found = train_and_read(lambda images, labels: returned(), sample, 1)
    assert key_of(expect_network, received(found)) == key


def test_probabilities_and_useless_numbers_are_told():
    found = {"is_network": True, "accuracy": 0.5, "seen_accuracy": 0.5}
    found.update(parameters=10, seconds=1.0)
    outputs = {
        "probabilities": np.full((5, 10), 0.1),
        "not_finite": np.full((5, 10), np.nan),
        None: np.full((5, 10), -1.0),
    }
    for key, values in outputs.items():
        assert key_of(expect_network, {**found, "outputs": tensor(values)}) == key


def test_the_budget_includes_its_last_parameter():
    assert key_of(expect_parameters, {"parameters": 100}, 100) is None
    assert key_of(expect_parameters, {"parameters": 101}, 100) == "too_many_parameters"


def test_a_convolution_is_found_by_its_type_and_not_by_the_learners_name(sample):
    class Convoy(nn.Layer):
        pass

    class Own(nn.Conv2D):
        pass

    def layers(network):
        return train_and_read(lambda images, labels: network, sample, 1)

    assert key_of(expect_no_convolution, layers(Convoy())) is None
    assert key_of(expect_no_convolution, layers(nn.Sequential(Own(1, 2, 3)))) == "convolution"


@pytest.mark.parametrize(
    ("accuracy", "key"),
    [
        (0.1, "nothing_learned"),
        (0.79, "far_below"),
        (0.81, "nearly_there"),
        (0.899, "nearly_there"),
        (0.9, None),
    ],
)
def test_the_goal_is_that_of_the_data(accuracy, key):
    found = {"accuracy": accuracy, "seen_accuracy": 1.0, "test_accuracy": 0.85, "data": "sample"}
    assert key_of(expect_accuracy, found, GOALS) == key
    if accuracy > 0.2:
        assert key_of(expect_accuracy, {**found, "data": "mnist"}, GOALS) == "far_below"


def test_the_test_images_are_looked_at_last():
    found = {"seen_accuracy": 1.0, "data": "sample"}
    for accuracy, test, key in ((0.89, 0.9, "nearly_there"), (0.9, 0.84, "only_validation")):
        measured = {**found, "accuracy": accuracy, "test_accuracy": test}
        assert key_of(expect_accuracy, measured, GOALS) == key
    answer = Answer(EXERCISE)
    expect_accuracy(answer, {**found, "accuracy": 0.9, "test_accuracy": 0.85}, GOALS)
    assert answer.notes == [("test", {"accuracy": 0.85})]
