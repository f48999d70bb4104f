"""What a killed training leaves of half-written files is gone after the next start."""

from __future__ import annotations

import itertools
import shutil
import signal

import pytest

WORDS = "--stage linear --epochs 4"


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def clean(few, fork, tmp_path):
    """The names in the folder of a run that nobody killed."""
    assert fork(f"{WORDS} --data {few} --out {tmp_path / 'clean'}")[0] == 0
    return names(tmp_path / "clean")


@pytest.mark.promise(row=6)
def test_after_the_next_start_nothing_is_left_of_a_kill(few, fork, clean, tmp_path, trials, figure):
    run, kills, temporary = tmp_path / "run", 0, set()
    words = f"{WORDS} --data {few} --out {run}"
    for write in itertools.count(1, trials(11, 1)):
        code, output = fork(words, kill_at_write=write, pictures=True)
        if code == 0:  # there are no more
            break
        assert code == -signal.SIGKILL, f"write {write}: {output}"
        kills += 1
        temporary |= {name.partition(".")[0] for name in names(run) - clean - {".lock"}}
        going_on = " --resume" if (run / "run.json").exists() else ""
        code, output = fork(words + going_on)
        assert code == 0, f"write {write}: {output}"
        assert names(run) == clean, f"write {write}"
        shutil.rmtree(run)
    # So there was something to take away, of every kind.
    assert temporary >= {"model", "history", "curves"}
    figure("{} kills while a run was written, {} temporary files after the next start", kills, 0)


@pytest.mark.promise(row=6, control=True)
def test_without_the_sweep_temporary_files_stay(few, fork, clean, tmp_path, figure):
    run = tmp_path / "run"
    words = f"{WORDS} --data {few} --out {run}"
    # In the last save: run.json is in its place, and the tensors are not yet.
    assert fork(words, kill_at_write=45)[0] == -signal.SIGKILL
    assert fork(f"{words} --resume", without="sweep")[0] == 0
    left = names(run) - clean
    assert left == {f"{name}.safetensors.next" for name in ("model", "state", "seen")}
    figure("without the sweep: {} temporary files after the next start", len(left))
