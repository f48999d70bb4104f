"""The command `train`: what it prints and saves, and what it may be asked for when it goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from paddle_mnist import train
from paddle_mnist.core.stages import STAGES
from paddle_mnist.data.mnist import SAMPLE_FOLDER
from paddle_mnist.runs import reporting, training
from paddle_mnist.runs.folder import update_record

LAST_LINE = re.compile(
    r"test accuracy ([01]\.\d{4}) \((\d+) of (\d+)\), "
    r"loss (\d+\.\d{4}), trained in (\d+\.\d) s"
)


@pytest.fixture(autouse=True)
def quick_and_in_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A process that has loaded Paddle keeps its number of threads.
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())


@pytest.fixture
def run(capsys):
    """A function that runs the command and returns (exit code, output, errors).

    It takes words, several in one text, and paths.
    """

    def run_train(*parts: str | Path):
        words = [part.split() if isinstance(part, str) else [str(part)] for part in parts]
        code = train.main([word for group in words for word in group])
        return (code, *capsys.readouterr())

    return run_train


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of two epochs with a constant learning rate, to be copied."""
    folder = tmp_path_factory.mktemp("trained") / "mlp"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())
        words = "--stage mlp --schedule constant --learning-rate 1e-3 --data sample --threads 1"
        assert train.main([*words.split(), "--epochs", "2", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def mlp(trained, tmp_path):
    """The folder of a finished run of two epochs."""
    return shutil.copytree(trained, tmp_path / "mlp")


def recorded(folder):
    return json.loads((folder / "run.json").read_bytes())


def bits(folder) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


# A training


@pytest.mark.parametrize(
    ("words", "least"),
    [
        # Ten digits: guessing gives 0.1. One neuron can do little more.
        ("--stage linear", 0.15),
        ("--stage mlp --threads 1", 0.85),
        ("", 0.93),
    ],
)
def test_a_training_on_the_sample(run, tmp_path, words, least):
    code, out, err = run("--data sample", words)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    stage = words.split()[1] if words else "cnn"
    assert lines[0].startswith("data: the sample of 5,000 MNIST digits")
    assert lines[-2] == f"the run is in {os.path.join('runs', stage)}"
    accuracy, correct, count, loss, seconds = LAST_LINE.fullmatch(lines[-1]).groups()
    record = recorded(tmp_path / "runs" / stage)
    test = record["test"]
    assert (int(correct), int(count)) == (test["correct"], test["count"])
    assert test["accuracy"] == int(correct) / 1000 >= least
    assert accuracy == f"{test['accuracy']:.4f}"
    assert loss == f"{test['loss']:.4f}"
    assert seconds == f"{record['seconds']:.1f}"
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert len(epochs) == STAGES[stage].epochs == len(record["history"])
    assert ("accuracy_truncated" in test) == (stage == "linear")


def test_options_reach_the_run(run, tmp_path):
    words = "--stage mlp --data sample --epochs 1 --batch-size 1000 --learning-rate 0.5 --threads 1"
    words += " --optimizer sgd --augment affine --validation 0.25 --seed 5 --device cpu"
    words += " --out mine/run"
    assert run(words)[0] == 0
    record = recorded(tmp_path / "mine" / "run")
    expected = {
        "stage": "mlp",
        "data": "sample",
        "epochs": 1,
        "batch_size": 1000,
        "learning_rate": 0.5,
        "optimizer": "sgd",
        "augment": "affine",
        "validation": 0.25,
        "seed": 5,
        "device": "cpu",
        "threads": 1,
    }
    assert {name: record["config"][name] for name in expected} == expected
    assert (record["data"]["train"], record["data"]["validation"]) == (3000, 1000)


def test_a_folder_of_data_is_kept_with_its_whole_path(run, tmp_path):
    shutil.copytree(SAMPLE_FOLDER, tmp_path / "digits")
    assert run("--stage linear --epochs 1 --batch-size 500 --data digits --out run")[0] == 0
    assert recorded(tmp_path / "run")["config"]["data"] == str(tmp_path / "digits")


def test_the_home_folder_may_be_written_short(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    shutil.copytree(SAMPLE_FOLDER, tmp_path / "digits")
    words = "--stage linear --epochs 1 --batch-size 500 --data ~/digits --out run"
    assert run(words)[0] == 0
    assert recorded(tmp_path / "run")["config"]["data"] == str(tmp_path / "digits")


@pytest.mark.parametrize("stage", STAGES)
def test_the_summary(run, tmp_path, stage):
    code, out, err = run("--summary --stage", stage)
    assert (code, err) == (0, "")
    assert f"Total params: {STAGES[stage].parameters:,}" in out
    last = "[1, 1]" if stage == "linear" else "[1, 10]"
    assert last in out
    assert list(tmp_path.iterdir()) == []


# Going on


def test_a_finished_run_says_the_same_again(run, mlp):
    first, record = bits(mlp), recorded(mlp)
    code, out, _ = run("--stage mlp --resume --out", mlp)
    assert code == 0
    line = out.splitlines()[-1]
    assert LAST_LINE.fullmatch(line)
    assert f"({record['test']['correct']} of 1000), loss {record['test']['loss']:.4f}" in line
    assert f"trained in {record['seconds']:.1f} s" in line
    assert run("--stage mlp --resume --out", mlp)[1].splitlines()[-1] == line
    assert (bits(mlp), recorded(mlp)) == (first, record)


def test_the_stage_need_not_be_named_again(run, mlp):
    code, out, _ = run("--resume --out", mlp)
    assert code == 0
    assert "going on after epoch 2 of 2" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # All the others: resume/test_mismatches.py.
        ("--seed 3", "was started with seed 0, and cannot go on with 3"),
        ("--epochs 1", "has 2 epochs already"),
        ("--epochs 0", "has 2 epochs already"),
    ],
)
def test_other_options_are_refused_to_go_on(run, mlp, words, expected):
    before = (mlp / "run.json").read_bytes()
    code, out, err = run(words, "--resume --out", mlp)
    assert (code, out) == (2, "")
    assert expected in err
    assert err.startswith("error: ")
    assert (mlp / "run.json").read_bytes() == before


def test_equal_options_may_be_given_again(run, mlp):
    words = "--stage mlp --seed 0 --batch-size 128 --learning-rate 1e-3 --augment none --epochs 2"
    assert run(words, "--resume --out", mlp)[0] == 0


def test_more_epochs_are_allowed_with_a_constant_rate(run, mlp):
    code, _, _ = run("--epochs 3 --resume --out", mlp)
    assert code == 0
    record = recorded(mlp)
    assert [row["epoch"] for row in record["history"]] == [1, 2, 3]
    assert record["config"]["epochs"] == 3


def test_more_epochs_are_refused_where_the_rate_has_a_plan(run, tmp_path):
    assert run("--data sample --epochs 1 --batch-size 500 --out run")[0] == 0
    code, _, err = run("--out run --resume --epochs 2")
    assert code == 2
    assert "epochs 1 (its learning rate follows a plan for them), and cannot go on with 2" in err


def test_the_same_data_may_be_at_another_place(run, mlp, tmp_path):
    shutil.copytree(SAMPLE_FOLDER, tmp_path / "moved")
    before = bits(mlp)
    assert run("--resume --out", mlp, "--data", tmp_path / "moved")[0] == 0
    assert bits(mlp) == before


def test_a_damaged_config_is_refused(run, mlp):
    update_record(mlp, {"config": {"stage": "mlp", "unknown": 1}})
    code, _, err = run("--resume --out", mlp)
    assert code == 2
    assert "is damaged" in err


# Ctrl-C


@pytest.fixture
def interrupted(monkeypatch):
    """A function: press Ctrl-C at the end of an epoch, before or after it is saved."""

    def press(epoch: int, saved: bool) -> None:
        class Pressed(training.Checkpoint):
            def on_epoch_end(self, progress):
                if progress.epoch == epoch and not saved:
                    raise KeyboardInterrupt
                super().on_epoch_end(progress)
                if progress.epoch == epoch:
                    raise KeyboardInterrupt

        monkeypatch.setattr(training, "Checkpoint", Pressed)

    return press


WORDS = "--stage linear --data sample --batch-size 500 --epochs 3 --out here"


def test_ctrl_c_says_how_to_go_on(run, interrupted, tmp_path):
    interrupted(2, saved=True)
    code, _, err = run(WORDS)
    assert code == 130
    assert "python -m paddle_mnist.train --stage linear --out here --resume" in err
    assert len(recorded(tmp_path / "here")["history"]) == 2


def test_ctrl_c_names_the_stage_of_the_run(run, interrupted):
    interrupted(2, saved=True)
    run(WORDS)
    interrupted(3, saved=True)
    code, _, err = run("--out here --resume")  # the stage is not named
    assert code == 130
    assert "train --stage linear --out here --resume" in err


def test_ctrl_c_before_the_first_epoch_leaves_no_run(run, interrupted, tmp_path):
    interrupted(1, saved=False)
    code, _, err = run(WORDS)
    assert code == 130
    assert "nothing was saved" in err
    assert [path.name for path in (tmp_path / "here").iterdir()] == [".lock"]


def test_ctrl_c_before_the_first_epoch_does_not_offer_an_older_run(run, interrupted, tmp_path):
    assert run(WORDS)[0] == 0
    before = (tmp_path / "here" / "run.json").read_bytes()
    interrupted(1, saved=False)
    code, _, err = run(WORDS, "--seed 9")
    assert code == 130
    assert "nothing was saved" in err
    assert (tmp_path / "here" / "run.json").read_bytes() == before
