"""The processes that train one network together, seen from one of them: data parallel.

All processes (Paddle calls them trainers, their numbers ranks) build the same network and draw the
same random order, so that they agree on each batch without a word. Each one takes its part of it,
and their gradients are added up before the step. So they make the same steps as one process would,
up to the rounding of sums. Only dropout draws other masks in each process: training with it is as
good, and not equal.

The gradients of a step travel as one vector after the backward pass, together with the loss.
`paddle.DataParallel` would send them in pieces during that pass, where batch normalisation has sums
of its own to exchange (`batch_norm`): all processes must exchange in the same order, and on two
cores the pieces gain little. And it takes the plain mean over the processes, which is wrong where
their parts are of different sizes.

Knows nothing of stages, files or the command line; how the processes come to be is `launch`.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import time
from collections.abc import Iterator

import numpy as np
import paddle
import paddle.distributed

from paddle_mnist.core.loop import Callback, Progress
from paddle_mnist.system.errors import TrainingError, UsageError

# How long a process waits for the first one to open its port; it may be downloading the data.
_LONGEST_WAIT = 900


class ProcessLostError(TrainingError):
    """Another process of this training has ended, or has not answered for half a minute."""


def part_of(rank: int, members: int, count: int) -> slice:
    """Which of `count` images are for the process `rank` of `members`.

    Parts differ by one image at most. Fewer images than processes are for all of them: then
    everybody computes the same, and a mean over the processes is what it was.
    """
    if count < members:
        return slice(0, count)
    return slice(rank * count // members, (rank + 1) * count // members)


class Group:
    """The processes that train one network together; this is one of them.

    With one process everything here is free and changes no bit. A ProcessLostError says that
    another one has ended.

    Attributes:
        rank: the number of this process, from 0.
        members: how many there are.
        lost: whether another process was found to be gone.
    """

    def __init__(self, rank: int = 0, members: int = 1) -> None:
        self.rank = rank
        self.members = members
        self.lost = False

    @property
    def is_first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def add_up(self, tensor: paddle.Tensor) -> None:
        """Replace a tensor by its sum over all processes."""
        if self.members > 1:
            with self._talking():
                paddle.distributed.all_reduce(tensor)

    def collect(self, tensor: paddle.Tensor) -> list[paddle.Tensor]:
        """The tensors of all processes, by rank; they have one shape."""
        if self.members == 1:
            return [tensor]
        found: list[paddle.Tensor] = []
        with self._talking():
            paddle.distributed.all_gather(found, tensor)
        return found

    def check_same(self, name: str, fingerprint: str) -> None:
        """Refuse, with a UsageError, to go on where the processes do not agree.

        Args:
            name: what is compared.
            fingerprint: hexadecimal digits, as many in every process.
        """
        own = np.frombuffer(bytes.fromhex(fingerprint), np.uint8).astype(np.int32)
        found = [other.numpy() for other in self.collect(paddle.to_tensor(own))]
        others = [rank for rank, other in enumerate(found) if (other != found[0]).any()]
        if others:
            raise UsageError(
                f"process {others[0]} has another {name} than process 0; give every process the "
                "same options, data and run"
            )

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError) as error:
            self.lost = True
            raise ProcessLostError(
                "another process of this training has ended, or has not answered for 30 s; the "
                "last finished epoch is saved; go on from it with --resume"
            ) from error


def join(rank: int, members: int, device: str) -> Group:
    """Meet the other processes of this training; with 1 member, nobody is waited for.

    On the CPU they talk by gloo, on a GPU (a device such as "gpu:0") by nccl.

    Raises:
        UsageError: the installed Paddle cannot do this.
        ProcessLostError: the others did not come.
    """
    group = Group(rank, members)
    if members == 1:
        return group
    if not paddle.distributed.is_available():
        raise UsageError(
            "several processes need a Paddle that can let them talk (gloo or nccl), and the "
            "installed one cannot; leave --processes out"
        )
    os.environ["PADDLE_DISTRI_BACKEND"] = "gloo" if device == "cpu" else "nccl"
    with group._talking(), contextlib.redirect_stderr(io.StringIO()):  # it lists its settings
        if rank:
            _wait_for_first()
        paddle.distributed.init_parallel_env()
    return group


def _wait_for_first() -> None:
    # Paddle itself knocks once, and then only every three seconds.
    address = os.environ.get("PADDLE_MASTER") or os.environ["PADDLE_TRAINER_ENDPOINTS"]
    host, _, port = address.split(",")[0].rpartition(":")
    ends = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < ends:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)


class OwnDropout(Callback):
    """Lets each process but the first draw dropout masks of its own, anew in each epoch.

    The first one goes on with the generator that is saved with a run, so that a resumed training
    draws in all processes what it would have drawn.
    """

    def __init__(self, group: Group, seed: int) -> None:
        self.group = group
        self.seed = seed

    def on_epoch_begin(self, progress: Progress) -> None:
        if not self.group.is_first:
            numbers = [self.seed, self.group.rank, progress.epoch]
            paddle.seed(int(np.random.SeedSequence(numbers).generate_state(1)[0]))
