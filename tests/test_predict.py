"""The command `predict`: digits for people, for programs, and as a picture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mnist import predict
from paddle_mnist.core.config import configure
from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.data import load_mnist
from paddle_mnist.data.class_names import CLASS_NAMES
from paddle_mnist.data.kaggle import PIXEL_COLUMNS
from paddle_mnist.runs.folder import load_record, update_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import SHIPPED
from paddle_mnist.runs.training import run_training

ROOT = Path(__file__).parents[1]
WORK = ROOT / "work"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the runs cnn and linear, trained on the sample."""
    folder = tmp_path_factory.mktemp("runs")
    for stage in ("cnn", "linear"):
        run_training(configure(stage, data="sample", epochs=2), folder / stage)
    return folder


@pytest.fixture
def digits(tmp_path):
    """Pictures of the sample's first three test digits, in black on white, and their labels."""
    test = load_mnist("sample").test
    for number in range(3):
        Image.fromarray(255 - test.images[number]).resize((140, 140)).save(
            tmp_path / f"{number}.png"
        )
    return [str(tmp_path / f"{number}.png") for number in range(3)], test.labels[:3]


def run(capsys, *words) -> str:
    assert predict.main([str(word) for word in words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_json_is_one_document(capsys, runs, digits):
    files, labels = digits
    answers = json.loads(run(capsys, "--run", runs / "cnn", "--json", *files))
    assert [answer["file"] for answer in answers] == files
    assert [answer["digit"] for answer in answers] == list(labels)
    for answer in answers:
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert int(np.argmax(answer["probabilities"])) == answer["digit"]
        assert answer["name"] == str(answer["digit"])
        assert answer["value"] is None


def test_json_of_one_picture_is_a_list_too(capsys, runs, digits):
    assert len(json.loads(run(capsys, "--run", runs / "cnn", "--json", digits[0][0]))) == 1


def test_the_linear_stage_gives_its_value(capsys, runs, digits):
    files, _ = digits
    answers = json.loads(run(capsys, "--run", runs / "linear", "--json", *files))
    for answer in answers:
        assert answer["probabilities"] is None
        assert answer["digit"] == min(9, max(0, round(answer["value"])))
    text = run(capsys, "--run", runs / "linear", files[0])
    value = answers[0]["value"]
    assert f"{files[0]}: {answers[0]['digit']} (the neuron says {value:.2f})" in text.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
def test_a_name_does_nothing_to_the_terminal(capsys, runs, digits, tmp_path):
    good, bad = tmp_path / "\x1b[2Jgood.png", tmp_path / "\x1b[2Jbad.png"
    good.write_bytes(Path(digits[0][0]).read_bytes())
    bad.write_bytes(b"no picture")
    assert predict.main(["--run", str(runs / "cnn"), str(good), str(bad)]) == 2
    printed, errors = capsys.readouterr()
    assert "\x1b" not in printed + errors
    assert "\\x1b[2Jgood.png: " in printed
    assert "\\x1b[2Jbad.png: " in errors


def test_what_the_network_saw_is_drawn(capsys, runs, digits):
    files, labels = digits
    (answer, *_) = json.loads(run(capsys, "--run", runs / "cnn", "--json", files[0]))
    lines = run(capsys, "--run", runs / "cnn", files[0]).splitlines()
    drawing = lines[:28]
    assert all(len(line) <= 56 for line in drawing)
    # The digit keeps off the border: it fills a box of 20×20 around its centre of mass.
    assert not drawing[0].strip()
    assert not drawing[27].strip()
    assert sum(character != " " for line in drawing for character in line) > 50
    assert lines[28].startswith(
        f"{files[0]}: {labels[0]} ({max(answer['probabilities']):.1%}; then "
    )


def test_several_pictures_are_read_in_their_order(capsys, runs, digits):
    files, labels = digits
    text = run(capsys, "--run", runs / "cnn", *reversed(files))
    read = [line for line in text.splitlines() if "; then " in line]
    assert [line.partition(" (")[0] for line in read] == [
        f"{file}: {label}" for file, label in zip(reversed(files), reversed(labels))
    ]


@pytest.mark.parametrize("stage", ["cnn", "linear"])
def test_a_plot_is_written(capsys, runs, digits, tmp_path, stage):
    files, _ = digits
    plot = tmp_path / "read.png"
    json.loads(run(capsys, "--run", runs / stage, "--json", "--plot", plot, *files))
    with Image.open(plot) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 100
    assert not list(tmp_path.glob(".*"))


def test_a_picture_that_cannot_be_read_loses_no_other(capsys, runs, digits, tmp_path):
    files, labels = digits
    words = ["--run", str(runs / "cnn"), files[0], str(tmp_path / "none.png"), files[1]]
    assert predict.main(words) == 2
    out, err = capsys.readouterr()
    for file, label in zip(files[:2], labels):
        assert f"{file}: {label} (" in out
    why = "there is no such file; check the name and the folder"
    assert err == f"error: {tmp_path / 'none.png'}: {why}\n"
    plot = tmp_path / "new" / "steps.png"
    assert predict.main([*words, "--json", "--plot", str(plot)]) == 2
    assert [answer["file"] for answer in json.loads(capsys.readouterr().out)] == files[:2]
    assert plot.exists()


def test_readings_are_printed_though_the_plot_cannot_be_written(capsys, runs, digits, tmp_path):
    file, plot = digits[0][0], tmp_path / "0.png" / "steps.png"
    assert predict.main(["--run", str(runs / "cnn"), "--plot", str(plot), file]) == 2
    out, err = capsys.readouterr()
    assert f"{file}: " in out
    assert err.startswith(f"error: {plot} cannot be written: ")


def test_no_picture_is_drawn_over(capsys, runs, digits):
    files, _ = digits
    before = Path(files[0]).read_bytes()
    for pictures in (files, files[1:]):
        assert predict.main(["--run", str(runs / "cnn"), "--plot", files[0], *pictures]) == 2
        assert "name another file" in capsys.readouterr().err
        assert Path(files[0]).read_bytes() == before


def test_the_run_is_not_changed(capsys, runs):
    before = {path.name: path.read_bytes() for path in (runs / "cnn").iterdir()}
    run(capsys, "--run", runs / "cnn", WORK / "example_0.jpg")
    assert {path.name: path.read_bytes() for path in (runs / "cnn").iterdir()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_a_name_that_no_terminal_can_show(runs, tmp_path):
    name = b"\xff\xe4.jpg"
    shutil.copy(WORK / "example_3.jpg", os.path.join(os.fsencode(tmp_path), name))
    words = [sys.executable, "-m", "paddle_mnist.predict", "--run", str(runs / "cnn"), name]
    finished = subprocess.run(
        words,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert rb"\udcff\udce4.jpg: 3 (" in finished.stdout


def test_the_weights_that_ship_read_the_examples(capsys):
    assert (
        predict.main(["--json", *(str(WORK / f"example_{digit}.jpg") for digit in range(10))]) == 0
    )
    out, err = capsys.readouterr()
    assert err == "weights: those of best that ship; --run takes yours\n"
    answers = json.loads(out)
    assert [answer["digit"] for answer in answers] == list(range(10))
    assert {answer["doubt"] for answer in answers} == {None}


@pytest.mark.parametrize("stage", SHIPPED)
def test_each_stage_that_ships_can_be_chosen(capsys, stage):
    assert predict.main(["--stage", stage, str(WORK / "example_0.jpg")]) == 0
    out, err = capsys.readouterr()
    assert err.startswith(f"weights: those of {stage} ")
    assert "example_0.jpg: " in out


def test_a_stage_that_does_not_ship_says_how_to_train_it(capsys, monkeypatch):
    monkeypatch.setattr("paddle_mnist.runs.shipped.SHIPPED", ("linear", "cnn"))
    assert predict.main(["--stage", "deep-cnn", str(WORK / "example_0.jpg")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "python -m paddle_mnist.train --stage deep-cnn" in err


def test_a_run_and_a_stage_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as stop:
        predict.main(["--stage", "cnn", "--run", "runs/cnn", str(WORK / "example_0.jpg")])
    assert stop.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_two_digits_are_not_guessed_at(capsys, tmp_path):
    pair = Image.new("L", (560, 300), 255)
    for place, digit in ((0, 1), (280, 3)):
        with Image.open(WORK / f"example_{digit}.jpg") as example:
            pair.paste(example.convert("L").resize((280, 300)), (place, 0))
    pair.save(tmp_path / "13.png")
    assert predict.main([str(tmp_path / "13.png")]) == 0
    assert "do not rely on it: there seem to be several digits" in capsys.readouterr().out


# Other things than digits


@pytest.fixture
def fashion_run(runs, tmp_path):
    """A run that says of itself that it was trained on Fashion-MNIST."""
    folder = shutil.copytree(runs / "cnn", tmp_path / "fashion")
    names = CLASS_NAMES["Fashion-MNIST"]
    update_record(folder, {"data": {**load_record(folder)["data"], "classes": names}})
    return folder


def test_a_run_of_other_things_answers_with_their_names(capsys, fashion_run, digits):
    files, labels = digits
    names = CLASS_NAMES["Fashion-MNIST"]
    assert predict.main(["--run", str(fashion_run), "--json", files[0]]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("note: pictures are prepared, and doubted, as digits are; this run was ")
    assert err.count("\n") == 1
    (answer,) = json.loads(out)
    assert (answer["digit"], answer["name"]) == (labels[0], names[labels[0]])
    assert predict.main(["--run", str(fashion_run), files[0]]) == 0
    order = np.argsort(answer["probabilities"])[::-1]
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(files[0]))
    assert line.startswith(f"{files[0]}: {names[order[0]]} (")
    assert f"; then {names[order[1]]}: " in line


# Kaggle's test.csv


@pytest.fixture
def test_csv(tmp_path):
    """A small test.csv with the sample's first test images."""
    images = load_mnist("sample").test.images[:60]
    path = tmp_path / "test.csv"
    rows = [",".join(map(str, row)) for row in images.reshape(60, -1).tolist()]
    path.write_text("\n".join([",".join(PIXEL_COLUMNS), *rows]))
    return path


@pytest.mark.parametrize("stage", ["cnn", "linear"])
def test_a_submission_has_the_readings_in_their_order(capsys, runs, test_csv, tmp_path, stage):
    path = tmp_path / "submission.csv"
    out = run(capsys, "--run", runs / stage, "--kaggle", test_csv, "-o", path)
    header, *rows = path.read_text().splitlines()
    assert header == "ImageId,Label"
    outputs = Recognizer.load(runs / stage).outputs(load_mnist("sample").test.images[:60])
    expected = predicted_digits(outputs)
    assert rows == [f"{number + 1},{digit}" for number, digit in enumerate(expected)]
    first, *counts = out.splitlines()
    assert first == f"60 readings are in {path}"
    assert [line.split() for line in counts] == [
        [str(digit), str((expected == digit).sum())] for digit in range(10)
    ]


def test_an_honest_submission_has_no_note(capsys, runs, test_csv, tmp_path):
    out = tmp_path / "submission.csv"
    words = ["--run", str(runs / "cnn"), "--kaggle", str(test_csv), "-o", str(out)]
    assert predict.main(words) == 0
    assert capsys.readouterr().err == ""


def test_a_submission_of_images_that_were_trained_on_has_a_note(capsys, test_csv, tmp_path):
    # The weights that ship have seen all of MNIST's training images, of which the sample is made.
    out = tmp_path / "submission.csv"
    assert predict.main(["--stage", "cnn", "--kaggle", str(test_csv), "-o", str(out)]) == 0
    _weights, note = capsys.readouterr().err.splitlines()
    assert "60 of the 60 test images, so the submission's score will not be honest" in note
    assert "train --data FOLDER" in note


def test_a_run_that_does_not_tell_what_it_has_seen_has_a_note(capsys, runs, test_csv, tmp_path):
    folder = shutil.copytree(runs / "cnn", tmp_path / "old")
    files = load_record(folder)["files"]
    update_record(folder, {"files": {"model.safetensors": files["model.safetensors"]}})
    out = tmp_path / "submission.csv"
    assert predict.main(["--run", str(folder), "--kaggle", str(test_csv), "-o", str(out)]) == 0
    assert "it is not known what this run was trained on" in capsys.readouterr().err


def test_where_nothing_can_be_read_nothing_is_written(capsys, runs, test_csv, tmp_path):
    test_csv.write_text(test_csv.read_text() + ",0")
    out = tmp_path / "submission.csv"
    words = ["--run", str(runs / "cnn"), "--kaggle", str(test_csv), "-o", str(out)]
    assert predict.main(words) == 2
    assert "test.csv, line 61: the row is too long" in capsys.readouterr().err
    assert not out.exists()


WRONG = {
    "nothing to read": ("", "the following arguments are required: PICTURE, or --kaggle FILE"),
    "both": ("--kaggle test.csv -o out.csv seven.png", "--kaggle and PICTURE exclude each other"),
    "no file to write": ("--kaggle test.csv", "--kaggle needs -o"),
    "a plot": ("--kaggle test.csv -o out.csv --plot a.png", "--json and --plot are for pictures"),
    "a document": ("--kaggle test.csv -o out.csv --json", "--json and --plot are for pictures"),
    "-o with pictures": ("seven.png -o out.csv", "-o is for --kaggle"),
    "over the images": ("--kaggle test.csv -o test.csv", "holds the images to read"),
    "over another file": ("--kaggle test.csv -o notes.csv", "is not a submission"),
    "no such file": (
        "--kaggle none.csv -o out.csv",
        "none.csv cannot be read: there is",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_go_together_is_refused(capsys, runs, test_csv, monkeypatch, case):
    words, message = WRONG[case]
    monkeypatch.chdir(test_csv.parent)
    Path("notes.csv").write_text("mine")
    before = {path: path.read_bytes() for path in test_csv.parent.iterdir()}
    assert predict.main([*words.split(), "--run", str(runs / "cnn")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert {path: path.read_bytes() for path in test_csv.parent.iterdir()} == before
