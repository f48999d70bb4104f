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
from hypothesis import given
from hypothesis import strategies as some

import paddle_mnist
from paddle_mnist.homework.answer_file import check_syntax
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.outcome import Outcome, WrongError, parse_outcome
from paddle_mnist.homework.process import _remove, check_file
from paddle_mnist.homework.texts import LABELS, PROBLEMS
from paddle_mnist.homework.workbook import Workbook

# A real exercise, with a shorter limit than its 10 seconds.
EXERCISE = dataclasses.replace(find_exercise("3-1"), seconds=4)
LONGEST = 25  # seconds in which each answer is reported
SOLUTION = EXERCISE.solution

posix = pytest.mark.skipif(os.name != "posix", reason="what it does exists on POSIX systems only")
reported = pytest.mark.promise(row=20)
unchanged = pytest.mark.promise(row=21)
as_data = pytest.mark.promise(row=22)
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


CHECKS = list(EXERCISE.feedback("en").checks)
FORGED = json.dumps({"id": "0", **dataclasses.asdict(Outcome("3-1", True, CHECKS))})
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
    "nested folders": (
        "import os\nfor _ in range(3000):\n    os.mkdir('in')\n    os.chdir('in')\n" + SOLUTION,
        {None, "error", "time"},
    ),
    "a folder without rights": (
        "import os\nos.makedirs('closed/in')\nos.chmod('closed/in', 0)\nos.chmod('closed', 0)\n"
        + SOLUTION,
        {None},
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
        f"print('{FORGED}\\n')\n" + function(f"print('{FORGED}\\n')", "return True"),
        {"kind"},
    ),
    "forged result everywhere": (
        f"import os\nfor number in range(3, 100):\n    try:\n"
        f"        os.write(number, b'{FORGED}\\n')\n    except OSError:\n        pass\n"
        "os._exit(0)\n",
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
    "1 GB as result": (function("return [logits.numpy()] * 10_000_000"), {"too_large"}),
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

# What answers do to files that are not theirs. The last two would only have opened the course's own
# files, and stand for worse.
DESTRUCTIVE: dict[str, tuple[str, set[str]]] = {
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
    "moves a file of its own over an answer": (
        "import os\nopen('mine', 'w').close()\n"
        "os.replace('mine', os.path.join(COURSE, 'work/homework/2_1_accuracy.py'))\n",
        {"refused"},
    ),
    "writes into the course's code": (f"open({paddle_mnist.__file__!r}, 'a')\n", {"refused"}),
    "writes into the solution": (
        f"open({str(EXERCISE.folder / 'solution.py')!r}, 'r+b')\n",
        {"refused"},
    ),
}
ALL = {**HOSTILE, **DESTRUCTIVE}
POSIX_ONLY = {"fork", "fork bomb", "kill the checker", "deaf to signals", "crash"}
# Others of their kind are tried in every run.
WITH_SLOW = {
    *("endless loop outside of the function", "sleep", "swallows every exception"),
    *("a generator without end", "flood without a line's end", "10 GB in a tensor"),
    *("10 GB bit by bit", "exit", "fork", "other processes", "threads without end"),
    *("forged result in the output", "not UTF-8 as result", "nested result", "1 GB as result"),
    *("an exception with traps", "empty file", "nested brackets", "reads the requests"),
    *("deletes the course", "deletes file after file", "overwrites the answers"),
    *(
        "takes away rights",
        "nested folders",
        "a link as a way out",
        "moves a file of its own over an answer",
    ),
}
OWN_CODE = Path(paddle_mnist.__file__).parent / "homework"


def problem_with(case, homework, folder) -> str:
    """What went wrong when an answer was checked; empty: nothing."""
    code, keys = ALL[case]
    path = homework(code)
    before = hash_of(folder), hash_of(OWN_CODE)
    started = time.monotonic()
    outcome = check_file(EXERCISE, path)
    seconds = time.monotonic() - started
    if seconds > LONGEST:
        return f"{case}: {seconds:.0f} s"
    if outcome.key not in keys or outcome.passed != (outcome.key is None):
        return f"{case}: {outcome.key} {outcome.values} {outcome.printed}"
    if (hash_of(folder), hash_of(OWN_CODE)) != before:
        return f"{case}: files have changed"
    return ""


def chosen(cases, trials):
    chosen = [case for case in cases if case not in WITH_SLOW]
    chosen = trials(chosen, list(cases))
    return [case for case in chosen if os.name == "posix" or case not in POSIX_ONLY]


def test_there_are_enough_hostile_answers():
    assert len(HOSTILE) >= 25
    assert set(ALL) > WITH_SLOW


@reported
def test_each_hostile_answer_is_reported(homework, tmp_path, trials, figure):
    cases = chosen(HOSTILE, trials)
    problems = [problem_with(case, homework, tmp_path) for case in cases]
    assert not any(problems), "\n".join(filter(None, problems))
    figure("{} hostile answers, {} not reported within 25 s", len(cases), 0)


@unchanged
def test_no_answer_changes_a_file_of_the_learner_or_of_the_course(
    homework, tmp_path, trials, figure
):
    cases = chosen(DESTRUCTIVE, trials)
    problems = [problem_with(case, homework, tmp_path) for case in cases]
    assert not any(problems), "\n".join(filter(None, problems))
    figure("{} destructive answers, {} changed files", len(cases), 0)


@reported
def test_the_commands_report_hostile_answers(homework, tmp_path, trials, figure):
    # As learners and teachers call them, with the exercise's own limit of 10 seconds.
    cases = trials(["os._exit"], [*(case for case in HOSTILE if case not in WITH_SLOW), "sleep"])
    for case in cases:
        folder = tmp_path / "class" / case
        folder.mkdir(parents=True)
        homework(ALL[case][0]).rename(folder / EXERCISE.file_name)
    before = hash_of(tmp_path)
    for case in trials(cases, ["os._exit", "endless loop", "fork bomb", "flood of output"]):
        done = call("check", EXERCISE.number, "--folder", tmp_path / "class" / case)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
        assert EXERCISE.number in done.stdout
        (tmp_path / "class" / case / "progress.json").unlink()
    folders = sorted((tmp_path / "class").iterdir())
    done = call("report", *folders, "--csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split(",") for line in done.stdout.splitlines()[1:]]
    told = {case: None if key == "passed" else key for case, _, _, key in rows}
    assert {case for case, key in told.items() if key in ALL[case][1]} == set(cases), told
    assert hash_of(tmp_path) == before
    figure("{} hostile answers by the command line, {} not reported", len(cases), 0)


def call(*words):
    return subprocess.run(
        [sys.executable, "-m", "paddle_mnist.homework", *map(str, words)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=600,
    )


@posix
@pytest.mark.promise(row=21, control=True)
def test_without_the_guard_the_answer_deletes_the_course(homework, tmp_path, figure):
    # The same answer in a process without our rails does the harm.
    path = homework(DESTRUCTIVE["deletes the course, and hides it"][0])
    subprocess.run([sys.executable, path], check=False, capture_output=True)
    assert not (tmp_path / "course").exists()
    figure("{} of the destructive answers without the guard: {} files left", 1, 0)


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


CHECK = """
import sys
from pathlib import Path
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.process import check_file
check_file(find_exercise("3-1"), Path(sys.argv[1]))
"""


@linux
def test_an_endless_answer_ends_with_a_checker_that_is_killed(homework):
    answer = homework("import os\nopen('begun', 'w').close()\nwhile True:\n    pass\n")
    checker = psutil.Popen([sys.executable, "-c", CHECK, str(answer)])
    try:
        ends = time.monotonic() + 120
        workers = []
        while time.monotonic() < ends and not any(begun_in(worker) for worker in workers):
            time.sleep(0.05)
            workers = checker.children(recursive=True)
        assert workers
    finally:
        checker.kill()
        checker.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def begun_in(worker: psutil.Process) -> bool:
    try:
        return Path(worker.cwd(), "begun").exists()
    except psutil.Error:  # it is just starting
        return False


@posix
def test_an_answer_that_stops_itself(homework):
    code = "import signal\nsignal.raise_signal(signal.SIGSTOP)\n"
    assert check_file(EXERCISE, homework(code + SOLUTION)).key == "time"


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


NUMBER = "abc"  # of the process that tells
RIGHT = {"id": NUMBER, **dataclasses.asdict(Outcome("3-1", True, CHECKS))}
WRONG = {**RIGHT, "passed": False, "checks": CHECKS[:1], "key": "columns"}
BAD_LINES = [
    b"\x80\x04\x95",
    b"",
    b"[]",
    b"null",
    b"{",
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"{'passed': True}",
    json.dumps(RIGHT).encode("utf-16")[3:],
    json.dumps(RIGHT).encode().replace(b"3-1", b"\xff"),
    json.dumps(RIGHT).encode() * 2,
    json.dumps(WRONG).encode().replace(b"{}", b'{"line": 0x10}'),
    FORGED.encode(),
]
# Which are JSON, and still not what a check of this exercise can come to.
BAD_PARTS = [
    {},
    {"passed": True},
    {**RIGHT, "id": None},
    {**RIGHT, "number": "3-2"},
    {**RIGHT, "more": 1},
    {**RIGHT, "passed": 1},
    {**RIGHT, "passed": False},
    {**RIGHT, "key": "columns"},
    {**RIGHT, "checks": CHECKS[:2]},
    {**RIGHT, "checks": CHECKS[::-1]},
    {**RIGHT, "notes": [["unknown", {}]]},
    {**RIGHT, "notes": [["reached"]]},
    {**RIGHT, "notes": {"reached": 1}},
    {**WRONG, "checks": ["unknown"]},
    {**WRONG, "checks": None},
    {**WRONG, "key": "unknown"},
    {**WRONG, "key": ["columns"]},
    {**WRONG, "key": "error", "values": {"line": 1}},
    {**WRONG, "key": "time", "values": {"seconds": ["1"]}},
    {**WRONG, "values": ["a"]},
    {**WRONG, "details": {"unknown": "text"}},
    {**WRONG, "details": {"got": 1}},
]


@as_data
def test_what_is_not_an_outcome_is_refused(figure):
    for line in (RIGHT, WRONG):
        assert parse_outcome(json.dumps(line).encode(), NUMBER, EXERCISE).key == line["key"]
    lines = [*BAD_LINES, *(json.dumps(parts).encode() for parts in BAD_PARTS)]
    for line in lines:
        started = time.process_time()
        with pytest.raises(WrongError) as wrong:
            parse_outcome(line, NUMBER, EXERCISE)
        assert wrong.value.key == "malformed", line[:100]
        assert time.process_time() - started < 1
    figure("{} malformed, forged and pickled outcomes, {} accepted", len(lines), 0)


NAMES = some.sampled_from(
    [*EXERCISE.feedback("en").diagnoses, *PROBLEMS, *LABELS, *CHECKS]
    + ["type", "message", "line", "seconds", "megabytes", "part", "character", "code"]
)
SCALARS = some.one_of(
    *(some.none(), some.booleans(), some.integers(), some.floats(), some.text(), NAMES)
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.one_of(some.lists(inner, max_size=4), some.dictionaries(NAMES, inner)),
    max_leaves=12,
)
FEW = some.dictionaries(NAMES, SCALARS)
OUTCOMES = some.fixed_dictionaries(
    {"id": some.just(NUMBER), "number": some.just("3-1")},
    optional={
        "passed": some.booleans() | VALUES,
        "checks": some.integers(0, len(CHECKS)).map(lambda count: CHECKS[:count]) | VALUES,
        "key": some.none() | NAMES | VALUES,
        "values": FEW | VALUES,
        "details": some.dictionaries(some.sampled_from(list(LABELS)), some.text()) | VALUES,
        "notes": some.just([]) | some.lists(some.tuples(NAMES, FEW)) | VALUES,
        "printed": some.text(),
    },
)


@as_data
def test_whatever_is_told_an_outcome_comes_of_it(fuzz, tmp_path, figure):
    learner = Workbook.open(tmp_path, "en")
    lines = (OUTCOMES | VALUES).map(lambda outcome: json.dumps(outcome).encode())

    @given(some.binary() | lines, some.data())
    def check(line, data):
        if data.draw(some.booleans()):
            place = data.draw(some.integers(0, len(line)))
            line = line[:place] + data.draw(some.binary(max_size=3)) + line[place + 1 :]
        try:
            outcome = parse_outcome(line, NUMBER, EXERCISE)
        except WrongError as wrong:
            outcome = Outcome.of_error(EXERCISE, wrong)
        assert EXERCISE.number in learner.report(EXERCISE, outcome)

    count = fuzz(check, 200, 10_000)
    figure("{} made-up outcomes, {} other exceptions", count, 0)


PIECES = some.sampled_from(
    [b"# coding: ", b"utf-8", b"gbk", b"utf-16", b"idna", b"\xef\xbb\xbf", b"\xff\xfe", b"\0"]
    + [b"(" * 5000, b"[" * 150, b"-" * 5000, b"not " * 500, b"a.b" * 500, b"f'{", b"'" * 3, b"\\"]
    + [b"def softmax(logits):\n", b"    return ", b"\t", b"\r", b"\n", b"\x0c", b"9" * 5000]
    + [
        b"lambda:" * 500,
        b"match a:\n case ",
        b"async ",
        b"await ",
        "，".encode(),
        "“".encode("gbk"),
    ]
)


@reported
def test_whatever_a_file_holds_it_is_a_program_or_is_told(fuzz, tmp_path, figure):
    path = tmp_path / "answer.py"

    @given(some.binary() | some.lists(PIECES | some.binary(max_size=20)).map(b"".join))
    def check(content):
        path.write_bytes(content)
        try:
            check_syntax(str(path))
        except WrongError as wrong:
            assert wrong.key in ("unreadable", "full_width")
            PROBLEMS[wrong.key]["en"].format(**wrong.values)

    count = fuzz(check, 200, 10_000)
    figure("{} made-up files as an answer, {} other exceptions", count, 0)


@posix
def test_folders_in_folders_without_end_are_removed(tmp_path, monkeypatch):
    folder = tmp_path / "answer"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for _ in range(2 * sys.getrecursionlimit()):
        os.mkdir("in")
        os.chdir("in")
    (tmp_path / "mine").write_text("")
    os.symlink(tmp_path, "out")
    os.chdir(tmp_path)
    _remove(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("part", [b".b", b"()", b"[0]", b"+a"])
def test_a_file_that_crashes_python_is_told(homework, tmp_path, part):
    # As Python 3.9 does when it compiles this; later versions refuse it, or take it.
    path = homework("")
    path.write_bytes(b"softmax = a" + part * (900_000 // len(part)))
    assert check_file(EXERCISE, path).key in ("ended", "unreadable", "error")
