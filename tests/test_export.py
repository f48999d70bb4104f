"""The command `export`: each format is checked before it is in its place, or nothing is."""

from __future__ import annotations

import hashlib
import json
import os
import sys

import numpy as np
import paddle
import pytest

from paddle_mnist import export
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.formats import export as formats
from paddle_mnist.formats.pdparams import read_pdparams
from paddle_mnist.runs.folder import save_run
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.runs.state import weights_of
from paddle_mnist.system import files
from paddle_mnist.system.runtime import set_seed

FORMATS = [
    pytest.param(
        "onnx",
        marks=pytest.mark.skipif(
            sys.version_info >= (3, 13),
            reason="paddle2onnx does not exist for this version of Python",
        ),
    ),
    "paddle",
    "pdparams",
]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")


@pytest.fixture
def run_of(tmp_path):
    """A function: save an untrained run of a stage, whose running averages are not the first."""

    def save(stage: str):
        random = set_seed(0)
        network = build_network(stage)
        for name, tensor in network.state_dict().items():
            if name.endswith(("_mean", "_variance")):
                tensor.set_value(random.uniform(0.5, 1.5, tensor.shape).astype(np.float32))
        record = {
            "stage": stage,
            "config": {"threads": 1},
            "data": {"kind": "sample", "fingerprint": "abc"},
            "history": [],
            "test": {"accuracy": 0.125, "count": 1000},
        }
        folder = tmp_path / "runs" / stage
        save_run(folder, record, weights_of(network), {})
        return folder

    return save


@pytest.fixture
def run(capsys):
    """A function that runs the command and returns (exit code, output, errors)."""

    def run_export(*words):
        code = export.main([*(str(word) for word in words), "--data", "sample"])
        return (code, *capsys.readouterr())

    return run_export


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", FORMATS)
def test_a_round_trip_gives_the_same_outputs(tmp_path, run, run_of, monkeypatch, name, stage):
    if STAGES[stage].parameters > 500_000:  # 1,000 images take seconds
        monkeypatch.setattr(export, "TEST_IMAGES", 50)
    folder, out = run_of(stage), tmp_path / "exports" / "model"
    images = load_mnist("sample").test.images[:20]
    code, text, errors = run("--run", folder, "--format", name, "-o", out)
    assert code == 0, errors
    assert f"largest difference on {export.TEST_IMAGES:,} test images" in text
    assert text.endswith(f"written: {out}\n")
    assert "the sample of 5,000 MNIST digits" in errors
    expected = Recognizer.load(folder).outputs(images)
    found = formats.outputs_of(name, stage, out, images)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert names(out.parent) == ["model"]  # and nothing beside it


def test_paddle_loads_the_pdparams(tmp_path, run, run_of):
    folder, out = run_of("cnn"), tmp_path / "cnn.pdparams"
    assert run("--run", folder, "--format", "pdparams", "-o", out)[0] == 0
    network = build_network("cnn")
    network.set_state_dict(paddle.load(str(out)))
    expected = weights_of(Recognizer.load(folder).network)
    found = weights_of(network)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_weights_that_ship_are_exported_without_a_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export, "TEST_IMAGES", 20)
    out = tmp_path / "mlp.pdparams"
    assert export.main(["--stage", "mlp", "--format", "pdparams", "-o", str(out)]) == 0
    weights, data = capsys.readouterr().err.splitlines()
    assert weights.startswith("weights: those of mlp that ship")
    assert data.startswith("data: the sample of 5,000 MNIST digits")
    expected = weights_of(Recognizer.load(shipped_run("mlp")).network)
    assert {name: array.tobytes() for name, array in read_pdparams(out).items()} == {
        name: array.tobytes() for name, array in expected.items()
    }


def test_the_contract_is_told(tmp_path, run, run_of):
    folder, out = run_of("mlp"), tmp_path / "mlp"
    assert run("--run", folder, "--format", "paddle", "-o", out)[0] == 0
    contract = json.loads((out / "contract.json").read_text(encoding="utf-8"))
    assert contract == formats.contract(Recognizer.load(folder))
    assert contract["stage"] == "mlp"
    assert contract["test_accuracy"] == "0.1250 on 1,000 images"
    assert contract["data_fingerprint"] == "abc"
    weights = (folder / "model.safetensors").read_bytes()
    assert contract["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    for word in ("white ink on black", "28 x 28", "20 pixels", "(14, 14)", "/ 255", "row by row"):
        assert word in contract["preparation"]
    assert all(isinstance(value, str) for value in contract.values())  # ONNX has texts only


@pytest.mark.parametrize("wrong", [2e-5, np.nan])
@pytest.mark.parametrize("name", FORMATS)
def test_another_result_is_refused_and_leaves_nothing(
    tmp_path, run, run_of, monkeypatch, name, wrong
):
    folder, out = run_of("linear"), tmp_path / "exports" / "model"
    right = formats.outputs_of

    def outputs_of(*arguments):
        outputs = right(*arguments)
        outputs[999, 0] += wrong * max(1, abs(outputs).max())
        return outputs

    monkeypatch.setattr(formats, "outputs_of", outputs_of)
    code, text, errors = run("--run", folder, "--format", name, "-o", out)
    assert code == 2
    assert f"the {name} format computes something else than the network" in errors
    assert "written" not in text
    assert not out.parent.exists()


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_exported_before_is_replaced(tmp_path, run, run_of, name):
    out = tmp_path / f"model{formats.FORMATS[name]}"
    for stage in ("mlp", "linear"):
        assert run("--run", run_of(stage), "--format", name, "-o", out)[0] == 0
    images = load_mnist("sample").test.images[:3]
    assert formats.outputs_of(name, "linear", out, images).shape == (3, 1)
    assert names(tmp_path) == [out.name, "runs"]


def test_what_is_in_the_way_is_not_replaced(tmp_path, run, run_of):
    folder = run_of("linear")
    holiday, letter = tmp_path / "holiday", tmp_path / "letter.txt"
    holiday.mkdir()
    (holiday / "model.json").write_text("ours by its name")
    (holiday / "beach.png").write_text("not ours")
    letter.write_text("not ours")
    for name, out, expected in (
        ("onnx", holiday, "is not a file"),
        ("pdparams", holiday, "is not a file"),
        ("paddle", holiday, "is not an exported model"),
        ("paddle", letter, "is not an exported model"),
        ("pdparams", letter / "model", "cannot be written"),
        ("onnx", letter, "is there already"),
        ("onnx", "", "name a file to write, such as model.onnx"),
        ("pdparams", folder / "model.safetensors", "holds a run"),
        ("pdparams", folder / "linear.pdparams", "holds a run"),
    ):
        code, _, errors = run("--run", folder, "--format", name, "-o", out)
        assert code == 2
        assert expected in errors
    Recognizer.load(folder)  # refuses a damaged run
    assert names(holiday) == ["beach.png", "model.json"]
    assert letter.read_text() == "not ours"


def test_usage_errors_are_told(tmp_path, run, run_of):
    for name in ("tensorflow", "html"):
        code, _, errors = run("--format", name, "-o", tmp_path / "x")
        assert code == 2
        assert f"unknown format '{name}'; allowed: onnx, paddle, pdparams; a page" in errors
        assert "python -m paddle_mnist.demo --run RUN" in errors
    code, _, errors = run("--run", tmp_path / "none", "--format", "onnx", "-o", tmp_path / "x")
    assert code == 2
    assert "there is no run" in errors


def test_without_the_extra_nothing_is_written(tmp_path, run, run_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "paddle2onnx", None)
    code, _, errors = run("--run", run_of("linear"), "--format", "onnx", "-o", tmp_path / "x.onnx")
    assert code == 2
    assert "pip install -c requirements/lock.txt -e '.[export]'" in errors
    assert names(tmp_path) == ["runs"]


@pytest.mark.parametrize("name", ["paddle", "pdparams"])
def test_a_full_disk_leaves_the_old_one(tmp_path, run, run_of, monkeypatch, name):
    folder, out = run_of("linear"), tmp_path / f"model{formats.FORMATS[name]}"
    assert run("--run", folder, "--format", name, "-o", out)[0] == 0
    before = contents(out)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    code, _, errors = run("--run", folder, "--format", name, "-o", out)
    assert code == 2
    assert "No space left on device" in errors
    assert contents(out) == before
    assert names(tmp_path) == [out.name, "runs"]


def test_a_folder_that_cannot_be_put_in_its_place_leaves_the_old_one(
    tmp_path, run, run_of, monkeypatch
):
    folder, out = run_of("linear"), tmp_path / "model"
    assert run("--run", folder, "--format", "paddle", "-o", out)[0] == 0
    before, replace = contents(out), os.replace

    def fail_for_the_new(source, target):
        if str(source).endswith(".new.tmp"):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(formats.os, "replace", fail_for_the_new)
    code, _, errors = run("--run", folder, "--format", "paddle", "-o", out)
    assert code == 2
    assert "Permission denied" in errors
    assert contents(out) == before
    assert names(tmp_path) == ["model", "runs"]


def contents(path):
    if path.is_dir():
        return {inner.name: inner.read_bytes() for inner in path.iterdir()}
    return path.read_bytes()
