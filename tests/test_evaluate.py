"""The command `evaluate`: figures that equal a count by hand, and honest refusals."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from paddle_mnist import evaluate
from paddle_mnist.ablation import ABLATIONS
from paddle_mnist.checkpoint import load_record, update_record
from paddle_mnist.data import load_mnist
from paddle_mnist.experiment import run_training
from paddle_mnist.infer import Recognizer
from paddle_mnist.metrics import softmax
from paddle_mnist.shipped import shipped_run
from paddle_mnist.stages import configure


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A cnn, trained on the sample."""
    folder = tmp_path_factory.mktemp("runs") / "cnn"
    run_training(configure("cnn", data="sample"), folder)
    return folder


@pytest.fixture
def cnn(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "cnn")


@pytest.fixture
def run(capsys):
    """A function that runs the command and returns (exit code, output, errors)."""

    def run_evaluate(*words):
        code = evaluate.main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return run_evaluate


def test_test_images_are_counted_as_by_hand(run, cnn):
    code, out, err = run("--run", cnn, "--data", "sample", "--json")
    assert code == 0
    assert err.startswith("data: the sample of 5,000 MNIST digits")
    result = json.loads(out)  # one document, and nothing else
    test = load_mnist("sample").test
    outputs = Recognizer.load(cnn).outputs(test.images)
    right = outputs.argmax(axis=1) == test.labels
    assert result["count"] == 1000
    assert result["accuracy"] == right.mean() == load_record(cnn)["test"]["accuracy"]
    belief = softmax(outputs)[np.arange(1000), test.labels]
    assert result["loss"] == pytest.approx(-np.log(belief).mean(), rel=1e-4)
    assert result["by_class"] == {
        str(digit): pytest.approx(right[test.labels == digit].mean()) for digit in range(10)
    }


def test_pictures_through_the_command(run, cnn, pictures):
    folder = pictures()
    code, out, err = run("--run", cnn, "--images", folder, "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert {"accuracy", "loss", "count", "by_class", "by_source", "mean_of_sources"} <= set(result)
    assert result["count"] == 5
    assert (cnn / "confusion-pictures.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = run("--run", cnn, "--images", folder)
    assert code == 0
    assert "counted as a mistake: blank.png: " in out
    assert f"{result['mean_of_sources']:.4f}  mean of sources" in out


def test_the_report_for_people(run, cnn):
    (cnn / "confusion.png").unlink()
    code, out, _ = run("--run", cnn, "--data", "sample")
    assert code == 0
    test = load_record(cnn)["test"]
    first = f"accuracy {test['accuracy']:.4f} ({test['correct']} of 1000), loss {test['loss']:.4f}"
    assert out.splitlines()[0] == first
    for heading in ("accuracy by class", "most confused"):
        assert heading in out
    assert (cnn / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_figures_are_told_though_they_cannot_be_drawn(run, cnn):
    (cnn / "confusion.png").unlink()
    (cnn / "confusion.png").mkdir()
    code, out, err = run("--run", cnn, "--data", "sample")
    assert code == 0
    assert out.startswith("accuracy ")
    assert "is drawn in" not in out
    assert f"note: the picture {cnn / 'confusion.png'} cannot be written: " in err


def test_images_that_the_network_has_seen_are_refused(run, cnn):
    update_record(cnn, {"data": {**load_record(cnn)["data"], "is_mnist": True}})
    before = {path.name: path.read_bytes() for path in cnn.iterdir()}
    code, out, err = run("--run", cnn, "--data", "sample")
    assert (code, out) == (2, "")
    assert "error: the sample's test images come from MNIST's training set" in err
    assert "--data" in err
    assert {path.name: path.read_bytes() for path in cnn.iterdir()} == before


def test_weights_that_ship_are_measured_without_a_run(run, pictures, monkeypatch, tmp_path):
    folder = pictures()
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in shipped_run("cnn").iterdir())
    code, out, err = run("--stage", "cnn", "--images", folder)
    assert (code, err) == (0, "weights: those of cnn that ship; --run takes yours\n")
    assert "when only readings of at least a probability are believed" in out
    assert "confusion" not in out.splitlines()[-1]
    assert sorted(path.name for path in shipped_run("cnn").iterdir()) == before


def test_weights_that_ship_have_seen_the_sample(run):
    code, out, err = run("--data", "sample")
    assert (code, out) == (2, "")
    assert "it has seen them" in err


def test_the_ablation_through_the_command(run, cnn, pictures):
    folder = pictures()
    code, out, _ = run("--run", cnn, "--images", folder, "--ablation", "--json")
    assert code == 0
    result = json.loads(out)
    assert list(result) == list(ABLATIONS)
    code, out, _ = run("--run", cnn, "--images", folder, "--ablation")
    assert code == 0
    for line, (name, measured) in zip(out.splitlines(), result.items()):
        assert line.startswith(f"{name} ")
        assert f"accuracy {measured['accuracy']:.4f}" in line


def test_an_ablation_needs_pictures(run, cnn):
    code, out, err = run("--run", cnn, "--ablation")
    assert (code, out) == (2, "")
    assert "--ablation needs --images" in err
