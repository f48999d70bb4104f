"""Whatever an answer does: it is reported in time, and the learner's files are as they were.

It is fault isolation, not a sandbox: these are accidents and crude attacks.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from paddle_mnist.homework.checking import WrongError
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.process import (
    LARGEST_REPLY,
    AnswerProcess,
    _parse,
    check_file,
)
from paddle_mnist.homework.values import encode, tensor

# A real exercise, with a shorter limit than its 10 seconds.
EXERCISE = dataclasses.replace(find_exercise("3-1"), seconds=4)
LONGEST = 25  # seconds, of notes/promises.md
SOLUTION = EXERCISE.solution

posix = pytest.mark.skipif(os.name != "posix", reason="what it does exists on POSIX systems only")
linux = pytest.mark.skipif(sys.platform != "linux", reason="it uses Linux' own C library")


@pytest.fixture
def homework(tmp_path):
    """A learner's folder with other work in it, and a function that adds the answer."""
    folder = tmp_path / "course" / "work" / "homework"
    folder.mkdir(parents=True)
    (folder / "2_1_accuracy.py").write_text("mine = 1\n")
    (folder / "progress.json").write_text("{}")
    (tmp_path / "course" / "work" / "photo.jpg").write_bytes(b"\xff\xd8 not to be lost")

    def write(code: str) -> Path:
        path = folder / EXERCISE.file_name
        path.write_text(code.replace("COURSE", repr(str(tmp_path / "course"))), encoding="utf-8")
        return path

    return write


def hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_mode}".encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


@pytest.fixture(autouse=True)
def nothing_is_left_running(monkeypatch, tmp_path):
    """Every process that a check starts inherits a variable of this test's own."""
    monkeypatch.setenv("STARTED_BY", str(tmp_path))
    yield
    for process in psutil.process_iter(["environ", "cmdline"]):
        if (process.info["environ"] or {}).get("STARTED_BY") == str(tmp_path):
            pytest.fail(f"left running: {process}")


def function(*lines: str) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"import os, sys, time\n\n\ndef softmax(logits):\n{body}\n"


FORGED = '{"id": "0", "value": true, "ready_made": [], "changed": []}\\n'
PICKLE = "import pickle\nanswer = pickle.dumps({'passed': True}) + b'\\n'\n"

# What an answer does, and the keys by which it may be told.
HOSTILE: dict[str, tuple[str, set[str]]] = {
    "endless loop": (function("while True:", "    pass"), {"time"}),
    "endless loop outside of the function": ("while True:\n    pass\n", {"time"}),
    "sleep": (function("time.sleep(1000)"), {"time"}),
    "deaf to signals": (
        "import signal\nfor number in range(1, 30):\n"
        "    if number not in (9, 19):\n        signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n    pass\n",
        {"time"},
    ),
    "swallows every exception": (
        function("while True:", "    try:", "        exit()", "    except BaseException:")
        + "            pass\n",
        {"time"},
    ),
    "a generator without end": (function("return sum(iter(lambda: 1, 2))"), {"time"}),
    "flood of output": (function("while True:", "    print('x' * 1000)"), {"output"}),
    "flood without a line's end": (
        function("while True:", "    sys.stderr.write('x' * 1000)"),
        {"output"},
    ),
    "10 GB at once": (function("return bytearray(10 << 30)"), {"memory"}),
    "10 GB bit by bit": (
        function("kept = []", "while True:", "    kept.append(b'x' * (100 << 20))"),
        {"memory", "time"},
    ),
    "10 GB in a tensor": (
        "import paddle\n" + function("return paddle.ones([10 << 30])"),
        {"memory", "error"},
    ),
    "recursion without end": (function("return softmax(logits)"), {"error"}),
    "os._exit": (function("os._exit(0)"), {"ended"}),
    "exit": (function("sys.exit(0)"), {"error"}),
    "exit outside of the function": ("raise SystemExit\n", {"error"}),
    "KeyboardInterrupt": (function("raise KeyboardInterrupt"), {"ended"}),
    "crash": ("import ctypes\n" + function("return ctypes.string_at(0)"), {"ended"}),
    "fork": (function("os.fork()"), {"refused"}),
    "fork bomb": (function("while True:", "    os.fork()"), {"refused"}),
    "other processes": (
        "import subprocess\n" + function("subprocess.Popen(['sleep', '1000'])"),
        {"refused"},
    ),
    "kill the checker": (function("os.kill(os.getppid(), 9)"), {"refused"}),
    "the network": (
        "import socket\n" + function("socket.create_connection(('127.0.0.1', 9))"),
        {"refused"},
    ),
    "deletes the course": (f"import shutil\n{function('shutil.rmtree(COURSE)')}", {"refused"}),
    "deletes the course, and hides it": (
        f"import shutil\nshutil.rmtree(COURSE, ignore_errors=True)\n{SOLUTION}",
        {None},
    ),
    "deletes file after file": (
        "import os\nfor folder, _, names in os.walk(COURSE):\n    for name in names:\n"
        "        os.remove(os.path.join(folder, name))\n",
        {"refused"},
    ),
    "overwrites the answers": (
        "import pathlib\nfor path in pathlib.Path(COURSE).rglob('*.py'):\n"
        "    path.write_text('passed = True')\n",
        {"refused"},
    ),
    "renames the folder": ("import os\nos.rename(COURSE, COURSE + '.old')\n", {"refused"}),
    "takes away rights": ("import os\nos.chmod(COURSE, 0)\n", {"refused"}),
    "a link as a way out": (
        "import os\nos.symlink(COURSE, 'out')\nopen('out/work/photo.jpg', 'w')\n",
        {"refused"},
    ),
    "deletes its own folder": (
        f"import os, shutil\nshutil.rmtree(os.getcwd())\n{SOLUTION}",
        {None},
    ),
    "fills the disk": (
        "file = open('large', 'wb')\nwhile True:\n    file.write(bytes(1 << 20))\n",
        {"error"},
    ),
    "closes all files": (function("os.closerange(0, 1000)"), {"ended"}),
    "reads the requests": (function("return input()"), {"error"}),
    "forged result in the output": (
        f"print('{FORGED}')\n" + function(f"print('{FORGED}')", "return True"),
        {"kind"},
    ),
    "forged result everywhere": (
        f"import os\nfor number in range(3, 100):\n    try:\n"
        f"        os.write(number, b'{FORGED}')\n    except OSError:\n        pass\nos._exit(0)\n",
        {"malformed"},
    ),
    "pickled result": (
        PICKLE + "import os\nfor number in range(3, 100):\n    try:\n"
        "        os.write(number, answer)\n    except OSError:\n        pass\nos._exit(0)\n",
        {"malformed"},
    ),
    "not UTF-8 as result": (
        "import os\nfor number in range(3, 100):\n    try:\n"
        "        os.write(number, bytes([255, 254, 10]))\n    except OSError:\n        pass\n",
        {"malformed"},
    ),
    "1 MB as result": (function("return 'x' * 1_000_000"), {"too_large"}),
    "1 GB as result": (function("return [logits.numpy()] * 10_000_000"), {"memory", "time"}),
    "nested result": (
        function("nest = []", "for _ in range(100_000):", "    nest = [nest]", "return nest"),
        {"error", "error_elsewhere"},
    ),
    "result that contains itself": (
        function("nest = []", "nest.append(nest)", "return nest"),
        {"error", "error_elsewhere"},
    ),
    "an object with traps": (
        "class Trap:\n    def __getattr__(self, name):\n        raise SystemExit\n"
        "    def __repr__(self):\n        while True:\n            pass\n"
        "    def __reduce__(self):\n        return exit, ()\n" + function("return Trap()"),
        {"kind"},
    ),
    "an exception with traps": (
        "class Trap(Exception):\n    def __str__(self):\n        raise ValueError\n"
        + function("raise Trap"),
        {"error"},
    ),
    "an exception of 100 MB": (function("raise ValueError('x' * (100 << 20))"), {"error"}),
    "changes what compares": (
        "import numpy\nnumpy.allclose = lambda *a, **b: True\n"
        "numpy.testing.assert_allclose = lambda *a, **b: None\n"
        "import paddle_mnist.homework.checking as checking\n"
        "checking.is_close = lambda *a, **b: True\n" + function("return logits"),
        {"value"},
    ),
    "threads without end": (
        "import threading\n"
        "def spin():\n    while True:\n        pass\n"
        "for _ in range(20):\n    threading.Thread(target=spin).start()\n" + SOLUTION,
        {None, "time"},
    ),
    "empty file": ("", {"missing"}),
    "no Python": ("softmax = )\n", {"unreadable"}),
    "a zero byte": ("softmax = 1\0\n", {"unreadable"}),
    "nested brackets": ("softmax = " + "(" * 10_000 + "\n", {"unreadable"}),
}

POSIX_ONLY = {"fork", "fork bomb", "kill the checker", "deaf to signals", "crash"}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_answer_is_reported_and_does_no_harm(case, homework, tmp_path):
    if case in POSIX_ONLY and os.name != "posix":
        pytest.skip("what it does exists on POSIX systems only")
    code, keys = HOSTILE[case]
    path = homework(code)
    before = hash_of(tmp_path)
    started = time.monotonic()
    outcome = check_file(EXERCISE, path)
    assert time.monotonic() - started < LONGEST
    assert outcome.key in keys, (outcome.key, outcome.values, outcome.printed)
    assert outcome.passed == (outcome.key is None)
    assert hash_of(tmp_path) == before


def test_there_are_enough_hostile_answers():
    assert len(HOSTILE) >= 25


@posix
def test_without_the_guard_the_answer_deletes_the_course(homework, tmp_path):
    # The control: the same answer in a process without our rails does the harm.
    path = homework(HOSTILE["deletes the course, and hides it"][0])
    subprocess.run([sys.executable, path], check=False, capture_output=True)
    assert not (tmp_path / "course").exists()


@linux
def test_a_process_that_hides_from_its_parent_is_ended_too(homework):
    # Past the audit hook, by the C library, into a session of its own.
    code = (
        "import ctypes, os, time\nlibc = ctypes.CDLL(None)\n"
        "if libc.fork() == 0:\n    os.setsid()\n    if libc.fork() == 0:\n"
        "        time.sleep(1000)\n    os._exit(0)\n"
    )
    outcome = check_file(EXERCISE, homework(code + SOLUTION))
    assert outcome.passed


@posix
def test_an_answer_that_reads_no_more_requests(tmp_path):
    # It stops itself, with the next request, of more than a pipe holds, on its way.
    exercise = dataclasses.replace(find_exercise("5-1"), seconds=4)
    stop = (
        "import signal, threading, time\n\n\ndef stop():\n    time.sleep(0.2)\n"
        "    signal.raise_signal(signal.SIGSTOP)\n\n\n"
        "threading.Thread(target=stop).start()\ntime.sleep(0.1)\n"
    )
    path = tmp_path / exercise.file_name
    path.write_text(stop + exercise.solution.replace("    ", "    time.sleep(0.2)\n    ", 1))
    assert check_file(exercise, path).key == "time"


def test_what_is_printed_is_shown_shortened(homework):
    outcome = check_file(EXERCISE, homework("print('first')\nprint('x' * 50_000)\n" + SOLUTION))
    assert outcome.passed
    assert outcome.printed.startswith("first\nxxx")
    assert len(outcome.printed) < 3_000


def test_an_error_names_the_learners_line(homework):
    outcome = check_file(EXERCISE, homework(function("a = 1", "return a + missing_name")))
    assert (outcome.key, outcome.values["type"]) == ("error", "NameError")
    assert outcome.values["line"] == 6
    assert outcome.details["code"] == "return a + missing_name"


def test_a_file_that_is_not_there(tmp_path):
    assert check_file(EXERCISE, tmp_path / "none.py").key == "no_file"
    assert check_file(EXERCISE, tmp_path).key == "unreadable"


def test_a_renamed_function_is_named(homework):
    outcome = check_file(EXERCISE, homework("def sotfmax(logits):\n    return logits\n"))
    assert (outcome.key, outcome.values) == ("missing", {"functions": "sotfmax"})


@pytest.mark.parametrize("sign", "，：（”。")
def test_a_chinese_sign_in_the_program_is_named(homework, sign):
    outcome = check_file(EXERCISE, homework(f"a = 1\nb = [1{sign} 2]\n"))
    assert (outcome.key, outcome.values) == ("full_width", {"line": 2, "character": sign})


def test_time_of_the_checker_does_not_count(homework, monkeypatch):
    with AnswerProcess(EXERCISE, homework(SOLUTION)) as answer:
        answer.load()
        left = answer._seconds_left
        time.sleep(0.5)
        answer.ask({"run": None, "arguments": [encode(tensor([[1.0]]))]})
        assert left - answer._seconds_left < 0.5


def test_a_file_that_is_too_large(homework):
    assert check_file(EXERCISE, homework("#" * 2_000_000)).key == "unreadable"


def test_the_answer_sees_a_copy_alone_in_its_folder(homework, tmp_path):
    code = "import os\nprint(sorted(os.listdir()), COURSE in os.path.abspath(__file__))\n"
    outcome = check_file(EXERCISE, homework(code + SOLUTION))
    assert outcome.printed == f"['{EXERCISE.file_name}'] False"


def test_the_answer_may_write_beside_itself(homework):
    code = (
        "import pathlib, tempfile\npathlib.Path('mine.txt').write_text('1')\n"
        "pathlib.Path('folder').mkdir()\npathlib.Path('mine.txt').rename('folder/mine.txt')\n"
        "with tempfile.TemporaryDirectory() as place:\n"
        "    pathlib.Path(place, 'mine.txt').write_text('1')\n"
    )
    outcome = check_file(EXERCISE, homework(code + SOLUTION))
    assert outcome.passed, outcome


@pytest.mark.parametrize(
    "line",
    [
        b"\x80\x04\x95",
        b"",
        b"[]\n",
        b"null\n",
        b"{",
        b"[" * 100_000,
        b"x" * LARGEST_REPLY,
    ],
)
def test_a_reply_that_is_not_ours_is_refused(line):
    with pytest.raises(WrongError) as wrong:
        _parse(line)
    assert wrong.value.key in ("malformed", "too_large")


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"value": 1},
        {"value": 1, "ready_made": "F.softmax", "changed": []},
        {"value": 1, "ready_made": [], "changed": [[]]},
        {"error": "wrong"},
        {"error": {"types": [], "message": "", "line": 0, "code": ""}},
        {"error": {"types": ["A"], "message": "", "line": "x", "code": ""}},
        {"error": {"types": [1], "message": "", "line": 0, "code": ""}},
    ],
)
def test_a_reply_with_other_parts_is_refused(reply, homework, monkeypatch):
    copy = homework(SOLUTION)
    with AnswerProcess(EXERCISE, copy) as answer:
        answer.load()
        monkeypatch.setattr(AnswerProcess, "_exchange", lambda self, request: reply)
        with pytest.raises(WrongError) as wrong:
            answer.ask({"run": None, "arguments": []})
    assert wrong.value.key == "malformed"


def test_a_reply_to_another_request_is_refused(homework, monkeypatch):
    with AnswerProcess(EXERCISE, homework(SOLUTION)) as answer:
        answer.load()
        monkeypatch.setattr(AnswerProcess, "_wait", lambda self: json.dumps({"id": "1"}).encode())
        with pytest.raises(WrongError) as wrong:
            answer.ask({"run": None, "arguments": []})
    assert wrong.value.key == "malformed"
