"""load_mnist: digits to train on, to validate with and to test on, from the first place with them.

Prints nothing: the caller prints `source.message`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from paddle_mnist.data.class_names import DIGITS, class_names, known_data_set
from paddle_mnist.data.download import cache_folder, download, paddle_cache_folder
from paddle_mnist.data.folder import read_folder
from paddle_mnist.data.idx import content_sha256
from paddle_mnist.data.mnist_files import SHA256, TRAIN_IMAGES, read_originals
from paddle_mnist.data.split import Split, split_off
from paddle_mnist.system.errors import DataError

DATA_VARIABLE = "PADDLE_MNIST_DATA"
OFFLINE_VARIABLE = "PADDLE_MNIST_OFFLINE"

SAMPLE_FOLDER = Path(__file__).parent / "sample"


@dataclass(frozen=True)
class Source:
    """Where the digits came from.

    Attributes:
        kind: "folder", "kaggle", "cache", "paddle-cache", "download" or "sample".
        path: the folder.
        message: one line to show the user.
        is_mnist: what there is to train on is all of MNIST's training set, or was mixed from MNIST
            by Kaggle.
        class_names: what the labels 0 to 9 mean.
    """

    kind: str
    path: str
    message: str
    is_mnist: bool = False
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


def _named(name: str, named_by: str = "") -> _Found:
    """Read what the user has named: the sample, or a folder."""
    if name == "sample":
        train, test, _ = read_folder(SAMPLE_FOLDER)
        description = f"the sample of {len(train) + len(test):,} MNIST digits in the package"
        return _Found("sample", SAMPLE_FOLDER, train, test, description)
    folder = Path(os.path.expanduser(name))
    train, test, kind = read_folder(folder)
    description = f"the folder {folder}{named_by}"
    if kind == "kaggle":
        description += ", Kaggle's train.csv (test images held out of it: test.csv has no labels)"
    return _Found(kind, folder, train, test, description)


def _published(kind: str, folder: Path, description: str) -> _Found | None:
    """Read all of MNIST from a cache, or after a download; None: the cache holds nothing."""
    if kind == "download":
        if os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
            raise DataError(f"nothing was downloaded, because {OFFLINE_VARIABLE} is set")
        download(folder)
    elif not any(os.path.lexists(folder / f"{name}.gz") for name in SHA256):
        return None
    return _Found(kind, folder, *read_originals(folder), f"all of MNIST{description} ({folder})")


def _first_place() -> tuple[_Found, list[str]]:
    """Read what there is; also tell what was tried before, and could not be used."""
    named = os.environ.get(DATA_VARIABLE, "")
    if named not in ("", "auto"):
        return _named(named, f" (from {DATA_VARIABLE})"), []
    notes: list[str] = []
    for kind, folder, description in (
        ("cache", cache_folder(), " from the cache"),
        ("paddle-cache", paddle_cache_folder(), " from Paddle's cache"),
        ("download", cache_folder(), ", downloaded into the cache"),
    ):
        try:
            if found := _published(kind, folder, description):
                return found, notes
        except DataError as error:  # told with what is used instead
            notes.append(str(error))
    return _named("sample"), notes


def _validation_count(train_count: int, share: float | None) -> int:
    if share is None:  # 5,000 of MNIST's 60,000, 500 of the sample's 4,000
        return min(5_000, train_count // 8)
    if not 0 <= share <= 0.5:
        raise DataError(f"cannot hold out {share} of the training images; expected 0 to 0.5")
    return int(train_count * share)


def _message(what: str, counts: str, kind: str, notes: list[str]) -> str:
    text, reasons = f"{what}: {counts}", "; ".join(notes)
    if notes and kind == "sample":  # nobody asked for it
        text = (
            f"WARNING: data: only {text}. All of MNIST could not be had: {reasons}. To use all of "
            "it, connect to the network and try again, or put its four .gz files into "
            f"{cache_folder()}, or name a folder that has them (--data DIR)"
        )
    else:
        text = f"data: {text}; not used: {reasons}" if notes else f"data: {text}"
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
    found, notes = _first_place() if data == "auto" else (_named(os.fspath(data)), [])
    train, held_out = split_off(found.train, _validation_count(len(found.train), validation))
    is_mnist = found.kind == "kaggle" or content_sha256(found.train.images) == SHA256[TRAIN_IMAGES]
    data_set = None if is_mnist else known_data_set(found.train.images, found.test.images)
    what = f"{data_set} from {found.description}" if data_set else found.description
    counts = (
        f"{len(train):,} to train on, {len(held_out):,} for validation, "
        f"{len(found.test):,} to test on"
    )
    source = Source(
        kind=found.kind,
        path=str(found.path),
        message=_message(what, counts, found.kind, notes),
        is_mnist=is_mnist,
        class_names=class_names(data_set),
    )
    return Mnist(train, held_out, found.test, source)
