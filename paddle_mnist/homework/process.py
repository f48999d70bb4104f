"""An answer in its own process: on a copy, with limits on time, memory and output.

Whatever the answer does, the checker gets a reply or says what happened, and nothing is left
running. This keeps faults apart; it is no sandbox (see `guard`).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar

import psutil

import paddle_mnist
from paddle_mnist.homework.checking import Outcome, WrongError, error_as_wrong, run_checks
from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.guard import MEMORY
from paddle_mnist.system.errors import UsageError

if TYPE_CHECKING:
    from typing import TypeGuard  # of Python 3.10

Kind = TypeVar("Kind")

LARGEST_REPLY = 1_000_000  # bytes
MOST_DIGITS = 4_300  # of an integer: what Python itself reads and writes
MOST_PRINTED = 200_000  # bytes
SHOWN_OF_PRINTED = 2_000
LARGEST_FILE = 1_000_000
START_SECONDS = 60  # Python and Paddle, on a busy machine
POLL_SECONDS = 0.05
END_ROUNDS = 50
# How Python names a Chinese comma, bracket or colon between the words of a program.
FULL_WIDTH = re.compile(r"invalid character '(.)' \(U\+(?:FF|30|20)")
MARK = "PADDLE_MNIST_CHECK"


def check_file(exercise: Exercise, path: Path) -> Outcome:
    """Check a learner's file, whatever is in it.

    Args:
        exercise: what it answers.
        path: the file; it is only read.

    Raises:
        UsageError: there is no room for a copy of it.
    """
    try:
        content = _read(path)
    except FileNotFoundError:
        return _failed(exercise, WrongError("no_file"))
    except OSError as error:
        return _failed(exercise, WrongError("unreadable", {"message": error.strerror or error}))
    except WrongError as wrong:
        return _failed(exercise, wrong)
    with _copied(path.name, content) as copy:
        with AnswerProcess(exercise, copy) as answer:
            try:
                answer.load()
            except WrongError as wrong:
                outcome = _failed(exercise, wrong)
            else:
                outcome = run_checks(exercise, answer.ask)
        outcome.printed = answer.printed()
        return outcome


@contextlib.contextmanager
def _copied(name: str, content: bytes) -> Iterator[Path]:
    """A file, alone in a folder of its own, that goes with all that an answer put there."""
    try:
        folder = tempfile.mkdtemp(prefix="paddle_mnist_")
        copy = Path(folder) / name
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
    waiting = [folder] if os.path.isdir(folder) else []  # an answer may have removed it itself
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


def _failed(exercise: Exercise, wrong: WrongError) -> Outcome:
    return Outcome(exercise.number, key=wrong.key, values=wrong.values, details=wrong.details)


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise WrongError("unreadable", {"message": f"{path.stat().st_size:,} bytes"})
    return path.read_bytes()


class AnswerProcess:
    """One process that holds one answer; a context manager that leaves nothing running.

    Args:
        exercise: what is answered.
        copy: a copy of the learner's file, alone in a folder that the answer may write to.
    """

    def __init__(self, exercise: Exercise, copy: Path):
        self.exercise = exercise
        self.mark = secrets.token_hex(16)
        self._replies: queue.Queue[bytes] = queue.Queue()
        self._printed = bytearray()
        self._printed_bytes = 0
        self._setup = {
            "folder": str(copy.parent),
            "path": str(copy),
            "exercise": str(exercise.folder),
            "answer": exercise.answer,
            "not_allowed": exercise.not_allowed,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "paddle_mnist.homework.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(copy.parent),
            start_new_session=True,
        )
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None  # all are pipes
        self._pipes = (stdin, stdout, stderr)
        self._threads = [
            threading.Thread(target=read, args=(pipe,), daemon=True)
            for read, pipe in ((self._read_replies, stdout), (self._read_printed, stderr))
        ]
        for thread in self._threads:
            thread.start()

    def _environment(self, folder: Path) -> dict[str, str]:
        package = str(Path(paddle_mnist.__file__).resolve().parents[1])
        given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        paths = [os.path.abspath(path) for path in given if path]
        return {
            **os.environ,
            MARK: self.mark,
            "PYTHONPATH": os.pathsep.join([package, *paths]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
            **{name: str(folder) for name in ("TMPDIR", "TEMP", "TMP")},
        }

    def __enter__(self) -> AnswerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def load(self) -> None:
        """Run the learner's file.

        Raises:
            WrongError: it fails, or does not hold the function.
        """
        self._seconds_left: float = START_SECONDS
        try:
            problem = self._exchange(self._setup).get("problem")
        except WrongError as wrong:
            # Python itself may crash on a file with too much nesting; it does not end with 1 then.
            if wrong.key == "ended" and wrong.values["code"] != 1:
                raise
            raise WrongError("not_started") from wrong
        if problem is not None:
            raise _unreadable(problem)
        try:
            self._exchange({})
        except WrongError as wrong:
            raise WrongError("not_started") from wrong
        self._seconds_left = self.exercise.seconds
        reply = self._exchange({})
        if "error" in reply:
            raise error_as_wrong(_known_error(reply), {})
        if reply.get("found") is not True:
            names = reply.get("functions")
            if not _is_list_of(names, str):
                raise WrongError("malformed")
            raise WrongError("missing", {"functions": ", ".join(names)[:SHOWN_OF_PRINTED] or "-"})

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Pass a request on, and return the reply; see `answering.Answering.reply`.

        Raises:
            WrongError: there is no reply, or none that can be used.
        """
        reply = self._exchange(request)
        if "error" in reply:
            return {"error": _known_error(reply), "ready_made": [], "changed": []}
        ready_made, changed = reply.get("ready_made"), reply.get("changed")
        if (
            "value" not in reply
            or not _is_list_of(ready_made, str)
            or not _is_list_of(changed, int)
        ):
            raise WrongError("malformed")
        return reply

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        # Nobody can reply to a request before it was made.
        number = secrets.token_hex(16)
        line = json.dumps({"id": number, **request}).encode() + b"\n"
        # An answer that does not read must not keep the checker waiting without a limit.
        writer = threading.Thread(target=self._write, args=(line,), daemon=True)
        self._threads.append(writer)
        writer.start()
        reply = _parse(self._wait())
        if reply.get("id") != number:
            raise WrongError("malformed")
        return reply

    def _write(self, line: bytes) -> None:
        # An answer that has ended cannot be written to; the wait for its reply says so.
        stdin = self._pipes[0]
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()

    def _wait(self) -> bytes:
        # Only waiting for the answer counts; what the checker itself does is not its fault.
        started = time.monotonic()
        try:
            return self._watch(started + self._seconds_left)
        finally:
            self._seconds_left -= time.monotonic() - started

    def _watch(self, deadline: float) -> bytes:
        while True:
            try:
                line = self._replies.get(timeout=POLL_SECONDS)
            except queue.Empty:
                line = None
            if self._printed_bytes > MOST_PRINTED:
                raise WrongError("output", {"kilobytes": MOST_PRINTED // 1000})
            if line:
                return line
            if line is not None:
                raise WrongError("ended", {"code": self._process.wait()})
            if time.monotonic() > deadline:
                raise WrongError("time", {"seconds": self.exercise.seconds})
            if _memory(self._process.pid) > MEMORY:
                raise WrongError("memory")

    def _read_replies(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LARGEST_REPLY):
            self._replies.put(line)
            if not line.endswith(b"\n"):
                break
        self._replies.put(b"")

    def _read_printed(self, pipe: IO[bytes]) -> None:
        while part := os.read(pipe.fileno(), 65536):
            self._printed += part[: max(0, SHOWN_OF_PRINTED - len(self._printed))]
            self._printed_bytes += len(part)

    def printed(self) -> str:
        """What the learner's code printed, its beginning if it is long."""
        text = self._printed.decode("utf-8", errors="replace").strip()
        return f"{text} …" if self._printed_bytes > SHOWN_OF_PRINTED else text

    def _end(self) -> None:
        # One may be starting another while it is ended, so look again until there is none.
        for _ in range(END_ROUNDS):
            found = _descendants(self._process.pid) + _marked(self.mark)
            for process in found:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if not found:
                break
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=1)
        # A pipe that a thread still waits for cannot be closed; it goes when this process ends.
        if not any(thread.is_alive() for thread in self._threads):
            for pipe in self._pipes:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _parse(line: bytes) -> dict[str, Any]:
    if len(line) >= LARGEST_REPLY:
        raise WrongError("too_large", {"megabytes": LARGEST_REPLY / 1_000_000})
    try:
        reply = json.loads(
            line, object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise WrongError("malformed") from error
    if not isinstance(reply, dict):
        raise WrongError("malformed")
    return reply


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _integer(digits: str) -> int:
    # Of Python's versions, not all refuse to spend seconds on such a number.
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"an integer of {len(digits)} digits")
    return int(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _unreadable(problem: Any) -> WrongError:
    kinds = {"message": str, "line": int, "code": str}
    if not isinstance(problem, dict) or any(
        type(problem.get(key)) is not kind for key, kind in kinds.items()
    ):
        return WrongError("malformed")
    line = problem["line"]
    if wide := FULL_WIDTH.search(problem["message"]):
        return WrongError("full_width", {"line": line, "character": wide[1]})
    message = f"{problem['message']} (line {line})" if line else problem["message"]
    code = {"code": problem["code"]} if problem["code"] else {}
    return WrongError("unreadable", {"message": message}, code)


def _known_error(reply: dict[str, Any]) -> dict[str, Any]:
    error = reply["error"]
    kinds = {"types": list, "message": str, "line": int, "code": str}
    if not isinstance(error, dict) or any(type(error.get(key)) is not kinds[key] for key in kinds):
        raise WrongError("malformed")
    if not error["types"] or not _is_list_of(error["types"], str):
        raise WrongError("malformed")
    return error


def _is_list_of(value: Any, kind: type[Kind]) -> TypeGuard[list[Kind]]:
    return isinstance(value, list) and all(type(part) is kind for part in value)


def _descendants(pid: int) -> list[psutil.Process]:
    """What an answer started and what hangs on it, without what has ended already."""
    try:
        found = psutil.Process(pid).children(recursive=True)
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def _marked(mark: str) -> list[psutil.Process]:
    """What an answer started and what no longer hangs on it."""
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
