"""The command `import-weights`: a run from another course's file, or a clear refusal."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from paddle_mnist import evaluate, import_weights, predict, train
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.formats.fitting import fit_to_stage
from paddle_mnist.formats.pdparams import write_pdparams
from paddle_mnist.runs.folder import Tensors, load_record, save_run
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.state import load_weights, weights_of
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.runtime import set_seed

WORK = Path(__file__).parents[1] / "work"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch, tmp_path):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys):
    """A function that runs the command and returns (exit code, output, errors)."""

    def run_import(*words):
        code = import_weights.main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return run_import


def used_weights(stage: str, seed: int = 0) -> Tensors:
    """Weights of an untrained network, whose running averages are not the first."""
    random = set_seed(seed)
    weights = weights_of(build_network(stage))
    for name, array in weights.items():
        if name.endswith(("_mean", "_variance")):
            weights[name] = random.uniform(0.5, 1.5, array.shape).astype(np.float32)
    return weights


def outputs_of(weights: Tensors, stage: str, images: np.ndarray) -> np.ndarray:
    network = build_network(stage)
    load_weights(network, weights)
    return Recognizer(network, stage).outputs(images)


def renamed(weights: Tensors, style: str) -> Tensors:
    """The same weights as another course would have named them."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in weights))
    short = {"weight": "w_0", "bias": "b_0", "_mean": "w_1", "_variance": "w_2"}
    found = {}
    for name, array in weights.items():
        layer, _, part = name.rpartition(".")
        number = layers.index(layer)
        new = f"layer_{number}.{short[part]}" if style == "inside" else f"net.block{number}.{part}"
        found[new] = array
    return found


@pytest.mark.parametrize("names", ["equal", "shuffled", "in a state_dict", "inside"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_round_trip_gives_the_same_outputs(tmp_path, run, stage, names):
    images = load_mnist("sample").test.images[:5]
    weights = used_weights(stage)
    file, folder = tmp_path / "other.pdparams", tmp_path / "run"
    written = weights if names in ("equal", "shuffled") else renamed(weights, names)
    if names == "shuffled":
        written = dict(reversed(weights.items()))
    write_pdparams(file, written)
    code, text, errors = run(file, "--stage", stage, "-o", folder)
    assert (code, errors) == (0, "")
    assert ("order and shapes decided" in text) == (names not in ("equal", "shuffled"))
    recognizer = Recognizer.load(folder)
    found = weights_of(recognizer.network)
    for name, array in weights.items():
        np.testing.assert_array_equal(found[name], array)
    np.testing.assert_array_equal(recognizer.outputs(images), outputs_of(weights, stage, images))


def test_the_record_says_where_it_came_from(tmp_path, run):
    file = tmp_path / "other.pdparams"
    write_pdparams(file, used_weights("linear"))
    code, text, _errors = run(file, "--stage", "linear")
    assert code == 0
    assert "what these weights were trained on is not known" in text
    record = load_record(tmp_path / "runs" / "linear-imported")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert record["imported"] == {"file": "other.pdparams", "sha256": sha256}
    assert record["data"]["kind"] == "unknown"
    assert record["history"] == []
    assert record["test"] is None


def test_the_other_commands_take_it(tmp_path, run, capsys):
    write_pdparams(tmp_path / "other.pdparams", used_weights("cnn"))
    assert run("other.pdparams", "--stage", "cnn")[0] == 0
    folder = tmp_path / "runs" / "cnn-imported"
    assert evaluate.main(["--run", str(folder), "--data", "sample", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 1000
    picture = shutil.copy(WORK / "example_0.jpg", tmp_path)
    assert predict.main(["--run", str(folder), "--json", str(picture)]) == 0
    assert json.loads(capsys.readouterr().out)[0]["digit"] in range(10)


def test_it_cannot_be_resumed(tmp_path, run, capsys):
    write_pdparams(tmp_path / "other.pdparams", used_weights("linear"))
    assert run("other.pdparams", "--stage", "linear", "-o", "run")[0] == 0
    words = ["--stage", "linear", "--data", "sample", "--out", "run", "--resume"]
    assert train.main(words) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert "holds weights only" in errors


def test_an_import_is_replaced_and_a_trained_run_is_not(tmp_path, run):
    file = tmp_path / "other.pdparams"
    for seed in (1, 2):
        write_pdparams(file, used_weights("linear", seed))
        assert run(file, "--stage", "linear", "-o", "run")[0] == 0
    found = weights_of(Recognizer.load(tmp_path / "run").network)
    np.testing.assert_array_equal(
        found["neuron.weight"], used_weights("linear", 2)["neuron.weight"]
    )
    record = {"stage": "linear", "config": {}, "data": {}, "history": [{}]}
    save_run(tmp_path / "trained", record, used_weights("linear", 3), {})
    before = (tmp_path / "trained" / "model.safetensors").read_bytes()
    code, _, errors = run(file, "--stage", "linear", "-o", "trained")
    assert code == 2
    assert "holds a run that was trained" in errors
    assert (tmp_path / "trained" / "model.safetensors").read_bytes() == before


def test_a_file_with_a_function_in_it_makes_no_run(tmp_path, run):
    file = tmp_path / "bad.pdparams"
    file.write_bytes(pickle.dumps({**used_weights("linear"), "more": os.mkdir}, protocol=4))
    code, _, errors = run(file, "--stage", "linear", "-o", "run")
    assert code == 2
    assert "mkdir" in errors
    assert "nothing that it names was called" in errors
    assert not (tmp_path / "run").exists()


def test_usage_errors_are_told(tmp_path, run):
    code, _, errors = run("missing.pdparams", "--stage", "cnn")
    assert code == 2
    assert "there is no such file" in errors
    code, _, errors = run("missing.pdparams", "--stage", "cnm")
    assert code == 2
    assert "did you mean 'cnn'?" in errors
    write_pdparams(tmp_path / "other.pdparams", used_weights("linear"))
    code, _, errors = run("other.pdparams", "--stage", "linear", "-o", "other.pdparams")
    assert code == 2
    assert "other.pdparams" in errors


# Weights that do not fit


def refusal(weights: Tensors, stage: str) -> str:
    with pytest.raises(RunError) as error:
        fit_to_stage(weights, stage)
    return str(error.value)


def without(weights: Tensors, *names: str) -> Tensors:
    return {name: array for name, array in weights.items() if name not in names}


def test_weights_of_another_stage_are_listed():
    text = refusal(used_weights("linear"), "mlp")
    assert "not those of stage 'mlp'" in text
    assert "expected hidden.weight [784, 512], found neuron.weight [784, 1]" in text
    assert "expected output.bias [10], found nothing" in text
    text = refusal(used_weights("mlp"), "linear")
    assert "expected nothing more, found output.bias [10]" in text
    assert len(refusal(used_weights("tuned-cnn"), "linear")) < 800  # not all of its 22 entries


@pytest.mark.parametrize("style", [None, "in a state_dict"])
def test_transposed_weights_are_named(style):
    weights = used_weights("mlp")
    weights["hidden.weight"] = weights["hidden.weight"].T
    text = refusal(renamed(weights, style) if style else weights, "mlp")
    assert "expected hidden.weight [784, 512], found" in text
    assert "[512, 784] (transposed)" in text
    assert "output.weight" not in text


def test_missing_weights_are_named():
    text = refusal(without(used_weights("mlp"), "output.bias"), "mlp")
    assert text.endswith("expected output.bias [10], found nothing")


def test_order_does_not_decide_against_the_names_of_parts():
    # In the order of the alphabet all shapes of batch normalisation stay the same.
    weights = renamed(used_weights("cnn"), "in a state_dict")
    swapped = list(weights)
    first, second = (swapped.index(f"net.block1.{part}") for part in ("weight", "_mean"))
    swapped[first], swapped[second] = swapped[second], swapped[first]
    text = refusal({name: weights[name] for name in swapped}, "cnn")
    assert "expected features.2.weight [8], found net.block1._mean [8]" in text
    assert "expected features.2._mean [8], found net.block1.weight [8]" in text


def test_order_does_not_decide_where_names_of_parts_are_unknown():
    weights = {f"p{number}": array for number, array in enumerate(used_weights("cnn").values())}
    assert "expected features.2.weight [8], found p1 [8]" in refusal(weights, "cnn")


def test_a_layer_is_not_torn_apart():
    weights = renamed(used_weights("deep-cnn"), "in a state_dict")
    # The biases of two layers of 64 channels are exchanged: shapes and parts still fit.
    order = list(weights)
    first, second = order.index("net.block1.bias"), order.index("net.block2.bias")
    order[first], order[second] = order[second], order[first]
    text = refusal({name: weights[name] for name in order}, "deep-cnn")
    assert "found net.block2.bias [64]" in text


def test_numbers_of_other_kinds():
    weights = used_weights("linear")
    for kind in (np.float16, np.float64):
        changed = {name: array.astype(kind) for name, array in weights.items()}
        found = fit_to_stage(changed, "linear")
        for name, array in weights.items():
            assert found[name].dtype == np.float32
            np.testing.assert_allclose(found[name], array, rtol=1e-2, atol=1e-6)
    for kind in (np.int64, np.uint16, np.bool_):
        changed = {name: array.astype(kind) for name, array in weights.items()}
        assert "expected float32" in refusal(changed, "linear")
    for value in (np.nan, np.inf, 1e300):
        changed = {**weights, "neuron.bias": np.array([value])}
        assert "neuron.bias hold values that are not numbers" in refusal(changed, "linear")
