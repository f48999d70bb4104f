"""Files are replaced whole or not at all."""

from __future__ import annotations

import errno
import os

import psutil
import pytest

from paddle_mnist.system import files


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
