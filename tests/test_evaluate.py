"""The command `evaluate`: figures that equal a count by hand, and honest refusals."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure

from paddle_mnist import evaluate
from paddle_mnist.core.config import configure
from paddle_mnist.core.metrics import softmax
from paddle_mnist.data import load_mnist
from paddle_mnist.data.class_names import CLASS_NAMES, DIGITS, IMAGES_SHA256
from paddle_mnist.data.folder import write_folder
from paddle_mnist.data.idx import content_sha256
from paddle_mnist.measure.ablation import ABLATIONS
from paddle_mnist.measure.calibration import measure_calibration
from paddle_mnist.measure.robustness import DISTURBANCES
from paddle_mnist.runs.folder import load_record, update_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.runs.training import run_training


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
    assert f"note: {cnn / 'confusion.png'} cannot be written: " in err


def test_images_that_the_network_has_seen_are_refused(run, cnn, tmp_path):
    mnist = load_mnist("sample")
    write_folder(tmp_path / "data", mnist.test, mnist.validation)
    before = {path.name: path.read_bytes() for path in cnn.iterdir()}
    code, out, err = run("--run", cnn, "--data", tmp_path / "data")
    assert (code, out) == (2, "")
    assert "error: this run was chosen with 500 of the 500 test images: it has seen them" in err
    assert "--data" in err
    assert {path.name: path.read_bytes() for path in cnn.iterdir()} == before


def test_it_is_told_where_it_is_not_known_what_a_run_has_seen(run, cnn):
    (cnn / "seen.safetensors").unlink()
    files = load_record(cnn)["files"]
    code, out, err = run("--run", cnn, "--data", "sample")
    assert (code, out) == (2, "")
    assert "seen.safetensors is missing" in err
    del files["seen.safetensors"]  # as an older version, or an import, leaves a run
    update_record(cnn, {"files": files})
    code, out, err = run("--run", cnn, "--data", "sample")
    assert code == 0
    assert "note: it is not known which images this run was trained on" in err


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


# Other things than digits

FASHION = CLASS_NAMES["Fashion-MNIST"]


@pytest.fixture
def fashion(cnn, monkeypatch):
    """A run that says of itself that it was trained on Fashion-MNIST; the sample counts as such."""
    update_record(cnn, {"data": {**load_record(cnn)["data"], "classes": FASHION}})
    images = load_mnist("sample").test.images
    monkeypatch.setitem(IMAGES_SHA256, content_sha256(images), "Fashion-MNIST")
    return cnn


def test_the_report_has_the_names_of_the_classes(run, fashion, monkeypatch):
    drawn = []

    def draw(*arguments):
        drawn.append(arguments)
        return Figure()

    monkeypatch.setattr("paddle_mnist.plots.plot_confusion", draw)
    code, out, err = run("--run", fashion, "--data", "sample", "--json")
    assert code == 0
    assert "note: " not in err
    result = json.loads(out)
    assert result["class_names"] == list(FASHION)
    assert list(result["by_class"]) == list(DIGITS)  # the labels, as in the data's files
    _code, out, _ = run("--run", fashion, "--data", "sample")
    lines = out.splitlines()
    start = lines.index("accuracy by class") + 1
    assert lines[start : start + 10] == [
        f"  {name:11}  {result['by_class'][str(label)]:.4f}" for label, name in enumerate(FASHION)
    ]
    matrix, _title, names = drawn[-1]
    assert names == FASHION
    mistakes = matrix - np.diag(np.diag(matrix))
    true, read = np.unravel_index(mistakes.argmax(), mistakes.shape)
    count = mistakes[true, read]
    assert f"  {FASHION[true]} read as {FASHION[read]}: {count} times" in lines


def test_a_run_that_knows_other_classes_is_measured_with_a_note(run, cnn, fashion):
    update_record(cnn, {"data": {**load_record(cnn)["data"], "classes": list(DIGITS)}})
    code, out, err = run("--run", cnn, "--data", "sample")
    assert code == 0
    assert "note: this run was trained on 0, 1, 2" in err
    assert "but the test images are T-shirt/top, Trouser, " in err
    assert "  T-shirt/top  " in out


def test_pictures_for_a_run_of_other_things_are_read_with_a_note(run, fashion, pictures):
    code, out, err = run("--run", fashion, "--images", pictures())
    assert code == 0
    assert err.startswith("note: pictures are prepared, and doubted, as digits are; this run was ")
    assert "  Dress        " in out


# Trust, and disturbances


def test_the_calibration_through_the_command(run, cnn, tmp_path):
    code, out, err = run("--run", cnn, "--data", "sample", "--calibration", "--json")
    assert code == 0
    assert "500 for validation" in err  # those that were held out at the training
    result = json.loads(out)
    mnist, recognizer = load_mnist("sample"), Recognizer.load(cnn)
    assert result == dataclasses.asdict(measure_calibration(recognizer, mnist))
    assert result["accuracy"] == load_record(cnn)["test"]["accuracy"]
    assert result["before"]["loss"] == pytest.approx(load_record(cnn)["test"]["loss"], rel=1e-4)
    before = sorted(path.name for path in cnn.iterdir())
    plot = tmp_path / "trust.png"
    code, out, _ = run("--run", cnn, "--data", "sample", "--calibration", "--plot", plot)
    assert code == 0
    assert f"calibration error {result['before']['error']:.2%}" in out
    assert f"calibration error {result['after']['error']:.2%}" in out
    assert f"the temperature is {result['temperature']:.3f}, fitted on 500 validation" in out
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in cnn.iterdir()) == before


def test_without_validation_images_the_error_is_told_all_the_same(run, cnn):
    data = {**load_record(cnn)["data"], "validation": 0}
    config = {**load_record(cnn)["config"], "validation": 0.0}
    update_record(cnn, {"data": data, "config": config})
    code, out, err = run("--run", cnn, "--data", "sample", "--calibration")
    assert code == 0
    assert "0 for validation" in err
    first, before, why = out.splitlines()
    assert first.startswith("on 1,000 test images: accuracy ")
    assert before.startswith("  as it is")
    assert why.endswith("this run held out no images to fit it on; train it with --validation 0.1")


def test_the_robustness_through_the_command(run, cnn, tmp_path, monkeypatch):
    for name, disturbance in DISTURBANCES.items():
        strongest = dataclasses.replace(disturbance, strengths=disturbance.strengths[-1:])
        monkeypatch.setitem(DISTURBANCES, name, strongest)
    plot = tmp_path / "curves.png"
    words = ("--run", cnn, "--data", "sample", "--robustness")
    code, out, _ = run(*words, "--json", "--plot", plot)
    assert code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    result = json.loads(out)
    assert (result["count"], result["total"], result["seed"]) == (1000, 1000, 0)
    accuracies = result["disturbances"]
    plain = {"strength": 0.0, "accuracy": load_record(cnn)["test"]["accuracy"]}
    assert [rows[0] for rows in accuracies.values()] == len(DISTURBANCES) * [plain]
    for rows in accuracies.values():  # the strongest is felt
        assert rows[-1]["accuracy"] < plain["accuracy"] - 0.1
    code, out, _ = run(*words)
    assert code == 0
    assert out.startswith("accuracy on 1,000 of 1,000 test images (seed 0); a report, choose ")
    assert f"   0.6  {accuracies['noise'][-1]['accuracy']:.4f}" in out.splitlines()


@pytest.mark.parametrize("what", ["--calibration", "--robustness"])
def test_images_that_were_seen_are_no_measure_of_trust(run, what):
    code, out, err = run("--stage", "cnn", "--data", "sample", what)
    assert (code, out) == (2, "")
    assert "it has seen them" in err


@pytest.mark.parametrize(
    "words, why",
    [
        (("--calibration", "--images", "DIR"), "give no --images"),
        (("--robustness", "--images", "DIR"), "give no --images"),
        (("--plot", "trust.png"), "--plot needs --calibration or --robustness"),
        (("--robustness", "--plot", "trust.txt"), "has the ending '.txt'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, cnn, words, why):
    code, out, err = run("--run", cnn, *words)
    assert (code, out) == (2, "")
    assert why in err
