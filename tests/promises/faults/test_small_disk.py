"""A disk that is really full, and one that is really write-protected."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = {
    "a run": ["model.safetensors", "run.json", "seen.safetensors", "state.safetensors"],
    "progress.json": ["progress.json"],
}


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """What small_disk.py tells; the disk is seen by its process alone, and gone with it."""
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare, which mounts a disk for one process alone")
    disk = tmp_path_factory.mktemp("disk")
    private = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "small", disk]
    if subprocess.run([*private, *mount], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk for one process alone")
    script = '"$@" && exec "$PYTHON" "$SCRIPT" "$DISK"'
    finished = subprocess.run(
        [*private, "sh", "-c", script, "sh", *mount],
        env={
            **os.environ,
            "PYTHONPATH": str(HERE.parents[2]),
            "PYTHON": sys.executable,
            "SCRIPT": str(HERE / "small_disk.py"),
            "DISK": str(disk),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def check(one: dict) -> None:
    """The old one or the new is there, and then a write works and leaves nothing else."""
    new = one["later"]["found"]
    assert one["later"]["told"] is None
    assert one["old"] != new
    assert one["found"] == (one["old"] if one["told"] else new)
    assert one["names"] == FILES[one["name"]]


@pytest.mark.promise(row=7)
def test_a_full_disk_loses_nothing(tried, figure):
    on_full = [one for one in tried if one["room"] is not None]
    for one in on_full:
        check(one)
        assert one["told"] is None or "No space left on device" in one["told"]
    for name in FILES:
        assert {one["told"] is None for one in on_full if one["name"] == name} == {True, False}
    figure("{} writes on a disk that is full, {} files lost", len(on_full), 0)


@pytest.mark.promise(row=7)
def test_a_write_protected_disk_is_told(tried, figure):
    on_protected = [one for one in tried if one["room"] is None]
    for one in on_protected:
        check(one)
        assert "Read-only file system" in one["told"]
    figure("{} writes on a write-protected disk, {} files lost", len(on_protected), 0)
