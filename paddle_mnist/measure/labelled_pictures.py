"""Labelled pictures: a folder whose `labels.csv` says which digit each file shows, or an .npz."""

from __future__ import annotations

import csv
import math
import os
import struct
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from paddle_mnist.system.errors import DataError
from paddle_mnist.system.files import numbered_lines, open_file, reason_of

# The limits keep a small file from asking for gigabytes. All of MNIST in one .npz has 70,000
# pictures and 54,880,000 pixels.
MAXIMUM_PICTURES = 100_000
MAXIMUM_PIXELS = 60_000_000
LARGEST_DIRECTORY = 65_536  # bytes; an array takes some 60

LONGEST_QUOTE = 60  # characters of a file in a message


@dataclass(frozen=True)
class LabelledPicture:
    """A row of `labels.csv`."""

    file: str  # its name in the folder
    label: int
    source: str  # where it comes from; "" if unsaid


def read_labels_csv(folder: Path) -> list[LabelledPicture]:
    """Read a folder's `labels.csv`, which has the columns file, label and perhaps source_repo.

    Returns:
        The rows, at least one, each with a file that exists.

    Raises:
        DataError: the file is missing or damaged, has more than 100,000 rows, or a row has no digit
            or no picture.
    """
    path = folder / "labels.csv"
    try:
        with open_file(path) as file:
            lines = _table(file, path)
            _, header = next(lines, (1, []))
            columns = [name.strip() for name in header]
            if not {"file", "label"} <= set(columns):
                raise DataError(
                    f"{path}: its first line must name the columns file and label; found "
                    f"{_described(columns)}"
                )
            rows = [_parse(path, line, dict(zip(columns, fields))) for line, fields in lines]
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({reason_of(error)}); a folder of pictures "
            "must have this file, with the columns file and label"
        ) from error
    if not rows:
        raise DataError(f"{path} has no rows; expected one for each picture")
    return rows


def _table(file: BinaryIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number from 1, fields) of each line that is not empty.

    A row is a line: rows that go on, in quotes, over many lines would know no limit.
    """
    expected = "a CSV file with a picture's name and its label in each line"
    for number, text in numbered_lines(file, path, 1 + MAXIMUM_PICTURES, expected):
        try:
            fields = next(csv.reader([text], strict=True))
        except csv.Error as error:
            raise DataError(f"{path}, line {number}: {error}; expected {expected}") from error
        if fields:
            yield number, fields


def _quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


def _described(columns: list[str]) -> str:
    found = ", ".join(columns)[:LONGEST_QUOTE] or "nothing"
    if len(columns) == 1 and ";" in found:
        return f"{found}: a comma must separate them, not a semicolon"
    return found


def _parse(path: Path, line: int, row: dict[str, str]) -> LabelledPicture:
    name, label = row.get("file", ""), row.get("label", "").strip()
    if not (label.isascii() and label.isdigit() and len(label) == 1):
        raise DataError(
            f"{path}, line {line}: the label is {_quoted(label)}; expected a digit, 0 to 9"
        )
    # An anchor is what an absolute path begins with, and on Windows also "C:".
    if not name or Path(name).anchor or ".." in Path(name).parts:
        raise DataError(
            f"{path}, line {line}: the file is {_quoted(name)}; expected a name in the folder"
        )
    if not os.path.isfile(path.parent / name):
        raise DataError(
            f"{path}, line {line}: the picture {_quoted(name)} is not in the folder; expected the "
            "name of one that is"
        )
    return LabelledPicture(name, int(label), row.get("source_repo", "").strip())


def read_pictures_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read small grey pictures from one of NumPy's .npz files.

    Returns:
        Its arrays `images`, uint8 [N, H, W], and `labels`, int64 [N], 0 to 9; N is at least 1.

    Raises:
        DataError: the file is missing or damaged, or its arrays are others, or they have more than
            100,000 pictures or 60,000,000 pixels. No more than those is ever unpacked.
    """
    try:
        with open_file(path) as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy warns of odd headers that it can read
                _check_declared(path, archive)
                images, labels = _unpacked(archive, "images"), _unpacked(archive, "labels")
    except DataError:
        raise
    except Exception as error:  # on damaged files NumPy and zipfile raise almost anything
        raise DataError(
            f"{path} cannot be read ({reason_of(error)}); expected an .npz file with the "
            "arrays images and labels"
        ) from error
    if labels.min() < 0 or labels.max() > 9:
        raise DataError(f"{path}: labels are {labels.min()} to {labels.max()}; expected 0 to 9")
    return images, labels.astype(np.int64)


def _check_directory(file: BinaryIO) -> None:
    """Make sure that the list of the archive's files, which is read as a whole, is short.

    Source: PKWARE's APPNOTE.TXT, 4.3.15 and 4.3.16. NumPy writes no comment after it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 42))
    end = file.read().rjust(42, b"\0")
    signature, *_, directory, _, comment = struct.unpack("<4s4H2LH", end[20:])
    has_larger_one = end.startswith(b"PK\x06\x07")
    if signature != b"PK\x05\x06" or comment or has_larger_one or directory > LARGEST_DIRECTORY:
        raise ValueError("it does not end as NumPy writes it")
    file.seek(0)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    member = archive.getinfo(f"{name}.npy")
    # The others, which NumPy does not write, make room for what a file says that it needs.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed in a way that NumPy does not use")
    return archive.open(member)


def _declared(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Read an array's shape and dtype without unpacking it."""
    with _member(archive, name) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"the header of {name} is of a version that arrays do not need")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype


def _check_declared(path: Path, archive: zipfile.ZipFile) -> None:
    shape, dtype = _declared(archive, "images")
    found = f"{path}: images is {dtype} {shape!s:.{LONGEST_QUOTE}}"
    if dtype != np.uint8 or len(shape) != 3 or min(shape) < 1:
        raise DataError(f"{found}; expected uint8 [N, H, W]")
    count = shape[0]
    if count > MAXIMUM_PICTURES or math.prod(shape) > MAXIMUM_PIXELS:
        raise DataError(
            f"{found}; expected at most {MAXIMUM_PICTURES:,} pictures and {MAXIMUM_PIXELS:,} pixels"
        )
    shape, dtype = _declared(archive, "labels")
    if shape != (count,) or dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels is {dtype} {shape!s:.{LONGEST_QUOTE}}; expected a digit for each of "
            f"the {count:,} images"
        )


def _unpacked(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Unpack an array of which `_declared` has told how large it is."""
    with _member(archive, name) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # also makes zipfile check its checksum
            raise ValueError(f"{name} goes on after its last number")
    return array
