"""A folder that the user names: IDX files under their usual names, or Kaggle's `train.csv`.

Any data set in MNIST's form will do (Fashion-MNIST too): nothing is compared with checksums here.
"""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

from paddle_mnist.data.idx import encode, read_images, read_labels
from paddle_mnist.data.kaggle import read_labelled
from paddle_mnist.data.mnist_files import SHA256
from paddle_mnist.data.split import Split, split_off
from paddle_mnist.system.errors import DataError
from paddle_mnist.system.files import write_file

IDX_NAMES = tuple(SHA256)  # images and labels to train on, then to test on
KAGGLE_TRAIN = "train.csv"
KAGGLE_NAMES = (KAGGLE_TRAIN, "test.csv")

LISTED = 12


def _find(name: str, present: list[str]) -> str | None:
    dotted = name.replace("-idx", ".idx")
    # Plain files first: who unpacks a file beside its .gz has one data set, not two.
    spellings = (name, dotted, f"{name}.gz", f"{dotted}.gz")
    return next((spelling for spelling in spellings if spelling in present), None)


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError as error:
        raise DataError(f"there is no folder {folder}; name one that holds the data") from error
    except NotADirectoryError as error:
        raise DataError(
            f"{folder} is a file, not a folder; name the folder that holds the data"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise DataError(f"the folder {folder} cannot be read: {error}") from error


def _read_pair(folder: Path, images_name: str, labels_name: str) -> Split:
    images, labels = read_images(folder / images_name), read_labels(folder / labels_name)
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: {images_name} holds {len(images):,} images but {labels_name} "
            f"{len(labels):,} labels; expected one label for each image"
        )
    return Split(images, labels)


def _read_kaggle(path: Path) -> tuple[Split, Split]:
    """Hold a part of train.csv out to test on, 7,000 of 42,000: Kaggle's test.csv has no labels."""
    labelled = read_labelled(path)
    if len(labelled) < 2:
        raise DataError(f"{path} has 1 row; expected at least 2, to train on and to test on")
    return split_off(labelled, max(1, min(len(labelled) // 6, 10_000)))


def _nothing_whole(folder: Path, present: list[str], missing: list[str]) -> str:
    lacks = f"; missing: {', '.join(missing)}" if missing else ""
    listed = ", ".join(present[:LISTED]) or "nothing"
    more = f" and {len(present) - LISTED} more" if len(present) > LISTED else ""
    return (
        f"no whole data set in {folder}: looked for the IDX files {', '.join(IDX_NAMES)} (each "
        f"also with .gz, or with .idx for -idx) or Kaggle's {KAGGLE_TRAIN}{lacks}; "
        f"the folder holds {listed}{more}"
    )


def read_folder(folder: str | os.PathLike[str]) -> tuple[Split, Split, str]:
    """Read the data set in a folder.

    Args:
        folder: holds IDX files: images and labels to train and to test on, as
            `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, each with or without `.gz` (of a
            file that is there both plain and gzipped, the plain one is read). Or Kaggle's
            `train.csv`: one sixth of it, at most 10,000 rows, is held out to test on, always the
            same.

    Returns:
        What there is to train on and to test on, and "folder" (of IDX files) or "kaggle".

    Raises:
        DataError: the folder holds neither, a part, or both, or a file is not as it should be.
    """
    folder = Path(folder)
    present = _listing(folder)
    found = [_find(name, present) for name in IDX_NAMES]
    csv_files = [name for name in KAGGLE_NAMES if name in present]
    whole = [name for name in found if name]
    if whole and csv_files:
        both = ", ".join(whole + csv_files)
        raise DataError(f"{folder} holds both IDX and Kaggle files ({both}); keep one kind there")
    if len(whole) == len(IDX_NAMES):
        train, test = _read_pair(folder, *whole[:2]), _read_pair(folder, *whole[2:])
        return train, test, "folder"
    if KAGGLE_TRAIN in csv_files:
        return (*_read_kaggle(folder / KAGGLE_TRAIN), "kaggle")
    missing = [name for name, spelling in zip(IDX_NAMES, found) if whole and not spelling]
    if csv_files:
        missing = [KAGGLE_TRAIN]
    raise DataError(_nothing_whole(folder, present, missing))


def write_folder(folder: str | os.PathLike[str], train: Split, test: Split) -> None:
    """Write a data set into a folder, as four gzipped IDX files; their bytes are reproducible.

    Raises:
        DataError: a file cannot be written.
    """
    for name, array in zip(IDX_NAMES, (train.images, train.labels, test.images, test.labels)):
        packed = io.BytesIO()
        with gzip.GzipFile("", "wb", 9, packed, mtime=0) as stream:  # no name, no time
            stream.writelines(encode(array))
        write_file(Path(folder, f"{name}.gz"), packed.getvalue(), DataError)
