"""Writes on a disk that is full, and on one that is write-protected; tells as JSON what came of it.

It is given the folder where a small file system is mounted, in a namespace of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from writes import NEW, OLD, WRITES, names

from paddle_mnist.system.errors import PaddleMnistError

NAMES = ("a run", "progress.json")
PAGE = 4096  # bytes: what a file takes at least


def fill(disk: Path, room: int) -> None:
    """Leave only so many bytes of the disk."""
    with open(disk / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PAGE))
        except OSError:
            file.truncate(file.tell() - room)


def protect(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def attempt(name: str, folder: Path) -> dict:
    """Write, and tell what was raised and what is there now."""
    told = None
    try:
        WRITES[name].write(folder, NEW)
    except PaddleMnistError as error:
        told = str(error)
    return {"told": told, "found": WRITES[name].read(folder)}


def main(disk: Path) -> None:
    tried = []
    for name in NAMES:
        one, folder = WRITES[name], disk / "folder"
        for room in (*range(0, 10 * PAGE, PAGE), None):
            one.write(folder, OLD)
            old = one.read(folder)
            if room is None:
                protect(disk, "ro")
                told = attempt(name, folder)
                protect(disk, "rw")
            else:
                fill(disk, room)
                told = attempt(name, folder)
                (disk / "filler").unlink()
            later = attempt(name, folder)
            tried.append({"name": name, "room": room, **told, "old": old, "later": later})
            tried[-1]["names"] = names(folder)
        shutil.rmtree(folder)
    print(json.dumps(tried))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
