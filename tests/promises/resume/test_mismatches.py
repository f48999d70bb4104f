"""Going on with something else than a training was begun with is refused, or told."""

from __future__ import annotations

import hashlib
import re
import shutil

import numpy as np
import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.data import Split, load_mnist
from paddle_mnist.data.folder import write_folder
from paddle_mnist.runs.folder import load_record, update_record
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import UsageError

DEADLINE = 120  # seconds, for a machine that is busy with other work
WORDS = "--stage tiny --epochs 2 --batch-size 16"

# What is asked for to go on with → what is said.
OPTIONS = {
    "--stage cnn": "started with stage tiny, and cannot go on with cnn",
    "--seed 1": "started with seed 0, and cannot go on with 1",
    "--batch-size 8": "started with batch size 16, and cannot go on with 8",
    "--learning-rate 0.5": "started with learning rate 0.01, and cannot go on with 0.5",
    "--optimizer sgd": "started with optimizer adam, and cannot go on with sgd",
    "--schedule constant": "started with schedule one-cycle, and cannot go on with constant",
    "--augment none": "started with augment affine, and cannot go on with none",
    "--label-smoothing 0.1": "started with label smoothing 0.0, and cannot go on with 0.1",
    "--validation 0.3": "started with validation None, and cannot go on with 0.3",
    "--best-weights": "started with best weights False, and cannot go on with True",
    "--amp": "started with amp False, and cannot go on with True",
    "--epochs 3": "its learning rate follows a plan for them), and cannot go on with 3",
}


def change_an_image(train):
    images = train.images.copy()
    images[0, 14, 14] ^= 1
    return Split(images, train.labels)


def change_a_label(train):
    labels = train.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    return Split(train.images, labels)


def take_an_image_away(train):
    return train.take(slice(1, None))


def exchange_two_images(train):
    order = np.arange(len(train))
    order[:2] = 1, 0
    return train.take(order)


DATA = (change_an_image, change_a_label, take_an_image_away, exchange_two_images)

# The same of a program, which has no command's options.
PROGRAM = {
    "seed": 1,
    "batch_size": 8,
    "learning_rate": 0.5,
    "optimizer": "sgd",
    "schedule": "constant",
    "augment": "none",
    "label_smoothing": 0.1,
    "best_weights": True,
    "early_stopping": 3,
    "epochs": 3,
}

# What decides the last bits → what would be in the record of a run from elsewhere.
SURROUNDINGS = {
    "processes": 2,
    "device": "gpu:0",
    "versions": {"python": "3.9.0", "paddle": "3.0.0", "numpy": "1.26.0"},
}


@pytest.fixture
def data(few, tmp_path):
    """A copy of the digits, to be changed."""
    return shutil.copytree(few, tmp_path / "data")


@pytest.fixture
def run(data, fork, tmp_path):
    """A finished run of two epochs."""
    code, output = fork(f"{WORDS} --data {data} --out {tmp_path / 'run'}")
    assert code == 0, output
    return tmp_path / "run"


def contents(folder) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.promise(row=10)
def test_other_options_and_other_data_are_refused(run, data, fork, figure):
    before, told = contents(run), 0
    for words, message in OPTIONS.items():
        code, output = fork(f"--out {run} --resume {words}")
        assert code == 2, words
        assert message in output
        told += 1
    mnist = load_mnist(str(data), validation=0.0)
    for change in DATA:
        write_folder(data, change(mnist.train), mnist.test)
        code, output = fork(f"--out {run} --resume")
        assert code == 2, change
        assert "was trained on other data" in output
        told += 1
        write_folder(data, mnist.train, mnist.test)
    assert contents(run) == before
    code, output = fork(f"--out {run} --resume")
    assert code == 0
    assert "note:" not in output
    figure("{} other options and data, {} not refused", told, 0)


@pytest.mark.promise(row=10)
def test_other_configurations_of_a_program_are_refused(run, data, figure):
    before = contents(run)
    for name, value in PROGRAM.items():
        changes = {"epochs": 2, "batch_size": 16, name: value}
        config = configure("tiny", data=str(data), **changes)
        with pytest.raises(UsageError, match=f"{name.replace('_', ' ')} .* cannot go on with"):
            run_training(config, run, resume=True)
    assert contents(run) == before
    figure("{} other configurations of a program, {} not refused", len(PROGRAM), 0)


@pytest.mark.promise(row=10)
def test_other_surroundings_are_told(run, fork, start, monkeypatch, tmp_path, figure):
    saved = load_record(run)
    for name, value in SURROUNDINGS.items():
        update_record(run, {name: value})
        code, output = fork(f"--out {run} --resume")
        assert code == 0, output
        assert f"note: {name} is {saved[name]}, and was {value!r}" in output
        update_record(run, {name: saved[name]})
    # Other threads, and another processor's path through MKL, need a Python of their own.
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "4")
    assert start(f"--out {run} --resume --threads 2").wait(DEADLINE) == 0
    output = (tmp_path / "output").read_text()
    assert "note: threads is 2, and was 1" in output
    assert re.search(r"note: processor is .* \(MKL_DEBUG_CPU_TYPE=4\), and was ", output)
    figure("{} other surroundings, {} not told", len(SURROUNDINGS) + 2, 0)
