"""What the chapters share: the course's folder is found, a trained stage is used again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paddle_mnist import data
from paddle_mnist.runs import course, reporting, training
from paddle_mnist.runs.course import course_folder, trained
from paddle_mnist.runs.folder import load_record, update_record
from paddle_mnist.system.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder like a clone of the course; the current folder is deep inside it."""
    (tmp_path / "work").mkdir()
    shutil.copy(ROOT / "work" / "example_0.jpg", tmp_path / "work")
    inside = tmp_path / "chapters" / "en"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


@pytest.fixture
def trainings(monkeypatch):
    """The stages that were trained, in order; pictures are not drawn."""
    seen, original = [], training.run_training

    def run_training(config, folder):
        seen.append(config.stage)
        return original(config, folder)

    monkeypatch.setattr(training, "run_training", run_training)
    monkeypatch.setattr(reporting, "save_figure", lambda figure, path: None)
    monkeypatch.setenv("PADDLE_MNIST_DATA", "sample")
    return seen


def test_the_nearest_course_folder_is_taken(clone):
    assert course_folder() == clone


def test_from_another_folder_it_is_where_the_package_was_installed_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert course_folder() == ROOT


def test_without_the_course_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(course, "__file__", str(tmp_path / "site-packages" / "p" / "course.py"))
    with pytest.raises(UsageError, match=r"pip install -c requirements/lock\.txt -e \."):
        course_folder()


def test_a_stage_is_trained_once(clone, trainings, capsys):
    first = trained("mlp")
    assert "training mlp, once for all chapters" in capsys.readouterr().out
    second = trained("mlp")
    assert trainings == ["mlp"]
    assert capsys.readouterr().out == ""
    assert first.record == second.record == load_record(clone / "runs" / "chapters" / "mlp")
    assert first.stage == "mlp"


def test_a_run_of_other_data_an_unfinished_and_a_damaged_one_are_not_used(
    clone, trainings, monkeypatch, capsys
):
    folder = clone / "runs" / "chapters" / "mlp"
    trained("mlp")
    update_record(folder, {"test": None})
    assert trained("mlp").record["test"] is not None
    assert trainings == ["mlp"] * 2

    (folder / "model.safetensors").write_bytes(b"damaged")
    trained("mlp")
    assert "the run of mlp is not used: " in capsys.readouterr().out
    assert trainings == ["mlp"] * 3

    real = course.configure
    monkeypatch.setattr(course, "configure", lambda stage: real(stage, epochs=1))
    assert len(trained("mlp").record["history"]) == 1
    assert trainings == ["mlp"] * 4

    monkeypatch.setattr(data, "fingerprint", lambda *splits: "that of other data")
    trained("mlp")
    assert trainings == ["mlp"] * 5
