"""The command, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from paddle_mnist.ladder import __main__ as command
from paddle_mnist.ladder.rows import ROWS

# A process that is started in the background, as a whole run of the tests may be, ignores Ctrl-C.
LISTENING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("paddle_mnist.ladder", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cn"], "unknown row 'cn'; did you mean 'cnn'"),
        (["cnn", "--seeds", "0"], "seeds is 0; it must be 1 or more"),
        (["cnn", "--data", "nowhere"], "nowhere"),
        (["--sneeds", "1"], "unrecognized arguments"),
    ],
)
def test_mistakes_are_one_line(words, message, tmp_path, capsys):
    try:
        code = command.main([*words, "--out", str(tmp_path / "runs")])
    except SystemExit as leaving:
        code = leaving.code
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_the_list_trains_nothing(tmp_path, capsys):
    assert command.main(["--list", "--out", str(tmp_path / "runs")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(ROWS)
    assert lines[0].split("  ")[0].strip() == "linear"
    assert lines[0].endswith("0 of 10 seeds are measured")
    assert not (tmp_path / "runs").exists()


def test_a_failure_decides_the_exit_code(tmp_path, capsys, monkeypatch, write_run, wanted):
    for seed in (0, 1):
        write_run(tmp_path, "cnn", seed)
    asked = ["cnn", "--seeds", "3", "--data", "sample", "--out", str(tmp_path), "--json"]
    monkeypatch.setattr(
        "paddle_mnist.ladder.training.run_training_process", lambda words, news: "no memory"
    )
    assert command.main(asked) == 2
    output = capsys.readouterr()
    assert [run["seed"] for run in json.loads(output.out)["cnn"]["runs"]] == [0, 1]
    assert "error: cnn, seed 2: no memory\n" in output.err
    assert (tmp_path / "ladder.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX interrupts a group of processes")
def test_it_trains_stops_and_goes_on(tmp_path):
    words = ["linear", "--seeds", "2", "--data", "sample", "--out", str(tmp_path / "runs")]
    start = [sys.executable, "-c", LISTENING, *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    first = subprocess.Popen(start, start_new_session=True, **pipes)
    # The second training has just begun, and will not be over when it is interrupted.
    printed = ""
    while "linear, seed 1: python" not in printed:
        line = first.stdout.readline()
        assert line, first.stderr.read()
        printed += line
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does
    _, errors = first.communicate(timeout=600)
    assert first.returncode == 130
    assert "stopped. What is finished is kept" in errors
    assert "Traceback" not in errors

    second = subprocess.run(start, check=True, **pipes)
    assert "linear: 1 of 2 seeds are measured" in second.stdout
    assert "linear, seed 0: python" not in second.stdout
    assert "`linear` | 785 |" in second.stdout
    results = json.loads((tmp_path / "runs" / "ladder.json").read_text())
    runs = results["linear"]["runs"]
    assert [run["seed"] for run in runs] == [0, 1]
    for run in runs:
        record = json.loads(
            (tmp_path / "runs" / "linear" / f"seed-{run['seed']}" / "run.json").read_text()
        )
        assert run["accuracy"] == record["test"]["accuracy"]
        assert run["accuracy_truncated"] == record["test"]["accuracy_truncated"]
        assert results["linear"]["recipe"]["data"]["fingerprint"] == record["data"]["fingerprint"]
