"""Contestants, each in a process of its own, that do a task in turns: A B C, A B C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
# What could favour one side.
SETTINGS_OF_FRAMEWORKS = ("MKL_", "OMP_", "KMP_", "OPENBLAS_", "FLAGS_", "TF_", "KERAS_")

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Contestant:
    """Who competes.

    Attributes:
        name: as the tables have it.
        module: the file beside this one with its tasks.
        of_peers: whether it runs in the environment of the peers.
        variants: settings for every task; the quickest ones are used, so that nobody is measured
            with settings that do not suit the task.
        environment: variables of its process.
    """

    name: str
    module: str
    of_peers: bool
    variants: tuple[Settings, ...] = ({},)
    environment: Mapping[str, str] | None = None


# As `runtime.prepare(1)` sets it: the stages train with one thread.
ONE_THREAD = {"MKL_NUM_THREADS": "1"}
PACKAGE = Contestant("paddle_mnist", "with_package", False, environment=ONE_THREAD)
PADDLE = Contestant("Paddle's defaults", "with_paddle", False)
TORCH = Contestant(
    "PyTorch",
    "with_torch",
    True,
    tuple({"threads": n, "channels_last": last} for n in (1, 2) for last in (False, True)),
)
KERAS = Contestant(
    "Keras",
    "with_keras",
    True,
    tuple({"threads": n, "compiled": compiled} for n in (1, 2) for compiled in (True, False)),
)
ONNXRUNTIME = Contestant(
    "onnxruntime", "with_onnxruntime", True, tuple({"threads": n} for n in (1, 2))
)


@dataclass(frozen=True)
class Entry:
    """A contestant with the task that it does.

    Attributes:
        contestant: who.
        task: a function of its module.
        arguments: of the function, beside the contestant's settings; JSON values.
        settings: one of the contestant's variants; None: none is chosen yet.
    """

    contestant: Contestant
    task: str
    arguments: Mapping[str, Any]
    settings: Settings | None = None


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process' variables without those that steer a framework, and with some others."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(SETTINGS_OF_FRAMEWORKS)
    }
    path = os.pathsep.join(map(str, (BENCHMARKS, ROOT)))
    return {**kept, "PYTHONPATH": path, **(extra or {})}


class Worker:
    """A process that does one entry's task whenever it is asked to.

    Attributes:
        version: of its framework.
        start_seconds: from its start until the task was prepared.
    """

    def __init__(self, entry: Entry, peers: Path) -> None:
        contestant = entry.contestant
        arguments = {**entry.arguments, **(entry.settings or {})}
        python = str(peers) if contestant.of_peers else sys.executable
        words = [python, "-m", "compare.worker", contestant.module, entry.task]
        self.name = f"{contestant.name}, {entry.task}"
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [*words, json.dumps(arguments)],
            env=clean_environment(contestant.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.version = self._answer()["version"]
        self.start_seconds = time.perf_counter() - started

    def act(self) -> dict[str, Any]:
        """Do the task once: seconds, peak (MiB), and what the action returned."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            reason = self.errors.read().decode(errors="replace").strip()
            raise SystemExit(f"error: {self.name} failed:\n{reason[-2000:]}")
        return json.loads(line)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def run_once(entry: Entry, peers: Path) -> dict[str, Any]:
    """Do a task once in a fresh process; `start_seconds` is what came before it."""
    with Worker(entry, peers) as worker:
        return {**worker.act(), "start_seconds": worker.start_seconds, "version": worker.version}


def with_first_settings(entry: Entry) -> Entry:
    """The entry with the first settings of its contestant."""
    return replace(entry, settings=entry.contestant.variants[0])


def with_quickest_settings(entry: Entry, peers: Path) -> Entry:
    """The entry with those settings of its contestant that are quickest for this task.

    Each variant does the task twice, and the second time counts.
    """
    variants = entry.contestant.variants
    if len(variants) == 1:
        return with_first_settings(entry)
    seconds = []
    for settings in variants:
        with Worker(replace(entry, settings=settings), peers) as worker:
            worker.act()
            seconds.append(worker.act()["seconds"])
    return replace(entry, settings=variants[seconds.index(min(seconds))])


def take_turns(entries: list[Entry], rounds: int, peers: Path) -> dict[str, dict[str, Any]]:
    """Let several contestants do their tasks in turns.

    Args:
        entries: of different contestants, with settings.
        rounds: how often each is timed, after once that is not.
        peers: the Python of the peers' environment.

    Returns:
        Of each contestant by name: seconds (one number a round), peak (MiB), settings, version.
    """
    found: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(entry, peers)) for entry in entries]
        for entry, worker in zip(entries, workers):
            worker.act()
            found[entry.contestant.name] = {
                "seconds": [],
                "settings": dict(entry.settings or {}),
                "version": worker.version,
            }
        for _ in range(rounds):
            for entry, worker in zip(entries, workers):
                answer = worker.act()
                row = found[entry.contestant.name]
                row["seconds"].append(answer["seconds"])
                row["peak"] = answer["peak"]
    return found
