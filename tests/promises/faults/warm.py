"""A process that has done each write once, and then does it in a child for each fault.

It is started with faults.c loaded. Each line of its input is a JSON object: which write, in which
folder, and what is to go wrong at which call; or the same without a fault, to see what came of it.
Each line of its output tells how that ended, what was raised, and which calls were made.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from writes import EVERY, NEW, OLD, look, make_folder

from paddle_mnist.system.errors import PaddleMnistError

# In the order of faults.c.
FAULTS = (
    "none",
    "killed before",
    "killed in the middle of",
    "killed after",
    "interrupted at",
    "failing at",
    "failing from",
    "folder gone at",
)
SECONDS = 120  # a child that hangs is ended

library = ctypes.CDLL(None)
library.faults_calls.restype = ctypes.c_char_p


def outcome_of(action: Callable[[], dict | None]) -> dict:
    try:
        return {"raised": None, **(action() or {})}
    except BaseException as error:
        known = isinstance(error, (PaddleMnistError, KeyboardInterrupt))
        return {"raised": type(error).__name__, "known": known, "message": str(error)}


def write(request: dict) -> dict:
    """Write; the library was told what is to go wrong."""
    folder = Path(request["folder"])
    # A shell that starts something beside it lets it ignore Ctrl-C, and so all its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SECONDS)
    make_folder(request["name"], folder)
    library.faults_arm(
        os.fsencode(folder),
        FAULTS.index(request.get("fault", "none")),
        request.get("point", 0),
        request.get("error", 0),
    )
    outcome = outcome_of(partial(EVERY[request["name"]].write, folder, request["value"]))
    library.faults_disarm()
    return {**outcome, "calls": library.faults_calls().decode().splitlines()}


def write_in_a_child(request: dict) -> dict:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            with open(writing, "w") as file:
                json.dump(write(request), file)
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as file:
        text = file.read()
    _, status = os.waitpid(child, 0)
    told = json.loads(text) if text else {"calls": []}
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, **told}


def warm_up(name: str) -> None:
    """Do it here once, so that not each child has to import what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        for value in (OLD, NEW):
            EVERY[name].write(Path(folder), value)
        EVERY[name].read(Path(folder))


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warm = set()
    for line in sys.stdin:
        request = json.loads(line)
        if request["name"] not in warm:
            warm_up(request["name"])
            warm.add(request["name"])
        if request["do"] == "write":
            answer = write_in_a_child(request)
        else:
            answer = outcome_of(partial(look, request["name"], Path(request["folder"])))
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
