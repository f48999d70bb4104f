"""What the tests of resuming share: a few digits, trainings in new processes, what came of them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paddle_mnist.data import load_mnist
from paddle_mnist.data.folder import write_folder

ROOT = Path(__file__).parents[3]
DEADLINE = 120  # seconds, for a machine that is busy with other work


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if os.name == "nt" and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="Windows has no such signals"))


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A folder of 47 digits to train on and 6 to test on."""
    folder = tmp_path_factory.mktemp("data") / "few"
    sample = load_mnist("sample", validation=0.0)
    write_folder(folder, sample.train.take(slice(47)), sample.test.take(slice(6)))
    return folder


@pytest.fixture
def start(tmp_path):
    """A function: start the real command in tmp_path; what it prints goes to output and errors."""
    processes = []

    def begin(words: str) -> subprocess.Popen:
        with open(tmp_path / "output", "w") as output, open(tmp_path / "errors", "w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "paddle_mnist.train", *words.split()],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=errors,
                # A whole run of the tests may be in the background, where Ctrl-C is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()  # does nothing where it has ended
        process.wait()


@pytest.fixture
def lines(tmp_path):
    """A function: the lines that a process prints, as they come, until it ends."""

    def read(process: subprocess.Popen) -> Iterator[str]:
        with open(tmp_path / "output") as file:
            ended = False
            while not ended:
                ended = process.poll() is not None
                yield from file
                time.sleep(0.001)

    return read


@pytest.fixture
def train(start, tmp_path):
    """A function: run the real command to its end; returns what it printed."""

    def run(words: str) -> str:
        code = start(words).wait(DEADLINE)
        assert (code, (tmp_path / "errors").read_text()) == (0, ""), words
        return (tmp_path / "output").read_text()

    return run


@pytest.fixture(scope="session")
def trainings(tmp_path_factory):
    """The process that forks others, which is quicker than starting Python again."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PADDLE_MNIST_OFFLINE": "1"}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "promises" / "processes" / "trainings.py")],
        env=environment,
        cwd=tmp_path_factory.mktemp("trainings"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def fork(trainings, tmp_path) -> Callable[..., tuple[int, str]]:
    """A function: run the command in a forked process; returns exit code and what was printed.

    `words` may name --out and --data with whole paths only. For the options, see trainings.py.
    """

    def run(words: str, **options: Any) -> tuple[int, str]:
        output = tmp_path / "forked"
        asked = {"words": words.split(), "output": str(output), **options}
        trainings.stdin.write(json.dumps(asked) + "\n")
        trainings.stdout.readline()
        code = int(trainings.stdout.readline())
        return code, output.read_text()

    return run


@pytest.fixture(scope="session")
def outcome():
    """A function: all that a run has come to, but for the seconds that it took."""

    def read(run: Path) -> dict[str, Any]:
        record = json.loads((run / "run.json").read_bytes())
        for values in (record, *record["history"]):
            del values["seconds"]
        del record["sha256"]  # of the seconds, too
        with open(run / "history.csv", newline="") as file:
            rows = [{**row, "seconds": None} for row in csv.DictReader(file)]
        names = sorted(path.name for path in run.iterdir())
        files = [run / name for name in names if name.endswith(".safetensors")]
        bits = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        return {**record, "csv": rows, "names": names, "bits": bits}

    return read


@pytest.fixture(scope="session")
def epochs():
    """A function: how many epochs a run has saved."""

    def count(run: Path) -> int:
        try:
            return len(json.loads((run / "run.json").read_bytes())["history"])
        except FileNotFoundError:
            return 0

    return count
