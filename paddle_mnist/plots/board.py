"""Records of a training for VisualDL, the board on which Paddle's users watch one.

VisualDL is imported only when a board is asked for. What is written here changes nothing in the
training: neither its random numbers nor its network.
"""

from __future__ import annotations

import contextlib
import copy
import io
import math
import os
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import paddle
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from paddle import nn

from paddle_mnist.core.loop import Callback, Progress, Row, evaluate
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.core.metrics import predicted_digits, softmax
from paddle_mnist.data import Mnist
from paddle_mnist.plots import plot_digits
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.processes import silenced

if TYPE_CHECKING:
    from visualdl import LogWriter

# Curves of the same name in both folders are drawn into one chart.
TRAINING, VALIDATION = "training", "validation"
# VisualDL shows one file of a folder, the last by its name, and appends to one that is there.
RECORDS, GRAPHS = "vdlrecords.log", "vdlgraph.*.log"
# A chart shows 1,000 points at most, chosen at random, so more would only fill the disk.
POINTS_OF_AN_EPOCH = 200
BARS = 40
MISTAKES = 8

# All curves in one group, for VisualDL opens only the first.
_BY_EPOCH, _BY_BATCH = "curves/{}_by_epoch", "curves/{}_by_batch"


def check_visualdl() -> None:
    """Refuse, before any work is done, where VisualDL cannot be used.

    Raises:
        UsageError: it is not installed.
        RunError: it cannot write its settings, which it does when it is imported.
    """
    try:
        import visualdl  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the board needs visualdl ({error}); install it with: pip install -e '.[visualdl]'"
        ) from error
    except OSError as error:
        raise RunError(
            f"visualdl cannot write its settings into your home folder: {error}; leave --visualdl "
            "out, or set HOME to a folder that can be written"
        ) from error


class Board(Callback):
    """Writes losses, accuracies, the learning rate, weights, mistakes and the graph for VisualDL.

    The mistakes are those on validation images: test images are not looked at while a network is
    trained. Put the board before callbacks that move the learning rate or save the run, and use it
    in a `with` statement, which closes its files.

    Args:
        folder: made where it is missing. Its records are replaced by those of a new training, and
            gone on with by a resumed one.
        mnist: the images.
        network: what is trained.
        optimizer: its learning rate is written.
        loss_function: what the validation images are measured with.
        batch_size: images a step.
    """

    def __init__(
        self,
        folder: Path,
        mnist: Mnist,
        network: nn.Layer,
        optimizer: paddle.optimizer.Optimizer,
        loss_function: LossFunction,
        batch_size: int,
    ) -> None:
        self.folder = folder
        self.mnist = mnist
        self.network = network
        self.optimizer = optimizer
        self.loss_function = loss_function
        self.batch_size = batch_size
        self.writers: dict[str, LogWriter] = {}
        self.batch = 0
        # What there was of the epoch when the last point was written.
        self.images, self.loss_sum = 0, 0.0

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_error: object) -> None:
        for writer in self.writers.values():
            writer.close()

    def on_train_begin(self, progress: Progress) -> None:
        """Open the files.

        Raises:
            RunError: the folder cannot be written.
        """
        finished = len(progress.history)
        try:
            is_new = not _cut_records(self.folder / TRAINING, finished)
            _cut_records(self.folder / VALIDATION, finished)
            self.writers[TRAINING] = _open_writer(self.folder / TRAINING)
            if len(self.mnist.validation):
                self.writers[VALIDATION] = _open_writer(self.folder / VALIDATION)
        except OSError as error:
            raise RunError(
                f"the board cannot be written in {self.folder}: {error.strerror or error}; give "
                "--visualdl another folder"
            ) from error
        if is_new:
            for row in progress.history:  # of a training that had no board before
                self._write_row(row)
            self._write_weights(self.network, finished)
            for old in self.folder.glob(GRAPHS):
                old.unlink()
            self._write_graph(self.network)

    def on_epoch_begin(self, progress: Progress) -> None:
        self.batch, self.images, self.loss_sum = 0, 0, 0.0

    def on_batch_end(self, progress: Progress) -> None:
        self.batch += 1
        every = math.ceil(progress.batches / POINTS_OF_AN_EPOCH)
        if self.batch % every and self.batch < progress.batches:
            return
        # The last batch may have fewer images.
        images = min(self.batch * self.batch_size, len(self.mnist.train))
        loss_sum = progress.loss * images
        loss = (loss_sum - self.loss_sum) / (images - self.images)
        self.images, self.loss_sum = images, loss_sum
        step = (progress.epoch - 1) * progress.batches + self.batch
        writer = self.writers[TRAINING]
        writer.add_scalar(_BY_BATCH.format("loss"), loss, step)
        writer.add_scalar(_BY_BATCH.format("learning_rate"), float(self.optimizer.get_lr()), step)

    def on_epoch_end(self, progress: Progress) -> None:
        self._write_row(progress.history[-1])
        self._write_weights(self.network, progress.epoch)
        if VALIDATION in self.writers:
            self._write_mistakes(self.network, progress.epoch)
        for writer in self.writers.values():
            writer.flush()

    def _write_row(self, row: Row) -> None:
        for name in ("loss", "accuracy"):
            tag, epoch = _BY_EPOCH.format(name), row["epoch"]
            self.writers[TRAINING].add_scalar(tag, row[name], epoch)
            if VALIDATION in self.writers:
                self.writers[VALIDATION].add_scalar(tag, row[f"validation_{name}"], epoch)

    def _write_weights(self, network: nn.Layer, epoch: int) -> None:
        trained = (pair for pair in network.named_parameters() if not pair[1].stop_gradient)
        for name, weights in trained:
            values = weights.numpy()
            values = values[np.isfinite(values)]  # others have no place between two edges
            # Nor have equal ones a width; such are biases before the first step.
            if values.size and values.min() < values.max():
                tag = f"weights/{name}"
                self.writers[TRAINING].add_histogram(tag, values, epoch, buckets=BARS)

    def _write_mistakes(self, network: nn.Layer, epoch: int) -> None:
        outputs = evaluate(network, self.loss_function, self.mnist.validation).outputs
        picture = _pixels(draw_mistakes(self.mnist, outputs))
        self.writers[VALIDATION].add_image("mistakes", picture, epoch)

    def _write_graph(self, network: nn.Layer) -> None:
        try:
            with _private_copy(network) as copied:
                rows = paddle.static.InputSpec([None, 784], "float32", "images")
                self.writers[TRAINING].add_graph(copied, [rows])
            for path in (self.folder / TRAINING).glob(GRAPHS):
                # VisualDL calls a graph by the name of its folder alone.
                path.replace(self.folder / path.name)
        except Exception as error:  # it goes deep into Paddle, and is not worth a training
            print(f"note: VisualDL cannot draw the network's graph ({error})", flush=True)


def draw_mistakes(mnist: Mnist, outputs: np.ndarray) -> Figure:
    """Draw the worst mistakes on the validation images, with what they are and were read as.

    Args:
        mnist: at least one validation image.
        outputs: float32 [N, 10], or [N, 1] for the linear stage: of the network.
    """
    images, labels = mnist.validation.images, mnist.validation.labels
    digits = predicted_digits(outputs)
    if outputs.shape[1] > 1:
        belief = softmax(outputs)[np.arange(len(labels)), labels]
    else:
        belief = -np.abs(outputs[:, 0] - labels)
    wrong = np.flatnonzero(digits != labels)
    worst = wrong[np.argsort(belief[wrong], kind="stable")][:MISTAKES]
    names = mnist.source.class_names
    titles = [f"{names[labels[i]]}\nread as {names[digits[i]]}" for i in worst]
    title = f"the worst {len(worst)} of {len(wrong)} mistakes" if len(wrong) else "no mistakes"
    return plot_digits(images[worst], titles, columns=4, title=title)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]  # [H, W, 4] -> [H, W, 3]


def _open_writer(folder: Path) -> LogWriter:
    from visualdl import LogWriter

    # Its own thread writes, and only prints what goes wrong there.
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORDS).open("ab").close()
    with contextlib.redirect_stdout(io.StringIO()):  # it tells that the file is there
        return LogWriter(str(folder), file_name=RECORDS)


def _cut_records(folder: Path, finished: int) -> bool:
    """Take away what was written after a training's last finished epoch.

    Args:
        folder: TRAINING or VALIDATION of a board; may be missing.
        finished: how many epochs are finished; 0: a new training, of which nothing stays.

    Returns:
        Whether records are left.
    """
    path = folder / RECORDS
    if not finished:
        path.unlink(missing_ok=True)
    if not path.exists():
        return False
    end = _end_of_epoch(path.read_bytes(), finished)
    os.truncate(path, end)
    return end > 0


def _end_of_epoch(content: bytes, finished: int) -> int:
    """Where the records of the last finished epoch end; a torn record counts for nothing."""
    from google.protobuf.message import DecodeError
    from visualdl.proto.record_pb2 import Record

    end = start = 0
    while start + 8 <= len(content):
        # Each record: its length as 8 bytes, and a protocol buffer.
        stop = start + 8 + int.from_bytes(content[start : start + 8], "little")
        if stop > len(content):
            break
        try:
            value = Record.FromString(content[start + 8 : stop]).values[0]
        except (DecodeError, IndexError):
            break
        start = stop
        if not value.tag.endswith(_BY_BATCH.format("")) and value.id <= finished:
            end = stop
    return end


@contextlib.contextmanager
def _private_copy(network: nn.Layer) -> Iterator[nn.Layer]:
    # VisualDL hangs its own functions into the network, and reads only the old form of Paddle's
    # graphs. Automatic names go on afterwards as if nothing had happened: a saved state is found
    # by them.
    from paddle.pir_utils import OldIrGuard

    with warnings.catch_warnings(), silenced(), paddle.utils.unique_name.guard():
        warnings.simplefilter("ignore")
        copied = copy.deepcopy(network)
        for name, weights in copied.named_parameters():
            weights.name = name
        with OldIrGuard():
            yield copied


def how_to_watch(folder: Path) -> str:
    """The command that shows the board; without telemetry, for VisualDL sends its version home."""
    return shlex.join(["visualdl", "--disable-telemetry", "--logdir", str(folder)])
