"""A library that makes writes go wrong, and a process that is started with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WITH_PADDLE = ("history.csv", "a picture", "the page", "model.pdparams", "export", "paddle.save")


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> Path:
    """faults.c, compiled."""
    if sys.platform != "linux":
        pytest.skip("only Linux loads such a library")
    compiler = shutil.which("gcc")
    if not compiler:
        pytest.skip("gcc is not installed")
    built = tmp_path_factory.mktemp("library") / "faults.so"
    options = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-U_FORTIFY_SOURCE"]
    subprocess.run([compiler, *options, "-o", built, HERE / "faults.c", "-ldl"], check=True)
    return built


@pytest.fixture(scope="session")
def ask(library) -> Iterator[Callable[..., dict]]:
    """A function: let a warm process do something; returns what it tells, see warm.py."""
    processes: dict[bool, subprocess.Popen] = {}
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[2]),
        "LD_PRELOAD": str(library),
        "NO_PROXY": "127.0.0.1",
    }

    def send(**request: object) -> dict:
        # A process with Paddle in it is slow to fork, so another one does what needs no Paddle.
        large = request["name"].startswith(WITH_PADDLE)
        if large not in processes:
            processes[large] = subprocess.Popen(
                [sys.executable, HERE / "warm.py"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
        process = processes[large]
        process.stdin.write(json.dumps(request, default=str) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the process has ended; its traceback is among what was written to stderr"
        return json.loads(answer)

    yield send
    for process in processes.values():
        process.stdin.close()
        process.stdout.close()
        assert process.wait() == 0
