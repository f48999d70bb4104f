"""The weights that ship: whole, small, of the stages they name, and as good as they say.

Nothing is trained here. The sample's images are taken from MNIST's training set, which all of these
weights have seen, so their accuracy on it is not a figure to quote, and `evaluate` refuses it. But
weights that read what they were trained on worse than MNIST's test images are not those that the
record is about, and this is known without MNIST.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from paddle_mnist.core.config import Config, configure
from paddle_mnist.core.stages import STAGES
from paddle_mnist.data import fingerprint, load_mnist
from paddle_mnist.measure.measurement import measure_pictures, measure_test_images
from paddle_mnist.runs.folder import MODEL, load_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import FOLDER, SEEN_OF_MNIST, SHIPPED, seen_of_mnist, shipped_run
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.train import _OPTIONS, build_parser

HANDWRITING = Path(__file__).resolve().parents[3] / "shared" / "data" / "handwriting"
needs_mnist = pytest.mark.skipif(
    "PADDLE_MNIST_DATA" not in os.environ, reason="PADDLE_MNIST_DATA names no folder with MNIST"
)


def test_the_order_is_that_of_the_stages():
    assert set(SHIPPED) <= set(STAGES)
    assert list(SHIPPED) == sorted(SHIPPED, key=list(STAGES).index)
    assert SHIPPED[-1] == "best"  # what is used where no stage is named
    assert {"linear", "mlp", "cnn"} < set(SHIPPED)


def test_nothing_else_ships():
    assert {path.name for path in FOLDER.iterdir()} == {*SHIPPED, SEEN_OF_MNIST.name}


def test_all_together_are_small():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert len(files) == 2 * len(SHIPPED) + 1
    assert sum(path.stat().st_size for path in files) < 8_000_000
    assert SEEN_OF_MNIST.stat().st_size < 481_000


@pytest.mark.parametrize("stage", SHIPPED)
def test_they_load_and_say_where_they_come_from(stage):
    recognizer = Recognizer.load(shipped_run(stage))  # refuses another hash, or other shapes
    record = recognizer.record
    assert recognizer.stage == record["stage"] == stage
    assert record["parameters"] == STAGES[stage].parameters
    assert record["data"]["is_mnist"]
    assert record["data"]["path"] == "MNIST"  # and no folder of somebody's machine
    texts = [value for value in record["config"].values() if isinstance(value, str)]
    assert not any(Path(text).is_absolute() for text in texts)
    assert len(record["data"]["fingerprint"]) == 64
    assert set(record["versions"]) == {"python", "paddle", "numpy"}
    epochs = [row["epoch"] for row in record["history"]]
    assert epochs == list(range(1, len(epochs) + 1))
    assert record["used_epoch"] in epochs
    assert len(epochs) == record["config"]["epochs"] or record["config"]["early_stopping"]
    assert record["seconds"] > 0
    assert record["test"]["count"] == 10_000
    assert record["test"]["accuracy"] == record["test"]["correct"] / 10_000


@pytest.mark.parametrize("stage", SHIPPED)
def test_their_command_asks_for_their_training(stage):
    record = load_record(shipped_run(stage))
    python, option, module, *words = shlex.split(record["command"])
    assert [python, option, module] == ["python", "-m", "paddle_mnist.train"]
    arguments = build_parser().parse_args(words)
    asked = {name: getattr(arguments, name) for name in _OPTIONS}
    assert configure(**asked) == Config(**record["config"])


@pytest.mark.parametrize("stage", SHIPPED)
def test_they_are_stored_as_they_say(stage):
    record = load_record(shipped_run(stage))
    tensors = safetensors.numpy.load_file(shipped_run(stage) / MODEL)
    kinds = {name: str(array.dtype) for name, array in tensors.items()}
    assert record["stored_as"] in kinds.values()
    assert set(kinds.values()) <= {"float32", record["stored_as"]}
    averages = [name for name in tensors if name.endswith(("._mean", "._variance"))]
    assert {kinds[name] for name in averages} <= {"float32"}
    assert 0 <= record["largest_change"] < 1e-3
    assert (record["largest_change"] > 0) == (record["stored_as"] == "float16")


@pytest.mark.parametrize("stage", SHIPPED)
def test_nobody_can_go_on_from_them(stage):
    assert sorted(path.name for path in shipped_run(stage).iterdir()) == [MODEL, "run.json"]


@needs_mnist
@pytest.mark.parametrize("stage", SHIPPED)
def test_they_read_mnist_as_well_as_they_say(stage):
    recognizer = Recognizer.load(shipped_run(stage))
    record = recognizer.record
    mnist = load_mnist(validation=record["config"]["validation"])
    parts = (mnist.train, mnist.validation, mnist.test)
    assert fingerprint(*parts) == record["data"]["fingerprint"]
    assert list(map(len, parts)) == [
        record["data"][name] for name in ("train", "validation", "test")
    ]
    measured = measure_test_images(recognizer, mnist)
    assert measured.note is None
    assert measured.as_json()["correct"] == record["test"]["correct"]
    assert measured.loss == pytest.approx(record["test"]["loss"], rel=1e-5)


@pytest.mark.parametrize("stage", SHIPPED)
def test_they_read_the_sample_about_as_well(stage):
    recognizer = Recognizer.load(shipped_run(stage))
    sample = load_mnist("sample").test
    right = [
        reading.digit == label
        for reading, label in zip(recognizer.read(sample.images), sample.labels)
    ]
    # A sanity check, and no figure: see above. One point, or as much as chance does to so few.
    accuracy = recognizer.record["test"]["accuracy"]
    chance = 3 * (accuracy * (1 - accuracy) / len(right)) ** 0.5
    assert np.mean(right) >= accuracy - max(0.01, chance)


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


def test_a_stage_that_does_not_ship_is_named(monkeypatch):
    monkeypatch.setattr("paddle_mnist.runs.shipped.SHIPPED", ("linear", "mlp"))
    with pytest.raises(UsageError, match=r"'tuned-cnn' ship.* --stage tuned-cnn"):
        shipped_run("tuned-cnn")


def test_a_stage_that_does_not_exist_is_not_to_be_trained():
    with pytest.raises(UsageError, match=r"^unknown stage 'nosuch'; .*the stages are: linear, "):
        shipped_run("nosuch")


def test_a_missing_file_of_hashes_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("paddle_mnist.runs.shipped.SEEN_OF_MNIST", tmp_path / "none.safetensors")
    with pytest.raises(RunError, match="none.safetensors cannot be read"):
        seen_of_mnist()
