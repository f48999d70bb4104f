"""A learner's file is checked in a process of its own: with limits on time, memory and output.

Whatever the answer does, there is an outcome, and nothing is left running. The process runs the
checks itself (see `worker`); this side only watches it. That keeps faults apart; it is no sandbox
(see `guard`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

import paddle_mnist
from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.guard import MEMORY
from paddle_mnist.homework.outcome import Outcome, WrongError, parse_outcome
from paddle_mnist.system.errors import UsageError

LARGEST_MESSAGE = 1_000_000  # bytes
MOST_PRINTED = 200_000  # bytes
SHOWN_OF_PRINTED = 2_000
LARGEST_FILE = 1_000_000
RUNNING = 2  # empty lines: the answer runs
START_SECONDS = 60  # Python and Paddle, on a busy machine
POLL_SECONDS = 0.05
END_ROUNDS = 50
MARK = "PADDLE_MNIST_CHECK"


def check_file(exercise: Exercise, path: Path) -> Outcome:
    """Check a learner's file, whatever is in it.

    Args:
        exercise: what it answers.
        path: the file; it is only read.

    Raises:
        UsageError: there is no room for a copy of it.
        DataError: the data that the exercise needs is named, and cannot be read.
    """
    try:
        content = _read(path)
        variables = _data_variable() if exercise.all_of_mnist else {}
        with _folder_with(path.name, content) as copy:
            return _check_copy(exercise, copy, variables)
    except WrongError as wrong:
        return Outcome.of_error(exercise, wrong)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size <= LARGEST_FILE:
            return path.read_bytes()
    except FileNotFoundError:
        raise WrongError("no_file") from None
    except OSError as error:
        raise WrongError("unreadable", {"message": error.strerror or str(error)}) from error
    raise WrongError("unreadable", {"message": f"{size:,} bytes"})


def _data_variable() -> dict[str, str]:
    # A process that checks uses no network, so what is to be downloaded is downloaded before.
    from paddle_mnist.data import load_mnist
    from paddle_mnist.data.mnist import DATA_VARIABLE

    source = load_mnist().source
    return {DATA_VARIABLE: "sample" if source.kind == "sample" else os.path.abspath(source.path)}


@contextlib.contextmanager
def _folder_with(name: str, content: bytes) -> Iterator[Path]:
    """Copy a file, alone into a folder that goes with all that an answer puts there."""
    try:
        folder = tempfile.mkdtemp(prefix="paddle_mnist_")
        copy = Path(folder, "answer", name)
        copy.parent.mkdir()
        copy.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"there is no room for a copy of {name}, on which it is checked: {error}; let TMPDIR "
            "name a folder that can be written"
        ) from error
    try:
        yield copy
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    # Not shutil.rmtree, which gives up where an answer put a thousand folders into each other: here
    # each is first moved up, so that no path gets long.
    waiting = [folder]
    for path in waiting:
        os.chmod(path, 0o700)
        with os.scandir(path) as entries:
            found = list(entries)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                waiting.append(os.path.join(folder, secrets.token_hex(8)))
                os.rename(entry.path, waiting[-1])
            else:
                os.unlink(entry.path)
    for path in reversed(waiting):
        os.rmdir(path)


def _check_copy(exercise: Exercise, copy: Path, variables: dict[str, str]) -> Outcome:
    """Check a file in a process of its own, which may write into the folder of that file."""
    told, printed = copy.parent.with_name("told"), copy.parent.with_name("printed")
    number, mark = secrets.token_hex(16), secrets.token_hex(16)
    command = [sys.executable, "-u", "-m", "paddle_mnist.homework.worker"]
    with open(told, "wb") as stdout, open(printed, "wb") as stderr:
        process = subprocess.Popen(
            [*command, str(exercise.folder), str(copy), number],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **variables, **_environment(copy.parent), MARK: mark},
            start_new_session=True,
        )
    try:
        message = _wait(process, exercise, told, printed)
        outcome = parse_outcome(message, number, exercise)
    except WrongError as wrong:
        outcome = Outcome.of_error(exercise, wrong)
    finally:
        _end(process, mark)
    outcome.printed = _beginning(printed)
    return outcome


def _environment(folder: Path) -> dict[str, str]:
    package = str(Path(paddle_mnist.__file__).resolve().parents[1])
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [os.path.abspath(path) for path in given if path]
    return {
        "PYTHONPATH": os.pathsep.join([package, *paths]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        **{name: str(folder) for name in ("TMPDIR", "TEMP", "TMP")},
    }


def _wait(process: subprocess.Popen[bytes], exercise: Exercise, told: Path, printed: Path) -> bytes:
    """Return the line with the outcome; empty ones before it say how far the process is.

    Raises:
        WrongError: there is none, or the process takes too much of something.
    """
    count, since = 0, time.monotonic()
    while True:
        code = process.poll()  # before what it told is read, so that all of that is there
        with open(told, "rb") as file:
            lines = file.read(LARGEST_MESSAGE).split(b"\n")[:-1]
        if len(lines) > count:
            count, since = len(lines), time.monotonic()
        if printed.stat().st_size > MOST_PRINTED:
            raise WrongError("output", {"kilobytes": MOST_PRINTED // 1000})
        if outcome := next(filter(None, lines), None):
            return outcome
        seconds = START_SECONDS if count < RUNNING else exercise.seconds
        is_late = time.monotonic() - since > seconds
        if code is not None or is_late:
            # Python itself may crash on a file with too much nesting; it does not end with 1 then.
            has_crashed = count == 0 and code not in (None, 1)
            if count < RUNNING and not has_crashed:
                raise WrongError("not_started")
            if code is not None:
                raise WrongError("ended", {"code": code})
            raise WrongError("time", {"seconds": exercise.seconds})
        if _memory(process.pid) > MEMORY:
            raise WrongError("memory")
        time.sleep(POLL_SECONDS)


def _beginning(printed: Path) -> str:
    with open(printed, "rb") as file:
        beginning = file.read(SHOWN_OF_PRINTED)
    text = beginning.decode("utf-8", errors="replace").strip()
    return f"{text} …" if printed.stat().st_size > SHOWN_OF_PRINTED else text


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a process and all that it started, whether it still hangs on it or not."""
    # One may be starting another while it is ended, so look again until there is none.
    for _ in range(END_ROUNDS):
        found = _descendants(process.pid) + _marked(mark)
        for one in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        if not found:
            break
    process.kill()
    process.wait()


def _descendants(pid: int) -> list[psutil.Process]:
    """Return what an answer started and what hangs on it, without what has ended already."""
    try:
        found = psutil.Process(pid).children(recursive=True)
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def _marked(mark: str) -> list[psutil.Process]:
    """Return what an answer started, whether it still hangs on it or not."""
    found = []
    for process in psutil.process_iter():
        # Another user's process, or one that has just ended, is none of ours.
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                found.append(process)
    return found


def _memory(pid: int) -> int:
    try:
        whole = psutil.Process(pid)
        return sum(part.memory_info().rss for part in [whole, *whole.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0
