"""Files are read without waiting or waste, and replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import tracemalloc
from pathlib import Path

import psutil
import pytest

from paddle_mnist.system import files
from paddle_mnist.system.errors import DataError, UsageError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "run.json"
    files.replace_file(path, b"first")
    assert path.read_bytes() == b"first"
    files.replace_file(path, b"second, and longer")
    assert path.read_bytes() == b"second, and longer"
    assert names(tmp_path) == ["run.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_content(tmp_path, monkeypatch, call):
    path = tmp_path / "run.json"
    path.write_bytes(b"old")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        files.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["run.json"]


def test_the_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    calls = []
    path = tmp_path / "run.json"
    real = {name: getattr(os, name) for name in ("fsync", "replace")}

    def noting(name):
        def call(*arguments):
            calls.append(name)
            return real[name](*arguments)

        return call

    for name in real:
        monkeypatch.setattr(os, name, noting(name))
    files.replace_file(path, b"content")
    # The last one is the folder's, which Windows does not have.
    assert calls[:2] == ["fsync", "replace"]
    assert calls[2:] == ([] if os.name == "nt" else ["fsync"])


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.replace_file(tmp_path / "none" / "run.json", b"content")
    assert names(tmp_path) == []


def test_only_windows_does_not_wait_for_the_names_in_a_folder(tmp_path, monkeypatch):
    missing = tmp_path / "none"
    monkeypatch.setattr(os, "name", "posix")
    with pytest.raises(FileNotFoundError):
        files.sync_folder(missing)
    with monkeypatch.context() as on_windows:
        on_windows.setattr(os, "name", "nt")
        files.sync_folder(missing)


def test_what_dead_processes_left_is_found_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "pid_exists", lambda process: process == 8)
    ours, older = tmp_path / "run.json.7.tmp", tmp_path / "run.json.7.old"
    others = ["run.json", "run.json.8.tmp", "my run.json.7.tmp", "run_json.7.tmp", "run.json.x.tmp"]
    others += ["run.json.7.tmp.png", "run.json.1234567890.tmp"]
    for path in (ours, older, *(tmp_path / name for name in others)):
        path.write_bytes(b"")
    assert files.leftovers(tmp_path / "run.json", "tmp") == [ours]
    assert files.leftovers(tmp_path / "run.json", "old") == [older]
    assert files.leftovers(tmp_path / "none" / "run.json", "tmp") == []
    files.replace_file(tmp_path / "run.json", b"new")
    assert names(tmp_path) == sorted([older.name, *others])


def test_a_file_is_read_up_to_its_bound(tmp_path):
    path = tmp_path / "letter"
    path.write_bytes(b"12345")
    assert files.read_bounded(path, 5) == b"12345"
    with pytest.raises(OSError, match="more than 4e-06 MB") as error:
        files.read_bounded(path, 4)
    assert error.value.errno == errno.EFBIG


def test_of_a_file_that_is_too_large_nothing_is_read(tmp_path):
    with open(tmp_path / "film", "wb") as film:
        film.truncate(64 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(OSError, match="it has more than 10 MB"):
            files.read_bounded(tmp_path / "film", 10_000_000)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("read", [files.open_file, lambda path: files.read_bounded(path, 10)])
def test_what_is_not_a_file_is_not_read(tmp_path, read):
    for path, kind, reason in (
        (tmp_path, IsADirectoryError, "it is a folder"),
        (tmp_path / "none", FileNotFoundError, "there is no such file"),
        ("a\0b", FileNotFoundError, "there is no such file"),
    ):
        with pytest.raises(kind) as error:
            read(path)
        assert reason in files.reason_of(error.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is not an ordinary file"):
        files.open_file(tmp_path / "pipe")


def test_only_what_is_ours_is_overwritten(tmp_path):
    path = tmp_path / "notes.csv"

    def refuse(place):
        files.refuse_overwrite(place, lambda old: old.read_bytes() == b"ours", "a list", "a.csv")

    refuse(path)  # nothing is there
    path.write_bytes(b"ours")
    refuse(path)
    path.write_bytes(b"somebody's")
    with pytest.raises(UsageError, match="notes.csv is there already, and is not a list; .*a.csv"):
        refuse(path)
    for place in (tmp_path, Path(), Path("/")):
        with pytest.raises(UsageError, match="is not a file; name a file to write, such as a.csv"):
            refuse(place)


def test_a_file_is_written_with_its_folder(tmp_path):
    path = tmp_path / "new" / "inner" / "letter"
    files.write_file(path, b"content", DataError)
    assert path.read_bytes() == b"content"
    assert names(path.parent) == ["letter"]


def test_what_cannot_be_written_is_told_by_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "letter").write_bytes(b"kept")
    for path in (
        tmp_path / "letter" / "inner",
        "a\0b",
        tmp_path / ".." / tmp_path.name / "..",
        "/",
    ):
        with pytest.raises(DataError) as error:
            files.write_file(path, b"", DataError)
        assert str(error.value).startswith(f"{path} cannot be written: ")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device", "a name that nobody gave")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="letter cannot be written: No space left on device$"):
        files.write_file(tmp_path / "letter", b"new", DataError)
    assert names(tmp_path) == ["letter"]
    assert (tmp_path / "letter").read_bytes() == b"kept"
