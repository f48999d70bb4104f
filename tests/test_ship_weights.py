"""The script that puts runs into the package: in 16 bits only where nothing is lost by it."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.core.loop import Evaluation
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import Split, fingerprint, load_mnist
from paddle_mnist.runs.folder import Run, load_record, save_run
from paddle_mnist.runs.state import weights_of
from paddle_mnist.system.errors import RunError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script():
    place = ROOT / "scripts" / "ship_weights.py"
    spec = importlib.util.spec_from_file_location("ship_weights", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shipping(script, tmp_path, monkeypatch):
    """A function: ship a linear run with these weights, of the sample; returns folder and kinds."""
    monkeypatch.setenv("PADDLE_MNIST_DATA", "sample")
    sample = load_mnist("sample", validation=0.0)

    def ship(weight: np.ndarray, **changes) -> tuple[Path, dict[str, str]]:
        model = {"neuron.weight": weight, "neuron.bias": np.ones(1, np.float32)}
        correct = script.measure("linear", model, sample.test).correct
        config = dataclasses.asdict(configure("linear", data=str(tmp_path), epochs=1, seed=4))
        record = {
            "stage": "linear",
            "config": config,
            "data": {
                "path": str(tmp_path),
                "is_mnist": False,
                "fingerprint": fingerprint(sample.train, sample.validation, sample.test),
            },
            "history": [{"epoch": 1, "losses": [3.0, 2.0]}],
            "random": {"numpy": 1},
            "test": {"accuracy": correct / 1000, "correct": correct, "count": 1000},
            **changes,
        }
        save_run(tmp_path / "run", record, model, {})
        target = script.ship(tmp_path / "run", tmp_path / "weights")
        tensors = Run.load(target).tensors(script.MODEL)
        return target, {name: str(array.dtype) for name, array in tensors.items()}

    return ship


def weight(value: float) -> np.ndarray:
    return np.full((784, 1), value, np.float32)


def test_what_16_bits_hold_is_stored_in_them(shipping):
    target, kinds = shipping(weight(2.0**-6))
    assert kinds == {"neuron.weight": "float16", "neuron.bias": "float16"}
    record = load_record(target)
    assert (record["stored_as"], record["largest_change"]) == ("float16", 0.0)
    np.testing.assert_array_equal(Run(target, record).model()["neuron.weight"], weight(2.0**-6))


def test_what_16_bits_do_not_hold_is_stored_as_it_is(shipping):
    # Near 1 they hold steps of 0.001; a digit's ink is worth some hundred pixels.
    target, kinds = shipping(weight(1 + 2.0**-12))
    assert kinds == {"neuron.weight": "float32", "neuron.bias": "float32"}
    record = load_record(target)
    assert (record["stored_as"], record["largest_change"]) == ("float32", 0.0)
    np.testing.assert_array_equal(
        Run(target, record).model()["neuron.weight"], weight(1 + 2.0**-12)
    )


def test_numbers_too_large_for_16_bits_are_stored_as_they_are(shipping):
    assert set(shipping(weight(1e6))[1].values()) == {"float32"}


def test_nothing_of_the_machine_and_of_the_state_is_taken(shipping, tmp_path):
    target, _kinds = shipping(weight(2.0**-6))
    record = load_record(target)
    assert str(tmp_path) not in (target / "run.json").read_text()
    assert record["shipped"] is True
    assert record["history"] == [{"epoch": 1}]
    assert "random" not in record
    assert record["command"] == ("python -m paddle_mnist.train --stage linear --epochs 1 --seed 4")
    assert sorted(path.name for path in target.iterdir()) == ["model.safetensors", "run.json"]


def test_a_run_on_other_data_is_refused(shipping):
    with pytest.raises(RunError, match="was not trained on the MNIST that is here"):
        shipping(weight(2.0**-6), data={"fingerprint": "another"})


def test_weights_that_read_otherwise_than_the_record_says_are_refused(shipping):
    with pytest.raises(RunError, match="its record says 2,000; train it again"):
        shipping(weight(2.0**-6), test={"accuracy": 2.0, "correct": 2000, "count": 1000})


def test_the_hashes_are_those_of_all_of_mnist_only(script, tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLE_MNIST_DATA", "sample")
    with pytest.raises(RunError, match="does not hold MNIST; name it in PADDLE_MNIST_DATA"):
        script.write_seen_of_mnist(tmp_path / "hashes.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_changes_are_those_of_probabilities(script):
    logits = np.array([[0, 0] + [-50] * 8, [3] + [0] * 9], np.float32)
    others = logits.copy()
    others[0, 0] = np.log(3)  # from one half to three quarters
    assert script.largest_change(logits, others) == pytest.approx(0.25)
    assert script.largest_change(logits, logits + 5) == pytest.approx(0, abs=1e-6)
    # The linear stage has none: its number itself.
    assert script.largest_change(np.array([[7.0]]), np.array([[7.5]])) == 0.5


def test_every_digit_must_be_the_same(script):
    logits = np.eye(10, dtype=np.float32)
    assert script.same_digits(logits, logits * 2)
    assert not script.same_digits(logits, logits[::-1])
    assert script.same_digits(np.array([[3.2]]), np.array([[3.4]]))
    assert not script.same_digits(np.array([[3.4]]), np.array([[3.6]]))
    assert not script.same_digits(np.array([[2.99]]), np.array([[3.01]]))  # truncated


def test_running_averages_and_small_weights_may_stay_as_they_are(script):
    model = weights_of(build_network("cnn"))
    sizes = {name: array.size for name, array in model.items()}
    for smallest in (1, 10_000):
        kinds = {name: array.dtype for name, array in script.in_half(model, smallest).items()}
        for name, kind in kinds.items():
            full = name.endswith(("_mean", "_variance")) or sizes[name] < smallest
            assert kind == (np.float32 if full else np.float16), name
        assert set(kinds.values()) == {np.dtype("float16"), np.dtype("float32")}


def test_only_large_weights_are_rounded_where_all_would_lose(script, monkeypatch):
    def measure(_stage, weights, _test):
        # The bias counts, the weight does not.
        outputs = np.zeros((1, 10), np.float32)
        outputs[0, 0] = 1000 * (weights["output.bias"][0] - 0.3)  # 16 bits hold 0.30005
        return Evaluation(0.0, 1.0, 1, 1, outputs)

    monkeypatch.setattr(script, "measure", measure)
    model = {
        "hidden.weight": np.full((784, 512), 0.1, np.float32),
        "output.bias": np.full(10, 0.3, np.float32),
    }
    test = Split(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64))
    found, kind, change, _evaluation = script.stored("mlp", model, test)
    assert (kind, change) == ("float16", 0.0)
    assert {name: str(array.dtype) for name, array in found.items()} == {
        "hidden.weight": "float16",
        "output.bias": "float32",
    }


def test_a_network_of_smoothed_labels_gets_the_temperature_that_fits(script, monkeypatch):
    # Half as sure as it should be: labels are drawn from the softmax of twice the logits.
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 10))
    exponentials = np.exp(2 * logits)
    chances = exponentials / exponentials.sum(axis=1, keepdims=True)
    labels = np.array([random.choice(10, p=row) for row in chances])
    monkeypatch.setattr(
        script, "measure", lambda *_: Evaluation(0.0, 1.0, 1, 1, logits.astype(np.float32))
    )
    model = weights_of(build_network("mlp"))
    before = {name: array.copy() for name, array in model.items()}
    split = Split(np.zeros((len(labels), 28, 28), np.uint8), labels)
    temperature = script.cool("mlp", model, split)
    assert temperature == pytest.approx(0.5, rel=0.03)
    for name, array in model.items():
        factor = 1 / temperature if name.startswith("output.") else 1
        np.testing.assert_allclose(array, before[name] * factor, rtol=1e-6)
        assert array.dtype == np.float32
