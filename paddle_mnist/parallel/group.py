"""Training by several processes at once, each with its part of every batch: data parallel.

All processes (Paddle calls them trainers, their numbers ranks) build the same network and draw the
same random order, so that they agree on each batch without a word. Each one takes its part of it,
and their gradients are added up before the step. So they make the same steps as one process would,
up to the rounding of sums. Only dropout draws other masks in each process: training with it is as
good, and not equal.

The gradients of a step travel as one vector after the backward pass, together with the loss.
`paddle.DataParallel` would send them in pieces during that pass, where batch normalisation has sums
of its own to exchange (`shared_normalization`): all processes must exchange in the same order, and
on two cores the pieces gain little. And it takes the plain mean over the processes, which is
wrong where their parts are of different sizes.

Knows nothing of stages, files or the command line; how the processes come to be is `processes`.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import time
from collections.abc import Iterator
from typing import Callable, Literal, TypeVar

import numpy as np
import paddle
import paddle.distributed
from paddle import nn

from paddle_mnist.core.callbacks import Callback, Progress
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.system.errors import TrainingError, UsageError

Rows = TypeVar("Rows", np.ndarray, paddle.Tensor)

# How long a process waits for the first one to open its port; it may be downloading the data.
_LONGEST_WAIT = 900


class ProcessLostError(TrainingError):
    """Another process of this training has ended, or has not answered for half a minute."""


class Workers:
    """The processes that train one network together, seen from one of them.

    With one process everything here is free and changes no bit.

    Args:
        rank: the number of this process, from 0.
        count: how many there are.

    Attributes:
        lost: whether another process was found to be gone.
    """

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank = rank
        self.count = count
        self.lost = False

    @property
    def is_first(self) -> bool:
        """Whether this is the process that prints and writes."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """Which of `count` images are for this process.

        Parts differ by one image at most. Fewer images than processes are for all of them: then
        everybody computes the same, and a mean over the processes is what it was.
        """
        if count < self.count:
            return slice(0, count)
        return slice(self.rank * count // self.count, (self.rank + 1) * count // self.count)

    def own(self, rows: Rows) -> Rows:
        """Take the part of a batch [N, …] that is for this process."""
        return rows if self.count == 1 else rows[self.part(len(rows))]

    def share(self, count: int) -> float:
        """What part of `count` images a mean over the part of this process stands for, 0 to 1."""
        if count < self.count:
            return 1 / self.count
        part = self.part(count)
        return (part.stop - part.start) / count if self.count > 1 else 1

    def sums(self, *numbers: float) -> list[float]:
        """Add up each number over all processes."""
        if self.count == 1:
            return list(numbers)
        total = paddle.to_tensor(numbers, dtype="float64")
        self.add_up(total)
        return [float(number) for number in total.numpy()]

    def gather(self, rows: np.ndarray, count: int) -> np.ndarray:
        """Put together what was computed for the parts.

        Args:
            rows: [part of N, C], of this process.
            count: N, the images that were divided by `part`.

        Returns:
            [N, C], in the order of the images, the same in every process.
        """
        if count < self.count or self.count == 1:
            return rows
        longest = -(-count // self.count)
        padded = np.zeros((longest, *rows.shape[1:]), rows.dtype)
        padded[: len(rows)] = rows
        gathered = self.collect(paddle.to_tensor(padded))
        parts = [Workers(rank, self.count).part(count) for rank in range(self.count)]
        return np.concatenate(
            [found.numpy()[: part.stop - part.start] for found, part in zip(gathered, parts)]
        )

    def add_up(self, tensor: paddle.Tensor) -> None:
        """Replace a tensor by its sum over all processes.

        Raises:
            ProcessLostError: another process has ended.
        """
        with self._talking():
            paddle.distributed.all_reduce(tensor)

    def collect(self, tensor: paddle.Tensor) -> list[paddle.Tensor]:
        """The tensors of all processes, by rank; they have one shape.

        Raises:
            ProcessLostError: another process has ended.
        """
        found: list[paddle.Tensor] = []
        with self._talking():
            paddle.distributed.all_gather(found, tensor)
        return found

    def check_same(self, name: str, fingerprint: str) -> None:
        """Make sure that all processes agree, before they go on as if they did.

        Args:
            name: what is compared.
            fingerprint: hexadecimal digits, as many in every process.

        Raises:
            UsageError: one process has another fingerprint than the first.
        """
        if self.count == 1:
            return
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


ALONE = Workers()


def join(rank: int, count: int, device: str) -> Workers:
    """Meet the other processes of this training.

    Args:
        rank: the number of this process, from 0.
        count: how many there are; with 1, nobody is waited for.
        device: "cpu" (they talk by gloo) or a GPU such as "gpu:0" (by nccl).

    Raises:
        UsageError: the installed Paddle cannot do this.
        ProcessLostError: the others did not come.
    """
    if count == 1:
        return ALONE
    if not paddle.distributed.is_available():
        raise UsageError(
            "several processes need a Paddle that can let them talk (gloo or nccl), and the "
            "installed one cannot; leave --processes out"
        )
    os.environ["PADDLE_DISTRI_BACKEND"] = "gloo" if device == "cpu" else "nccl"
    workers = Workers(rank, count)
    with workers._talking(), contextlib.redirect_stderr(io.StringIO()):  # it lists its settings
        if rank:
            _wait_for_first()
        paddle.distributed.init_parallel_env()
    return workers


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


def build_step(
    workers: Workers, precision: str = "float32"
) -> Callable[..., tuple[float, np.ndarray]]:
    """Make what `loop.fit` takes as its step, for several processes or for mixed precision.

    Args:
        workers: who trains.
        precision: "float32"; or "bfloat16" or "float16", in which a GPU then computes what bears
            it. The smallest gradients vanish in float16, so there the loss is scaled up, and the
            gradients down again.

    Returns:
        A function like `loop.train_step`. It takes this process' part of a batch, returns the loss
        of the whole batch, and the network's outputs for the part.
    """
    mixed = precision != "float32"
    scaler = paddle.amp.GradScaler(enable=precision == "float16")

    def step(
        network: nn.Layer,
        loss_function: LossFunction,
        optimizer: paddle.optimizer.Optimizer,
        images: paddle.Tensor,
        labels: paddle.Tensor,
    ) -> tuple[float, np.ndarray]:
        kind: Literal["bfloat16", "float16"] = "bfloat16" if precision == "bfloat16" else "float16"
        with paddle.amp.auto_cast(mixed, dtype=kind):
            outputs = network(images)  # [part of N, 784] -> [part of N, 10]
            # The sum, not the mean: sums of parts of any size add up to that of the whole.
            loss_sum = loss_function(outputs, labels) * len(labels)
        _backward(workers, scaler.scale(loss_sum))
        loss = average_gradients(workers, network.parameters(), loss_sum, len(labels))
        scaler.step(optimizer)
        scaler.update()
        optimizer.clear_grad()
        return loss, outputs.astype("float32").numpy()

    return step


def _backward(workers: Workers, loss: paddle.Tensor) -> None:
    try:
        loss.backward()
    except OSError as error:
        # Paddle turns what was raised in a layer of ours into an error of its own.
        if workers.lost:
            raise ProcessLostError(str(error.__cause__ or "another process has ended")) from error
        raise


def average_gradients(
    workers: Workers, parameters: list[paddle.Tensor], loss_sum: paddle.Tensor, count: int
) -> float:
    """Replace gradients of sums over parts of a batch by those of the mean over all of it.

    Args:
        workers: who computed a part each.
        parameters: with the gradients of `loss_sum`; those without one are left out.
        loss_sum: the sum of the losses of this process' part.
        count: the images of this part, 1 or more.

    Returns:
        The mean loss over the whole batch.
    """
    trained = [(one, one.grad) for one in parameters if one.grad is not None]
    pieces = [gradient.reshape([-1]) for _, gradient in trained]
    numbers = paddle.stack([loss_sum.detach().astype("float32"), paddle.to_tensor(float(count))])
    vector = paddle.concat([*pieces, numbers])  # [gradients + 2]
    if workers.count > 1:
        workers.add_up(vector)
    *sums, numbers = paddle.split(vector, [*(piece.shape[0] for piece in pieces), 2])
    total_loss, total_count = map(float, numbers.numpy())
    for (parameter, _), gradient in zip(trained, sums):
        # By a number of Python: Paddle divides by a tensor of one number many times slower.
        parameter.grad = gradient.reshape(parameter.shape).scale(1 / total_count)
    return total_loss / total_count


class OwnDropout(Callback):
    """Lets each process but the first draw dropout masks of its own, anew in each epoch.

    The first one goes on with the generator that is saved with a run, so that a resumed training
    draws in all processes what it would have drawn.
    """

    def __init__(self, workers: Workers, seed: int) -> None:
        self.workers = workers
        self.seed = seed

    def on_epoch_begin(self, progress: Progress) -> None:
        if not self.workers.is_first:
            numbers = [self.seed, self.workers.rank, progress.epoch]
            paddle.seed(int(np.random.SeedSequence(numbers).generate_state(1)[0]))
