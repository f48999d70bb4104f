"""`paddle-mnist COMMAND` and `python -m paddle_mnist COMMAND`: one entry for all commands."""

from __future__ import annotations

import configparser
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_mnist import __main__ as program

ROOT = Path(__file__).parents[1]


def run(*words: str, cwd=None) -> subprocess.CompletedProcess:
    """Run a real process."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_console_script_is_this_program():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    script = setup["options.entry_points"]["console_scripts"].strip()
    name, _, target = script.partition(" = ")
    module, _, function = target.partition(":")
    assert name == "paddle-mnist"
    assert getattr(importlib.import_module(module), function) is program.main


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_the_commands(capsys, word):
    assert program.main([word]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for command in ("train", "evaluate", "predict", "homework"):
        assert f"  {command} " in out


@pytest.mark.parametrize(
    ("words", "found"), [([], "a command is missing"), (["trian"], "unknown command 'trian'")]
)
def test_a_wrong_command_is_refused(capsys, words, found):
    assert program.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"error: {found}; the commands are: {', '.join(program.COMMANDS)}\n"


@pytest.mark.parametrize("word", ["import-weights", "import_weights"])
def test_a_command_of_two_words_is_found_by_both_spellings(capsys, word):
    with pytest.raises(SystemExit) as stop:
        program.main([word, "--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m paddle_mnist.import_weights ")


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_help_of_a_command_does_not_import_paddle(command):
    code = f"import sys, paddle_mnist.{command} as command; command.main(['--help'])"
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"usage: python -m paddle_mnist.{command} ")
    imported = [line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()]
    assert f"paddle_mnist.{command}" in imported
    assert not {"paddle", "matplotlib", "PIL.Image", "httpx"} & set(imported)


def test_a_training_through_the_program(tmp_path):
    words = "--stage linear --data sample --epochs 1 --batch-size 500"
    finished = run("paddle_mnist", "train", *words.split(), cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines()[-1].startswith("test accuracy 0.")
    assert (tmp_path / "runs" / "linear" / "run.json").exists()


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "paddle_mnist", "train", "--stage", "cnn", "--summary"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141
