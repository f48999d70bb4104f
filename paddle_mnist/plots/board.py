"""Records of a training for VisualDL, the board on which Paddle's users watch one.

VisualDL is imported only when a board is asked for. What is written here changes nothing in the
training: neither its random numbers nor its network.
"""

from __future__ import annotations

import contextlib
import copy
import io
import math
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import paddle
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from paddle import nn

from paddle_mnist.core.loop import Callback, Progress, Row, evaluate
from paddle_mnist.core.losses import LossFunction
from paddle_mnist.core.metrics import softmax
from paddle_mnist.data import Mnist
from paddle_mnist.plots import plot_mistakes
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
    """Refuse, before any work is done, where VisualDL is missing or cannot write its settings."""
    try:
        import visualdl  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the board needs visualdl ({error}); install it with: "
            "pip install -c requirements/lock.txt -e '.[visualdl]'"
        ) from error
    except OSError as error:
        raise RunError(
            f"visualdl cannot write its settings into your home folder: {error}; leave --visualdl "
            "out, or set HOME to a folder that can be written"
        ) from error


@dataclass(eq=False)
class Board(Callback):
    """Writes losses, accuracies, the learning rate, weights, mistakes and the graph for VisualDL.

    The mistakes are those on validation images: test images are not looked at while a network is
    trained. Put the board before callbacks that move the learning rate or save the run, and use it
    in a `with` statement, which closes its files.

    A training that is resumed begins new records, with the losses and accuracies of the epochs
    before. What the interrupted training wrote besides is lost: the points within these epochs,
    their weights and their mistakes.
    """

    folder: Path  # made where it is missing; records that it has are replaced
    mnist: Mnist
    network: nn.Layer
    optimizer: paddle.optimizer.Optimizer  # its learning rate is written
    loss_function: LossFunction  # for the validation images
    batch_size: int

    def __post_init__(self) -> None:
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
        try:
            for part in (TRAINING, VALIDATION):
                (self.folder / part / RECORDS).unlink(missing_ok=True)
            self.writers[TRAINING] = _open_writer(self.folder / TRAINING)
            if len(self.mnist.validation):
                self.writers[VALIDATION] = _open_writer(self.folder / VALIDATION)
        except OSError as error:
            raise RunError(
                f"the board cannot be written in {self.folder}: {error.strerror or error}; give "
                "--visualdl another folder"
            ) from error
        for row in progress.history:
            self._write_row(row)
        self._write_weights(len(progress.history))
        for old in self.folder.glob(GRAPHS):
            old.unlink()
        self._write_graph()

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
        self._write_weights(progress.epoch)
        if VALIDATION in self.writers:
            self._write_mistakes(progress.epoch)
        for writer in self.writers.values():
            writer.flush()

    def _write_row(self, row: Row) -> None:
        for name in ("loss", "accuracy"):
            tag, epoch = _BY_EPOCH.format(name), row["epoch"]
            self.writers[TRAINING].add_scalar(tag, row[name], epoch)
            if VALIDATION in self.writers:
                self.writers[VALIDATION].add_scalar(tag, row[f"validation_{name}"], epoch)

    def _write_weights(self, epoch: int) -> None:
        writer = self.writers[TRAINING]
        for name, weights in self.network.named_parameters():
            values = weights.numpy()
            values = values[np.isfinite(values)]  # others have no place between two edges
            # Nor have equal ones a width; such are biases before the first step.
            if not weights.stop_gradient and values.size and values.min() < values.max():
                writer.add_histogram(f"weights/{name}", values, epoch, buckets=BARS)

    def _write_mistakes(self, epoch: int) -> None:
        split, names = self.mnist.validation, self.mnist.source.class_names
        outputs = evaluate(self.network, self.loss_function, split).outputs
        given = softmax(outputs) if outputs.shape[1] > 1 else outputs
        figure = plot_mistakes(split.images, split.labels, given, MISTAKES, names)
        self.writers[VALIDATION].add_image("mistakes", _pixels(figure), epoch)

    def _write_graph(self) -> None:
        try:
            with _private_copy(self.network) as copied:
                rows = paddle.static.InputSpec([None, 784], "float32", "images")
                self.writers[TRAINING].add_graph(copied, [rows])
            for path in (self.folder / TRAINING).glob(GRAPHS):
                # VisualDL calls a graph by the name of its folder alone.
                path.replace(self.folder / path.name)
        except Exception as error:  # it goes deep into Paddle, and is not worth a training
            print(f"note: VisualDL cannot draw the network's graph ({error})", flush=True)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]  # [H, W, 4] -> [H, W, 3]


def _open_writer(folder: Path) -> LogWriter:
    from visualdl import LogWriter

    # Its own thread writes, and only prints what goes wrong there.
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORDS).touch()
    with contextlib.redirect_stdout(io.StringIO()):  # it tells that the file is there
        return LogWriter(str(folder), file_name=RECORDS)


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
