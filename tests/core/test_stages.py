"""The table of stages: recipes, names, networks."""

from __future__ import annotations

import pytest
from paddle import nn

from paddle_mnist.core.augmentation import RandomAffine, RandomWriting, build_augmentation
from paddle_mnist.core.config import configure
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.optimizers import OPTIMIZERS, SCHEDULES
from paddle_mnist.core.stages import (
    AUGMENTATIONS,
    STAGES,
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


def test_augmentations_are_built_by_their_names():
    assert list(AUGMENTATIONS) == ["none", "affine", "writing"]
    assert build_augmentation("none") is None
    assert build_augmentation("affine") == RandomAffine()
    assert build_augmentation("writing") == RandomWriting()


def test_every_stages_augmentation_exists():
    assert {stage.augment for stage in STAGES.values()} <= set(AUGMENTATIONS)
