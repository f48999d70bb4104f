"""The table of stages, and how defaults and overrides become a configuration."""

from __future__ import annotations

import dataclasses
import math

import pytest
from paddle import nn

from paddle_mnist.core.augmentation import RandomAffine, RandomWriting
from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import (
    AUGMENTATIONS,
    STAGES,
    build_augmentation,
    build_network,
    find_stage,
)
from paddle_mnist.system.errors import UsageError


def test_the_stages_are_the_rungs_of_the_ladder_in_order():
    assert list(STAGES) == ["linear", "mlp", "cnn", "deep-cnn", "dropout-cnn", "tuned-cnn",
                            "tiny", "best"]  # fmt: skip


def test_the_recipes_are_the_published_ones():
    # The learning rate of mlp and deep-cnn rises and falls; published is a constant one.
    constant = {"schedule": "constant", "learning_rate": 0.001}
    configs = {
        "linear": configure("linear"),
        "mlp": configure("mlp", **constant),
        "deep-cnn": configure("deep-cnn", **constant),
        "dropout-cnn": configure("dropout-cnn"),
        "tuned-cnn": configure("tuned-cnn"),
    }
    recipes = {
        name: (
            STAGES[name].loss,
            config.optimizer,
            config.learning_rate,
            config.batch_size,
            config.epochs,
        )
        for name, config in configs.items()
    }
    assert recipes == {
        "linear": ("square_error", "sgd", 0.001, 16, 10),
        "mlp": ("cross_entropy", "rmsprop", 0.001, 128, 5),
        "deep-cnn": ("cross_entropy", "rmsprop", 0.001, 128, 10),
        "dropout-cnn": ("cross_entropy", "adadelta", 1.0, 128, 10),
        "tuned-cnn": ("cross_entropy", "adam", 0.001, 64, 50),
    }
    tuned = STAGES["tuned-cnn"]
    assert (tuned.augment, tuned.schedule, tuned.early_stopping) == ("affine", "plateau", 10)
    assert tuned.best_weights


@pytest.mark.parametrize("name", STAGES)
def test_every_name_in_the_table_exists(name):
    stage = STAGES[name]
    assert stage.loss in LOSSES
    assert stage.optimizer in OPTIMIZERS
    assert stage.schedule in SCHEDULES
    network = build_network(name)
    assert isinstance(network, nn.Layer)
    assert type(network).__name__ == stage.network.split(":")[1]


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
    "name, nearest",
    [
        ("deepcnn", "deep-cnn"),
        ("linaer", "linear"),
        ("CNN", "cnn"),
        ("MLP", "mlp"),
        ("droput-cnn", "dropout-cnn"),
        ("tuned_cnn", "tuned-cnn"),
    ],
)
def test_an_unknown_stage_names_the_nearest_one_and_lists_all(name, nearest):
    for function in (find_stage, configure, build_network):
        with pytest.raises(UsageError) as error:
            function(name)
        text = str(error.value)
        assert f"unknown stage {name!r}" in text
        assert f"did you mean {nearest!r}" in text
        assert ", ".join(STAGES) in text


@pytest.mark.parametrize("name", ["", "zzzz"])
def test_a_stage_like_no_other_gets_the_list_alone(name):
    with pytest.raises(UsageError) as error:
        find_stage(name)
    assert "did you mean" not in str(error.value)
    assert ", ".join(STAGES) in str(error.value)


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


def test_augmentations_are_built_by_their_names():
    assert list(AUGMENTATIONS) == ["none", "affine", "writing"]
    assert build_augmentation("none") is None
    assert build_augmentation("affine") == RandomAffine()
    assert build_augmentation("writing") == RandomWriting()


def test_every_stages_augmentation_exists():
    assert {stage.augment for stage in STAGES.values()} <= set(AUGMENTATIONS)


def test_an_unknown_augmentation_is_refused_with_what_is_allowed():
    with pytest.raises(UsageError, match="unknown augmentation 'afine'; allowed: none, affine"):
        configure("cnn", augment="afine")
