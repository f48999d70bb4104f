"""What all tests share."""

from __future__ import annotations

import csv
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch, tmp_path_factory):
    """Tests see neither this machine's data nor its caches, and never the network."""
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", "1")
    monkeypatch.setenv("PADDLE_MNIST_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def load_benchmark():
    """A function: import a script in benchmarks/, which finds its neighbours there."""
    folder = str(Path(__file__).resolve().parents[1] / "benchmarks")
    sys.path.insert(0, folder)
    yield importlib.import_module
    sys.path.remove(folder)


PICTURES = [
    ("a.png", 3, "one/a"),
    ("b.png", 3, "one/a"),
    ("c.png", 4, "one/a"),
    ("d.png", 3, "two/b"),
    ("blank.png", 3, "two/b"),
]


@pytest.fixture
def pictures(tmp_path):
    """A function: write a folder of pictures; a row is (name, label, source)."""

    def write(rows=PICTURES, columns=("file", "label", "source_repo")):
        folder = tmp_path / "pictures"
        folder.mkdir()
        with open(folder / "labels.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([row[: len(columns)] for row in rows])
        for name, *_ in rows:
            paper = np.full((60, 60), 255, np.uint8)
            if not name.startswith("blank"):
                paper[15:45, 27:33] = 0
            Image.fromarray(paper).save(folder / name)
        return folder

    return write
