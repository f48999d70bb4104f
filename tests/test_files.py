"""Files are replaced whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from paddle_mnist import files


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
