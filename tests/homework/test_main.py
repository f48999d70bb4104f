"""The homework in a terminal, as a learner uses it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from paddle_mnist import __main__ as package_main
from paddle_mnist.homework.__main__ import main
from paddle_mnist.homework.exercise import find_exercise

EXERCISE = find_exercise("3-1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "homework"


def run(folder, *words):
    return main([*words, "--folder", str(folder)])


def test_from_start_to_solution(folder, capsys):
    assert run(folder, "start", "3-1") == 0
    assert run(folder, "check", "3-1") == 1
    assert "Nothing is returned yet" in capsys.readouterr().out
    path = folder / EXERCISE.file_name
    path.write_bytes((EXERCISE.folder / "mistakes" / "columns.py").read_bytes())
    assert run(folder, "check", "3-1") == 1
    assert "for each column, not for each row" in capsys.readouterr().out
    assert run(folder, "hint", "3-1") == 0
    path.write_text(EXERCISE.solution)
    assert run(folder, "check", "3-1") == 0
    assert "Passed: 3-1" in capsys.readouterr().out
    assert run(folder, "status") == 0
    assert "✓ passed" in capsys.readouterr().out
    assert run(folder, "solution", "3-1") == 0
    assert "def softmax" in capsys.readouterr().out


def test_in_chinese(folder, capsys):
    assert run(folder, "start", "3-1", "--lang", "zh") == 0
    assert run(folder, "check", "3-1") == 1
    assert "还没通过：3-1 不会溢出的 softmax" in capsys.readouterr().out


def test_a_check_without_a_file(folder, capsys):
    assert run(folder, "check", "3-1") == 1
    assert "start 3-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "9-9"], "there is no exercise '9-9'"),
        (["check"], "arguments are required"),
        ([], "arguments are required"),
        (["undo", "3-1"], "invalid choice"),
        (["status", "--lang", "fr"], "invalid choice"),
    ],
)
def test_mistakes_on_the_command_line(words, told, capsys):
    try:
        code = main(words)
    except SystemExit as leaving:
        code = leaving.code
    assert code == 2
    assert told in capsys.readouterr().err


def test_it_is_a_command_of_the_package(capsys):
    with pytest.raises(SystemExit) as leaving:
        package_main.main(["homework", "--help"])
    assert leaving.value.code == 0
    assert "sandbox" in capsys.readouterr().out


def test_listing_needs_no_paddle(folder):
    code = (
        "import sys\nfrom paddle_mnist.homework.__main__ import main\n"
        f"main(['list', '--folder', {str(folder)!r}])\n"
        "assert not {'paddle', 'numpy', 'matplotlib'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
