"""Labelled pictures: a folder whose `labels.csv` says which digit each file shows, or an .npz."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_mnist.errors import DataError

LABELS_NAME = "labels.csv"


@dataclass(frozen=True)
class LabelledPicture:
    """One row: the file's name in the folder, its digit, and where it comes from ("" if unsaid)."""

    file: str
    label: int
    source: str


def read_labels_csv(folder: Path) -> list[LabelledPicture]:
    """Read a folder's `labels.csv`.

    Args:
        folder: has `labels.csv` with the columns file and label; a column source_repo is read
            too, others are left alone.

    Returns:
        The rows, at least one, each with a file that exists.

    Raises:
        DataError: the file is missing or damaged, or a row has no digit or no picture.
    """
    path = folder / LABELS_NAME
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = columns
            if not {"file", "label"} <= set(columns):
                raise DataError(
                    f"{path}: its first line must name the columns file and label; found "
                    f"{_described(columns)}"
                )
            rows = [_parse(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); a folder of pictures must have this file, "
            "with the columns file and label"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is damaged: not a CSV file in UTF-8 ({error})") from error
    if not rows:
        raise DataError(f"{path} has no rows; expected one for each picture")
    return rows


def _described(columns: list[str]) -> str:
    found = ", ".join(columns) or "nothing"
    if len(columns) == 1 and ";" in found:
        return f"{found}: a comma must separate them, not a semicolon"
    return found


def _parse(path: Path, line: int, row: dict[str | None, str | None]) -> LabelledPicture:
    name, label = row["file"], (row["label"] or "").strip()
    if not (label.isascii() and label.isdigit() and len(label) == 1):
        raise DataError(f"{path}, line {line}: the label is {label!r}; expected a digit, 0 to 9")
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise DataError(f"{path}, line {line}: the file is {name!r}; expected a name in the folder")
    if not (path.parent / name).is_file():
        raise DataError(f"{path}, line {line}: the picture {name!r} is not in the folder")
    return LabelledPicture(name, int(label), (row.get("source_repo") or "").strip())


def read_pictures_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read small grey pictures from one of NumPy's .npz files.

    Args:
        path: has the arrays `images`, uint8 [N, H, W], and `labels`, N whole numbers from 0 to 9.

    Returns:
        The images, and the labels as int64 [N]; N is at least 1.

    Raises:
        DataError: the file is missing or damaged, or its arrays are others.
    """
    try:
        # NumPy would leave a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = np.asarray(arrays["images"]), np.asarray(arrays["labels"])
    except Exception as error:  # on damaged files NumPy and zipfile raise almost anything
        raise DataError(
            f"{path} cannot be read ({error}); expected an .npz file with the arrays images and "
            "labels"
        ) from error
    if images.dtype != np.uint8 or images.ndim != 3 or not images.size:
        raise DataError(
            f"{path}: images is {images.dtype} {images.shape}; expected uint8 [N, H, W]"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels is {labels.dtype} {labels.shape}; expected a digit an image"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise DataError(f"{path}: labels are {labels.min()} to {labels.max()}; expected 0 to 9")
    return images, labels.astype(np.int64)
