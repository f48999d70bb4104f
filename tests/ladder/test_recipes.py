"""Recipes: which trainings may stand in one row."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_mnist.core.stages import STAGES
from paddle_mnist.data import fingerprint, load_mnist
from paddle_mnist.ladder.recipes import check_same_data, same_recipe
from paddle_mnist.ladder.rows import ROWS
from paddle_mnist.system.errors import UsageError


def test_a_recipe_is_the_configuration_the_network_and_the_data(wanted):
    assert list(wanted) == list(ROWS)
    recipe = wanted["deep-cnn --schedule constant"]
    stage = STAGES["deep-cnn"]
    assert recipe["stage"] == "deep-cnn"
    assert recipe["schedule"] == "constant"
    assert (recipe["epochs"], recipe["parameters"]) == (stage.epochs, stage.parameters)
    assert not {"seed", "device", "threads"} & set(recipe)
    sample = load_mnist("sample", validation=0.0)
    assert recipe["data"] == {
        "is_mnist": False,
        "train": 4000,
        "validation": 0,
        "test": 1000,
        "fingerprint": fingerprint(sample.train, sample.validation, sample.test),
    }
    assert wanted["tuned-cnn"]["data"]["validation"] == 600  # 15%


@pytest.mark.parametrize(
    ("row", "change", "same"),
    [
        ("mlp", {}, True),
        ("mlp", {"learning_rate": 0.002}, False),
        ("mlp", {"schedule": "constant"}, False),
        ("mlp", {"parameters": 407_051}, False),
        ("mlp", {"validation": None}, False),  # 5,000 images, and not 0
        ("mlp", {"epochs": 4}, False),
        ("tuned-cnn", {"epochs": 12}, True),  # a limit only
        ("tuned-cnn", {"epochs": 60}, False),
        ("mlp", {"averaging": None}, True),
        ("mlp", {"averaging": 0.0}, True),
        ("mlp", {"averaging": ""}, True),
        ("mlp", {"averaging": 0.999}, False),
    ],
)
def test_recipes_are_the_same_where_their_trainings_may_be_compared(wanted, row, change, same):
    assert same_recipe({**wanted[row], **change}, wanted[row]) is same


def test_an_option_that_came_later_was_off_before(wanted):
    old = {name: value for name, value in wanted["mlp"].items() if name != "augment"}
    assert same_recipe(old, wanted["mlp"])
    assert not same_recipe(old, {**wanted["mlp"], "augment": "affine"})


def other_data(recipe, **changes):
    return {**recipe, "data": {**recipe["data"], **changes}}


@pytest.mark.parametrize(
    "change",
    [{"train": 3999}, {"test": 10_000}, {"is_mnist": True}, {"fingerprint": "0" * 64}],
)
def test_other_data_are_refused(wanted, change):
    found = other_data(wanted["mlp"], **change)
    with pytest.raises(UsageError, match="runs/x comes from other data.*--out.*--data"):
        check_same_data(Path("runs/x"), found, wanted["mlp"])


def test_the_same_data_divided_in_another_way_are_a_matter_of_the_recipe(wanted):
    found = other_data(wanted["mlp"], train=3500, validation=500, fingerprint="0" * 64)
    check_same_data(Path("runs/x"), {**found, "validation": None}, wanted["mlp"])
