"""Several processes of one command on this machine: started, watched, and ended together.

They get the variables by which Paddle's own launcher lets its processes find each other. The one
that starts them does nothing but watch: where one of them ends badly, it ends the others. It needs
neither Paddle nor NumPy; what the processes say to each other is `parallel`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO

from paddle_mnist.system.errors import TrainingError, UsageError
from paddle_mnist.system.processes import die_with_parent


class ProcessEndedError(TrainingError):
    """One of the processes was killed, or failed in a way that the first could not tell."""


# The exit code of a process that can tell only that another one is gone.
LOST = 3
_WATCHED = "PADDLE_MNIST_WATCHED"
# Seconds that the others have to say what is wrong, and to end by themselves, after the first end.
_GRACE = 5.0
_PAUSE = 0.05


def place_of_process() -> tuple[int, int]:
    """The number of this process, from 0, and how many there are, as Paddle's variables say."""
    rank, count = os.environ.get("PADDLE_TRAINER_ID"), os.environ.get("PADDLE_TRAINERS_NUM")
    if rank is None or count is None:
        return 0, 1
    if not (rank.isdigit() and count.isdigit() and int(rank) < int(count)):
        raise UsageError(
            f"PADDLE_TRAINER_ID is {rank!r} and PADDLE_TRAINERS_NUM is {count!r}; they must be the "
            "number of this process, from 0, and how many there are; unset both for one process"
        )
    return int(rank), int(count)


def is_watched() -> bool:
    """Whether a `run_together` watches this process, and will say why the training ended."""
    return _WATCHED in os.environ


def check_processes(count: int, batch_size: int) -> None:
    """Refuse, with a UsageError, numbers of processes that cannot train together."""
    if count < 1:
        raise UsageError(f"the number of processes is {count}; it must be 1 or more")
    if count > batch_size:
        raise UsageError(
            f"{count} processes cannot share a batch of {batch_size} images; use {batch_size} or "
            f"fewer, or --batch-size {count} or more"
        )


def run_together(command: list[str], count: int) -> int:
    """Run a command as several processes that find each other, until all have ended.

    The first has this process' output; of the others, only an error is shown.

    Returns:
        The exit code of the first process, which has told itself what was wrong, if anything.

    Raises:
        UsageError: this system has no way for them to talk.
        ProcessEndedError: one of the others failed, or one was killed.
        KeyboardInterrupt: Ctrl-C, and the first process did not say so itself.
    """
    if sys.platform != "linux":
        raise UsageError(
            "several processes need gloo, which Paddle has on Linux only; leave --processes out"
        )
    with contextlib.ExitStack() as stack:
        errors = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(count)]
        codes, interrupted = _watch(stack.enter_context(_started(command, errors)))
        if interrupted and codes[0] != 130:
            raise KeyboardInterrupt
        _tell_failure(codes, errors)
    return codes[0]


@contextlib.contextmanager
def _started(
    command: list[str], errors: Sequence[IO[str]]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for rank, variables in enumerate(_variables(len(errors))):
            processes.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, **variables},
                    stdin=subprocess.DEVNULL,
                    stdout=None if rank == 0 else subprocess.DEVNULL,
                    stderr=None if rank == 0 else errors[rank],
                    # Ctrl-C on the terminal is for the one that watches, who passes it on.
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
            )
        yield processes
    finally:
        for process in processes:
            process.kill()  # does nothing where it has ended
            process.wait()


def _variables(count: int) -> list[dict[str, str]]:
    """What Paddle's launcher would set for each process."""
    ports = _free_ports(count + 1)
    endpoints = [f"127.0.0.1:{port}" for port in ports[1:]]
    return [
        {
            _WATCHED: "1",
            "GLOG_minloglevel": "3",  # of Paddle's own lines, only those before a crash
            "PADDLE_MASTER": f"127.0.0.1:{ports[0]}",
            "PADDLE_TRAINER_ENDPOINTS": ",".join(endpoints),
            "PADDLE_CURRENT_ENDPOINT": endpoints[rank],
            "PADDLE_TRAINER_ID": str(rank),
            "PADDLE_TRAINERS_NUM": str(count),
            "PADDLE_LOCAL_RANK": str(rank),
        }
        for rank in range(count)
    ]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _watch(processes: list[subprocess.Popen[bytes]]) -> tuple[list[int], bool]:
    """Wait until all have ended, or some time after the first bad end.

    Returns:
        The exit code of each (LOST where it still has to be ended), and whether Ctrl-C came.
    """
    interrupted, ends = False, float("inf")
    while time.monotonic() < ends:
        try:
            codes = [process.poll() for process in processes]
            if None not in codes or (interrupted and codes[0] is not None):
                break
            if any(codes) and ends == float("inf"):
                ends = time.monotonic() + _GRACE
            time.sleep(_PAUSE)
        except KeyboardInterrupt:
            if interrupted:  # somebody is in a hurry
                break
            interrupted, ends = True, time.monotonic() + 2 * _GRACE
            processes[0].send_signal(signal.SIGINT)
    codes = [process.poll() for process in processes]
    return [LOST if code is None else code for code in codes], interrupted


def _tell_failure(codes: list[int], errors: Sequence[IO[str]]) -> None:
    # Who lost another one is not the cause; who could still say what is wrong tells more.
    causes = [rank for rank, code in enumerate(codes) if code not in (0, LOST)]
    told = [rank for rank in causes if codes[rank] > 0]
    cause = next(iter(told or causes), None)
    if cause is None:
        if any(codes):
            raise ProcessEndedError("the processes of this training lost each other")
        return
    code = codes[cause]
    if code < 0:
        raise ProcessEndedError(
            f"process {cause} of {len(codes)} was killed by {signal.Signals(-code).name} (the "
            "system does so where memory runs out), and the others were ended"
        )
    if cause > 0:
        errors[cause].seek(0)
        text = errors[cause].read().strip()
        raise ProcessEndedError(f"process {cause} of {len(codes)}: {text.rpartition('error: ')[2]}")
