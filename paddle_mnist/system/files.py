"""Writing files so that a kill, at any moment, leaves the old content or the new, never a mixture.

Knows nothing of what the files hold.
"""

from __future__ import annotations

import os
import re
from pathlib import Path


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk, not only in the system's memory."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder, as a rename left them, are on the disk."""
    if os.name == "nt":  # Windows has no such call, and needs none
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def leftovers(path: Path, ending: str) -> list[Path]:
    """What killed processes left of writing a file or a folder, as `{its name}.{process}.{ending}`.

    What a process that runs is still writing is not among them.
    """
    name = re.compile(rf"{re.escape(path.name)}\.(\d{{1,9}})\.{re.escape(ending)}")
    try:
        matches = [(inner, name.fullmatch(inner.name)) for inner in path.parent.iterdir()]
    except FileNotFoundError:
        return []
    found = [(inner, int(match[1])) for inner, match in matches if match]
    if not found:
        return []
    import psutil

    return [inner for inner, process in found if not psutil.pid_exists(process)]


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` into the place of a file, whole or not at all.

    What a killed process left of doing the same is taken away first.

    Raises:
        OSError: the disk is full, the folder may not be written, and the like; the old file is
            still there, as it was.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    for leftover in leftovers(path, "tmp"):
        leftover.unlink(missing_ok=True)
    try:
        write_synced(temporary, content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
