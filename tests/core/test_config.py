"""How a stage's defaults and what is asked for become a configuration."""

from __future__ import annotations

import dataclasses
import math

import pytest

from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import (
    STAGES,
)
from paddle_mnist.system.errors import UsageError


@pytest.mark.parametrize("name", STAGES)
def test_a_configuration_has_the_stages_defaults(name):
    stage, config = STAGES[name], configure(name)
    assert (config.stage, config.data, config.seed, config.device) == (name, "auto", 0, "auto")
    assert config.threads == 1
    for field in ("epochs", "batch_size", "learning_rate", "optimizer", "schedule", "augment",
                  "early_stopping", "best_weights", "validation", "label_smoothing"):  # fmt: skip
        assert getattr(config, field) == getattr(stage, field), field


@pytest.mark.parametrize(
    "change",
    [
        {"data": "sample"},
        {"epochs": 7},
        {"batch_size": 1},
        {"learning_rate": 0.5},
        {"schedule": "plateau"},
        {"augment": "writing"},
        {"early_stopping": 3},
        {"best_weights": True},
        {"label_smoothing": 0.1},
        {"validation": 0.25},
        {"seed": 2**32 - 1},
        {"device": "cpu"},
        {"threads": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_default_can_be_changed_alone(change):
    assert configure("mlp", **change) == dataclasses.replace(configure("mlp"), **change)
    assert configure("mlp", **change) != configure("mlp")


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_label_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(UsageError, match="label smoothing"):
        configure("cnn", label_smoothing=smoothing)


def test_the_linear_stage_has_no_labels_to_smooth():
    with pytest.raises(UsageError, match="no labels to smooth"):
        configure("linear", label_smoothing=0.1)


def test_false_and_0_are_changes_and_none_is_not():
    changed = configure("tuned-cnn", augment="none", validation=0.0, epochs=None, seed=None)
    expected = dataclasses.replace(configure("tuned-cnn"), augment="none", validation=0.0)
    assert changed == expected


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_another_optimizer_brings_its_own_rate(name):
    own = STAGES["dropout-cnn"].learning_rate if name == "adadelta" else None
    config = configure("dropout-cnn", optimizer=name)
    assert config.optimizer == name
    assert config.learning_rate == (own or OPTIMIZERS[name].learning_rate)
    assert configure("dropout-cnn", optimizer=name, learning_rate=0.123).learning_rate == 0.123


def test_the_stages_own_optimizer_keeps_the_stages_rate():
    assert configure("cnn", optimizer="adam").learning_rate == STAGES["cnn"].learning_rate


@pytest.mark.parametrize(
    "change, words",
    [
        ({"epochs": 0}, ["epochs is 0", "1 or more"]),
        ({"epochs": -3}, ["epochs is -3", "1 or more"]),
        ({"batch_size": 0}, ["batch size is 0", "1 or more"]),
        ({"threads": 0}, ["threads is 0", "1 or more"]),
        ({"learning_rate": 0.0}, ["learning rate is 0.0", "above 0"]),
        ({"learning_rate": -1.0}, ["learning rate is -1.0", "above 0"]),
        ({"learning_rate": math.nan}, ["learning rate is nan"]),
        ({"learning_rate": math.inf}, ["learning rate is inf"]),
        ({"seed": -1}, ["seed is -1", "from 0 to 4294967295"]),
        ({"seed": 2**32}, ["seed is 4294967296", "from 0 to 4294967295"]),
        ({"validation": -0.1}, ["validation share is -0.1", "from 0 to 0.5"]),
        ({"validation": 0.6}, ["validation share is 0.6", "from 0 to 0.5"]),
        ({"validation": math.nan}, ["validation share is nan", "from 0 to 0.5"]),
        ({"optimizer": "adamw"}, ["unknown optimizer 'adamw'", ", ".join(OPTIMIZERS)]),
        ({"schedule": "cosine"}, ["unknown schedule 'cosine'", ", ".join(SCHEDULES)]),
    ],
)
def test_bad_values_are_refused_with_what_is_allowed(change, words):
    with pytest.raises(UsageError) as error:
        configure("cnn", **change)
    for word in words:
        assert word in str(error.value)


def test_a_configuration_cannot_be_changed_afterwards():
    config = configure("cnn")
    assert isinstance(config, Config)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.epochs = 3


def test_an_unknown_augmentation_is_refused_with_what_is_allowed():
    with pytest.raises(UsageError, match="unknown augmentation 'afine'; allowed: none, affine"):
        configure("cnn", augment="afine")
