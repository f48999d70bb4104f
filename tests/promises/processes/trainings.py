"""Trains in new processes, and kills or weakens them as it is told; run by the tests of resuming.

Each process is forked from this one, which has imported what a training needs and has never
trained: as new as one of `python -m paddle_mnist.train`, without the seconds that importing takes.

Each line of the input is an object: the command's `words`, the file for its `output`, and, where
they are wanted, `kill_at_step` (from 1), `kill_at_write` (the call, from 1, that would wait for the
disk or rename a file), `pictures` (they are drawn, and not only their files made), `without` (what
is taken away, a key of PROTECTIONS). The answer is two lines: the number of the process, and, after
its end, the exit code, or the number of the signal below 0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from paddle_mnist import train
from paddle_mnist.runs import folder, reporting, state, training
from paddle_mnist.system.runtime import prepare

DEADLINE = 120  # seconds, for a machine that is busy with other work


def nothing(*_arguments: Any) -> None:
    """What a protection does that is taken away."""


# Name → where it is in the package.
PROTECTIONS = {
    "random state": (state, "restore_random_state"),
    "optimizer state": (state, "load_optimizer_state"),
    "sweep": (folder, "sweep"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_step(number: int) -> None:
    """Kill this process as soon as it has taken so many steps."""

    class Killing(training.ProgressBar):
        taken = 0

        def on_batch_end(self, progress):
            super().on_batch_end(progress)
            self.taken += 1
            if self.taken == number:
                die()

    training.ProgressBar = Killing


def kill_at_write(number: int) -> None:
    """Kill this process before the given call that waits for the disk or renames a file."""
    calls = 0

    def counted(real):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            if calls == number:
                die()
            return real(*arguments, **options)

        return call

    os.fsync, os.replace = counted(os.fsync), counted(os.replace)


def run(asked: dict[str, Any]) -> int:
    """Run the command; return its exit code."""
    signal.alarm(DEADLINE)
    file = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if not asked.get("pictures"):
        reporting.save_figure = lambda _figure, path: path.touch()
    if "without" in asked:
        setattr(*PROTECTIONS[asked["without"]], nothing)
    if "kill_at_step" in asked:
        kill_at_step(asked["kill_at_step"])
    if "kill_at_write" in asked:
        kill_at_write(asked["kill_at_write"])
    return train.main(asked["words"])


def main() -> None:
    """Answer each line of the input."""
    prepare(threads=1)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            code = 1
            try:
                code = run(json.loads(line))
            finally:
                sys.stdout.flush()
                os._exit(code)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
