"""load_mnist: digits to train on, to validate with and to test on, from the first place with them.

The places, in this order: what PADDLE_MNIST_DATA names, our cache, Paddle's cache, a download, the
sample that ships with the package. Prints nothing: the caller prints `source.message`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from paddle_mnist.data.class_names import DIGITS, class_names, known_data_set
from paddle_mnist.data.download import cache_folder, download, paddle_cache_folder
from paddle_mnist.data.folder import read_folder
from paddle_mnist.data.idx import content_sha256
from paddle_mnist.data.mnist_files import SHA256, TRAIN_IMAGES, packed_name, read_originals
from paddle_mnist.data.split import Split, split_off
from paddle_mnist.system.errors import DataError

DATA_VARIABLE = "PADDLE_MNIST_DATA"
OFFLINE_VARIABLE = "PADDLE_MNIST_OFFLINE"

SAMPLE_FOLDER = Path(__file__).parent / "sample"

# Of n training images min(5000, n // 8) are held out: 5,000 of MNIST's 60,000, 500 of the sample.
VALIDATION_MAXIMUM = 5_000
VALIDATION_DIVISOR = 8


@dataclass(frozen=True)
class Source:
    """Where the digits came from.

    Attributes:
        kind: "folder", "kaggle", "cache", "paddle-cache", "download" or "sample".
        path: the folder.
        message: one line to show the user.
        is_mnist: what there is to train on is all of MNIST's training set, or was mixed from MNIST
            by Kaggle.
        test_is_from_mnist_training: the test images belong to MNIST's training set, so a network
            trained on that has seen them.
        loud: the sample was taken only because nothing else could be had.
        notes: what was tried before, and was not used.
        class_names: what the labels 0 to 9 mean.
    """

    kind: str
    path: str
    message: str
    is_mnist: bool = False
    test_is_from_mnist_training: bool = False
    loud: bool = False
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = DIGITS


@dataclass(frozen=True)
class Mnist:
    """The three parts of the data (validation may hold no images), and where they came from."""

    train: Split
    validation: Split
    test: Split
    source: Source


@dataclass(frozen=True)
class _Found:
    """A place that had the data, before anything is held out for validation."""

    kind: str
    path: Path
    train: Split
    test: Split
    description: str
    loud: bool = False
    notes: tuple[str, ...] = ()


def _from_sample() -> _Found:
    train, test, _ = read_folder(SAMPLE_FOLDER)
    description = f"the sample of {len(train) + len(test):,} MNIST digits in the package"
    return _Found("sample", SAMPLE_FOLDER, train, test, description)


def _from_folder(folder: Path, named_by: str = "") -> _Found:
    train, test, form = read_folder(folder)
    description = f"the folder {folder}{named_by}"
    if form == "idx":
        return _Found("folder", folder, train, test, description)
    description += ", Kaggle's train.csv (test images held out of it: test.csv has no labels)"
    return _Found("kaggle", folder, train, test, description)


def _from_named(name: str, named_by: str = "") -> _Found:
    if name == "sample":
        return _from_sample()
    return _from_folder(Path(os.path.expanduser(name)), named_by)


def _from_cache(kind: str, folder: Path) -> _Found | None:
    """Read what a cache holds; None: it holds nothing."""
    if not any(os.path.lexists(folder / packed_name(name)) for name in SHA256):
        return None
    whose = "Paddle's cache" if kind == "paddle-cache" else "the cache"
    description = f"all of MNIST from {whose} ({folder})"
    return _Found(kind, folder, *read_originals(folder), description)


def _from_download(folder: Path) -> _Found:
    if os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
        raise DataError(f"nothing was downloaded, because {OFFLINE_VARIABLE} is set")
    download(folder)
    description = f"all of MNIST, downloaded into the cache ({folder})"
    return _Found("download", folder, *read_originals(folder), description)


def _from_first_place() -> _Found:
    named = os.environ.get(DATA_VARIABLE, "")
    if named not in ("", "auto"):
        return _from_named(named, f" (from {DATA_VARIABLE})")
    places: tuple[Callable[[], _Found | None], ...] = (
        partial(_from_cache, "cache", cache_folder()),
        partial(_from_cache, "paddle-cache", paddle_cache_folder()),
        partial(_from_download, cache_folder()),
    )
    notes: list[str] = []
    for look in places:
        try:
            found = look()
        except DataError as error:  # told with what is used instead
            notes.append(str(error))
        else:
            if found:
                return replace(found, notes=tuple(notes))
    return replace(_from_sample(), loud=True, notes=tuple(notes))


def _validation_count(train_count: int, share: float | None) -> int:
    if share is None:
        return min(VALIDATION_MAXIMUM, train_count // VALIDATION_DIVISOR)
    if not 0 <= share <= 0.5:
        raise DataError(f"cannot hold out {share} of the training images; expected 0 to 0.5")
    return int(train_count * share)


def _is_mnist(found: _Found) -> bool:
    same_images = content_sha256(found.train.images) == SHA256[TRAIN_IMAGES]
    return found.kind == "kaggle" or same_images


def _message(found: _Found, data_set: str | None, train: Split, validation: Split) -> str:
    counts = (
        f"{len(train):,} to train on, {len(validation):,} for validation, "
        f"{len(found.test):,} to test on"
    )
    notes = "; ".join(found.notes)
    if found.loud:
        text = (
            f"WARNING: data: only {found.description}: {counts}. All of MNIST could not be had: "
            f"{notes}. To use all of it, connect to the network and try again, or put its four .gz "
            f"files into {cache_folder()}, or name a folder that has them (--data DIR)"
        )
    else:
        what = f"{data_set} from " if data_set else ""
        not_used = f"; not used: {notes}" if notes else ""
        text = f"data: {what}{found.description}: {counts}{not_used}"
    return " ".join(text.split())  # one line, whatever a path or a reason contains


def load_mnist(data: str | os.PathLike[str] = "auto", *, validation: float | None = None) -> Mnist:
    """Load digits to train on, to validate with and to test on.

    Args:
        data: "auto" (what PADDLE_MNIST_DATA names, else the cache, Paddle's cache, a download
            unless PADDLE_MNIST_OFFLINE is set to anything but 0, and last the sample), "sample"
            (5,000 real MNIST digits in the package), or a folder with IDX files or Kaggle's
            `train.csv` (for a folder that is called `sample`, write `./sample`).
        validation: the part of the training images to hold out, 0 to 0.5; None: an eighth of them,
            at most 5,000. Always the same ones, whatever the seed of the training.

    Returns:
        The three splits and their source.

    Raises:
        DataError: the named data cannot be used, or the part to hold out is out of range.
    """
    found = _from_first_place() if data == "auto" else _from_named(os.fspath(data))
    count = _validation_count(len(found.train), validation)
    train, held_out = split_off(found.train, count)
    is_mnist = _is_mnist(found)
    data_set = None if is_mnist else known_data_set(found.train.images, found.test.images)
    source = Source(
        kind=found.kind,
        path=str(found.path),
        message=_message(found, data_set, train, held_out),
        is_mnist=is_mnist,
        test_is_from_mnist_training=found.kind == "sample",
        loud=found.loud,
        notes=found.notes,
        class_names=class_names(data_set),
    )
    return Mnist(train, held_out, found.test, source)
