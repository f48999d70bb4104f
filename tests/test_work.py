"""The pictures that come with the course are read right, by what `make train` makes."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.training import run_training

WORK = Path(__file__).parents[1] / "work"


def labels() -> dict[str, int]:
    # Learners put pictures of their own beside the examples, and rows of them into labels.csv.
    with open(WORK / "labels.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("example_")]
    return {row["file"]: int(row["label"]) for row in rows}


def read_by(folder) -> dict[str, int]:
    recognizer = Recognizer.load(folder)
    return {name: recognizer.read_picture(WORK / name).digit for name in labels()}


@pytest.fixture(scope="session")
def trained_on_mnist(tmp_path_factory):
    """A cnn, trained on all of MNIST; takes some 20 s, once a session."""
    data = os.environ.get("PADDLE_MNIST_DATA", "")
    if data in ("", "auto", "sample"):
        pytest.skip("PADDLE_MNIST_DATA names no folder with all of MNIST")
    folder = tmp_path_factory.mktemp("mnist") / "cnn"
    run_training(configure("cnn", data=data), folder)
    return folder


def test_every_example_is_listed_and_all_digits_occur():
    assert set(labels()) == {path.name for path in WORK.glob("example_*")}
    assert set(labels().values()) == set(range(10))


def test_a_network_trained_on_mnist_reads_all_examples(trained_on_mnist):
    assert read_by(trained_on_mnist) == labels()


def test_a_network_trained_on_the_sample_reads_most_examples(tmp_path):
    run_training(configure("cnn", data="sample"), tmp_path)
    read = read_by(tmp_path)
    right = [name for name, label in labels().items() if read[name] == label]
    assert len(right) >= 10
