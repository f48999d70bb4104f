"""Whatever goes wrong at whatever point of a write, the old content or the new is there, whole."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

OLD, NEW, NEWEST = 1, 2, 3
OVER, FIRST = "over an old one", "the first time"
# What is tried where nothing may be there before; all others are also written over an old one.
ONLY_FIRST = ["a download", "homework start"]
NEVER_FIRST = ["what a run was measured with", "homework reset"]
BOTH = [
    "a run",
    "IDX files",
    "a submission",
    "progress.json",
    "a class's report",
    "an inference model",
    "ladder.json",
]
# Each is one file that is replaced, and takes long, because Paddle or Matplotlib is imported.
WITH_PADDLE = ["history.csv", "a picture", "the page", "model.pdparams"]
OVER_AN_OLD_ONE = [(name, OVER) for name in (*BOTH, *NEVER_FIRST)]
SHORT = OVER_AN_OLD_ONE + [(name, FIRST) for name in ("a run", *ONLY_FIRST)]
FULL = OVER_AN_OLD_ONE + [(name, OVER) for name in WITH_PADDLE]
FULL += [(name, FIRST) for name in (*ONLY_FIRST, *BOTH, *WITH_PADDLE)]
SOME = ["a run", "what a run was measured with", "an inference model", "progress.json"]
FEW = [(name, OVER) for name in SOME]

IN_PLACE = ["open(path, 'wb').write", "paddle.save"]

# paddle2onnx does not exist for later versions of Python.
ONNX = ["onnx"] if sys.version_info < (3, 13) else []

KILLS = ["killed before", "killed in the middle of", "killed after"]


@dataclass
class Trial:
    """One fault and what came of it.

    Attributes:
        title: what went wrong where.
        ended: how the process with the fault ended, as warm.py tells it.
        before: what `look` told where there was no fault.
        after: what it told after the fault.
    """

    title: str
    ended: dict
    before: dict
    after: dict

    def lost(self) -> list[str]:
        """What is neither as before nor as it was to be."""
        if self.after["raised"]:
            return [f"{self.title}: {self.after['raised']}: {self.after['message']}"]
        old, new = self.before["found"], self.before["again"]
        return [
            f"{self.title}: {name} is {value}"
            for when in ("found", "after")
            for name, value in self.after[when].items()
            if value not in (old[name], new[name])
        ]

    def was_tidying(self) -> bool:
        """Whether the fault was in taking something away, which the next start has to do then."""
        return "(unlink " in self.title

    def left(self, when: str) -> list[str]:
        """Temporary files that were there right after the fault, or later."""
        clean = {*self.before["left"], *self.before["names"]}
        return [f"{self.title}: {name}" for name in self.after[when] or () if name not in clean]


@pytest.fixture(scope="module")
def trials_of(ask, tmp_path_factory):
    """A function: try a write with one kind of fault at each of its points."""
    base = tmp_path_factory.mktemp("writes")

    def prepare(name: str, start: str):
        old = base / "old"
        shutil.rmtree(old, ignore_errors=True)
        if start == OVER:
            assert ask(do="write", name=name, folder=old, value=OLD)["raised"] is None
        return old

    def copy(old):
        folder = base / "folder"
        shutil.rmtree(folder, ignore_errors=True)
        if old.exists():
            shutil.copytree(old, folder)
        return folder

    def run(name: str, start: str, fault: str, error: int = 0) -> Iterator[Trial]:
        old = prepare(name, start)
        calls = ask(do="write", name=name, folder=copy(old), value=NEW)["calls"]
        before = ask(do="look", name=name, folder=copy(old))
        assert before["raised"] is None, before
        for point, call in enumerate(calls, start=1):
            if fault == "killed in the middle of" and not call.startswith("write "):
                continue
            folder = copy(old)
            ended = ask(
                do="write",
                name=name,
                folder=folder,
                value=NEW,
                fault=fault,
                point=point,
                error=error,
            )
            shown = re.sub(r"\.\d+\.", ".N.", call)
            code = f" with {errno.errorcode[error]}" if error else ""
            title = f"{name}, {start}, {fault} call {point} ({shown}){code}"
            yield Trial(title, ended, before, ask(do="look", name=name, folder=folder))

    return run


@pytest.fixture
def two_kills(ask, tmp_path):
    """A function: kill one save of a run, and the next one too; returns how often."""
    old, once, folder = (tmp_path / name for name in ("old", "once", "folder"))

    def save(folder, value: int, point: int) -> int:
        fault = {"fault": "killed before", "point": point}
        told = ask(do="write", name="a run", folder=folder, value=value, **fault)
        return told["signal"]

    def copy(source):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        return folder

    def run(step: int) -> int:
        """Of all pairs of points, take each that comes after so many steps."""
        count = 0
        ask(do="write", name="a run", folder=old, value=OLD)
        for first in range(1, 100):
            shutil.rmtree(once, ignore_errors=True)
            shutil.copytree(old, once)
            if not save(once, NEW, first):
                break
            before = ask(do="look", name="a run", folder=copy(once))["found"]
            assert before in ({"run": [[OLD], None]}, {"run": [[NEW], None]})
            for second in range(1 + first % step, 100, step):
                if not save(copy(once), NEWEST, second):
                    break
                told = ask(do="look", name="a run", folder=folder)
                assert told["raised"] is None, (first, second, told)
                assert told["found"] in (before, {"run": [[NEWEST], None]})
                assert told["swept"] == told["names"]
                count += 1
        return count

    return run


@pytest.fixture(scope="module")
def kills(trials_of, trials):
    """Every write, killed at every point."""
    found = [
        trial
        for name, start in trials(SHORT, FULL)
        for fault in trials(KILLS[:1], KILLS)
        for trial in trials_of(name, start, fault)
    ]
    assert [trial for trial in found if trial.ended["signal"] != signal.SIGKILL] == []
    return found


@pytest.mark.promise(row=5)
def test_a_kill_at_any_point_of_any_write_loses_nothing(kills, figure):
    lost = [line for trial in kills for line in trial.lost()]
    assert lost == []
    assert all(trial.after["again"] == trial.before["again"] for trial in kills)
    figure("{} kills at named points of every write, {} files lost", len(kills), len(lost))


def test_a_run_is_the_new_one_from_one_call_on(trials_of):
    trials = trials_of("a run", OVER, KILLS[0])
    found = [trial.after["found"] for trial in trials]
    saved = found.index({"run": [[NEW], None]})
    assert 0 < saved < len(found) - 1
    assert found[:saved] == [{"run": [[OLD], None]}] * saved
    assert found[saved:] == [{"run": [[NEW], None]}] * (len(found) - saved)


@pytest.mark.parametrize("name", [*BOTH, *NEVER_FIRST])
def test_what_gets_its_name_is_on_the_disk(ask, tmp_path, name):
    ask(do="write", name=name, folder=tmp_path, value=OLD)
    calls = [
        call.split(" ", 1)
        for call in ask(do="write", name=name, folder=tmp_path, value=NEW)["calls"]
    ]
    not_yet = set()
    for call, path in calls:
        if call == "write":
            not_yet.add(path)
        elif call == "sync":
            not_yet.discard(path)
        assert not (call == "rename" and not_yet)
    # And so are the names.
    renamed = max(number for number, (call, _) in enumerate(calls) if call == "rename")
    assert ["sync", "."] in calls[renamed:]


@pytest.mark.promise(row=6)
def test_what_a_kill_left_is_gone_after_the_next_start(kills, figure):
    left = [line for trial in kills for line in trial.left("left")]
    assert len(left) > len(kills) / 4  # or there was nothing to sweep
    assert [line for trial in kills for line in trial.left("swept")] == []
    assert [line for trial in kills for line in trial.left("names")] == []
    figure("{} kills left {} temporary files, {} after the next start", len(kills), len(left), 0)


@pytest.mark.promise(row=5)
def test_ctrl_c_at_any_point_of_any_write_loses_nothing_and_leaves_nothing(
    trials_of, trials, figure
):
    count = 0
    for name, start in trials(FEW, FULL):
        for trial in trials_of(name, start, "interrupted at"):
            assert trial.ended["raised"] in ("KeyboardInterrupt", None), trial
            assert trial.lost() == []
            assert trial.left("left") == [] or trial.was_tidying()
            assert trial.left("names") == []
            count += 1
    figure("{} times Ctrl-C at named points of every write, {} files lost", count, 0)


@pytest.mark.promise(row=5)
def test_two_kills_in_a_row_lose_nothing(two_kills, trials, figure):
    tried = two_kills(trials(19, 1))
    figure("{} times two kills in a row while a run is saved, {} runs lost", tried, 0)


@pytest.mark.promise(row=5, control=True)
def test_writing_in_place_loses_files(trials_of, trials, figure):
    kills = lost = 0
    for name in trials(IN_PLACE[:1], IN_PLACE):
        found = [trial for fault in KILLS for trial in trials_of(name, OVER, fault)]
        assert any(trial.lost() for trial in found)
        kills += len(found)
        lost += sum(bool(trial.lost()) for trial in found)
    figure("written in place: {} kills, {} files lost", kills, lost)


DISKS = [
    (fault, code)
    for code in (errno.ENOSPC, errno.EIO, errno.EROFS)
    for fault in ("failing at", "failing from")
]


@pytest.mark.promise(row=7)
def test_a_full_or_broken_disk_loses_nothing_and_is_told(trials_of, trials, figure):
    count = 0
    for name, start in trials(FEW, FULL):
        for fault, code in trials(DISKS[:2], DISKS):
            for trial in trials_of(name, start, fault, code):
                check_what_is_told(trial, os.strerror(code))
                assert trial.lost() == []
                # What is written where nothing can be taken away, has to wait.
                assert trial.left("left") == [] or trial.was_tidying() or fault == "failing from"
                assert trial.left("names") == []
                count += 1
    figure("{} failing calls of every write, {} files lost", count, 0)


@pytest.mark.promise(row=7)
def test_a_full_disk_is_told_while_a_model_is_exported(trials_of, trials, figure):
    if not trials(0, 1):
        pytest.skip("takes half a minute: only with --slow")
    count = 0
    for kind in ("pdparams", "paddle", *ONNX):
        for trial in trials_of(f"export --format {kind}", OVER, "failing at", errno.ENOSPC):
            if not trial.was_tidying():  # a full disk lets everything be taken away
                assert trial.ended["raised"] is None or trial.ended["known"], trial
                assert trial.lost() == []
                count += 1
    figure("{} failing calls of exports and their drafts, {} models lost", count, 0)


def check_what_is_told(trial: Trial, reason: str) -> None:
    """An error of ours that says why; or none, and then all is done."""
    if trial.ended["raised"]:
        assert trial.ended["known"], trial
        assert reason in trial.ended["message"], trial
    else:
        assert trial.after["found"] == trial.before["again"], trial


@pytest.mark.promise(row=7)
def test_a_folder_that_goes_while_it_is_written_to_is_told(trials_of, trials, figure):
    count = 0
    for name, start in trials(FEW[:1], FULL):
        for trial in trials_of(name, start, "folder gone at"):
            assert trial.ended["raised"] is None or trial.ended["known"], trial
            if name not in NEVER_FIRST:
                assert trial.after["again"] == trial.before["again"]
                assert trial.left("names") == []
            count += 1
    figure("the folder taken away at {} calls, {} other errors than ours", count, 0)
