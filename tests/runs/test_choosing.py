"""Whose weights a command uses, and where it may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_mnist.runs.choosing import check_output_file
from paddle_mnist.system.errors import UsageError


@pytest.fixture
def run(tmp_path):
    """A run's folder, as far as this guard looks."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    return folder


def test_a_file_may_be_written_beside_a_run_and_over_its_kind(tmp_path, run):
    (tmp_path / "earlier.ONNX").write_bytes(b"")
    for name in ("new.onnx", "new.other", "missing/new.onnx", "earlier.ONNX"):
        check_output_file(tmp_path / name, ".onnx")


def test_a_file_is_not_written_into_a_run_nor_over_another_kind(tmp_path, run):
    folder, letter = tmp_path / "folder.onnx", tmp_path / "letter.txt"
    folder.mkdir()
    letter.write_text("kept")
    for path, message in (
        (Path(), ". is not a file; name a file to write, such as model.onnx"),
        (folder, f"{folder} is not a file; name a file to write, such as model.onnx"),
        (run / "model.onnx", f"{run} holds a run; name a file outside of it to write"),
        (run / "run.json", f"{run} holds a run; name a file outside of it to write"),
        (
            letter,
            f"{letter} is there already, and is not a .onnx file; name another file to write, "
            "such as model.onnx",
        ),
    ):
        with pytest.raises(UsageError) as error:
            check_output_file(path, ".onnx")
        assert str(error.value) == message
