"""The weights that ship: whole, small, of the stages they name, and as good as they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddle_mnist.checkpoint import MODEL
from paddle_mnist.data import load_mnist
from paddle_mnist.errors import UsageError
from paddle_mnist.infer import Recognizer
from paddle_mnist.measurement import measure_pictures, measure_test_images
from paddle_mnist.shipped import SHIPPED, shipped_run
from paddle_mnist.stages import STAGES, configure

HANDWRITING = Path(__file__).resolve().parents[2] / "shared" / "data" / "handwriting"


def test_all_together_are_small():
    assert sum((shipped_run(stage) / MODEL).stat().st_size for stage in SHIPPED) < 8_000_000


@pytest.mark.parametrize("stage", SHIPPED)
def test_they_load_and_say_where_they_come_from(stage):
    recognizer = Recognizer.load(shipped_run(stage))  # refuses another hash, or other shapes
    record = recognizer.record
    assert recognizer.stage == record["stage"] == stage
    assert record["parameters"] == STAGES[stage].parameters
    assert record["config"] == vars(configure(stage))
    assert len(record["history"]) == STAGES[stage].epochs
    assert record["data"]["is_mnist"]
    assert record["data"]["path"] == "MNIST"  # and no folder of somebody's machine


@pytest.mark.parametrize("stage", SHIPPED)
def test_nobody_can_go_on_from_them(stage):
    assert sorted(path.name for path in shipped_run(stage).iterdir()) == [MODEL, "run.json"]


@pytest.mark.skipif(
    "PADDLE_MNIST_DATA" not in os.environ, reason="PADDLE_MNIST_DATA names no folder with MNIST"
)
@pytest.mark.parametrize("stage", SHIPPED)
def test_they_read_mnist_as_well_as_they_say(stage):
    recognizer = Recognizer.load(shipped_run(stage))
    measured = measure_test_images(recognizer, load_mnist(validation=0.0)).as_json()
    # Another processor may round another way, and a digit on the edge may fall.
    assert measured["correct"] == pytest.approx(recognizer.record["test"]["correct"], abs=2)


@pytest.mark.skipif(not HANDWRITING.exists(), reason="there is no real handwriting beside")
@pytest.mark.parametrize(
    ("stage", "overall", "mean_of_sources"), [("best", 0.97, 0.98), ("cnn", 0.96, 0.9)]
)
def test_they_read_real_handwriting(stage, overall, mean_of_sources):
    recognizer = Recognizer.load(shipped_run(stage))
    measured = measure_pictures(recognizer, HANDWRITING).as_json()
    assert measured["count"] == 691
    assert measured["accuracy"] >= overall
    assert measured["mean_of_sources"] >= mean_of_sources


def test_a_stage_that_does_not_ship_is_named():
    with pytest.raises(UsageError, match=r"'tuned-cnn' ship.* --stage tuned-cnn"):
        shipped_run("tuned-cnn")


def test_a_stage_that_does_not_exist_is_not_to_be_trained():
    with pytest.raises(UsageError, match=r"^unknown stage 'nosuch'; .*the stages are: linear, "):
        shipped_run("nosuch")
