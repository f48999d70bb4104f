"""The CSV files of Kaggle's "Digit Recognizer", read and written.

`train.csv` and `test.csv`: a header, then a row for each image: its label (in `train.csv` only)
and its 784 pixels from left to right and top to bottom. `submission.csv`: a header, then a row for
each image of `test.csv`: its number from 1, and its label.
Source: https://www.kaggle.com/competitions/digit-recognizer/data.
"""

from __future__ import annotations

import itertools
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from paddle_mnist.data.idx import MAXIMUM_COUNT, StrPath
from paddle_mnist.data.split import CLASSES, SIDE, Split
from paddle_mnist.system.errors import DataError, UsageError
from paddle_mnist.system.files import (
    BYTE_ORDER_MARK,
    LONGEST_LINE,
    numbered_lines,
    open_file,
    reason_of,
    refuse_overwrite,
    write_file,
)

PIXELS = SIDE * SIDE
PIXEL_COLUMNS = tuple(f"pixel{number}" for number in range(PIXELS))
LABELLED_COLUMNS = ("label", *PIXEL_COLUMNS)
SUBMISSION_HEADER = "ImageId,Label"

# NumPy would take other blanks than these, and fractions, too.
NUMBERS_ONLY = re.compile(r"[-+0-9, \t]*")
WHOLE_NUMBER = re.compile(r"[ \t]*[-+]?[0-9]+[ \t]*", re.ASCII)


def _lines(file: BinaryIO, path: StrPath) -> Iterator[tuple[int, str]]:
    return numbered_lines(file, path, 1 + MAXIMUM_COUNT, "a CSV file of 28×28 images")


def _check_header(text: str, columns: tuple[str, ...], path: StrPath) -> None:
    found = text.split(",")
    if found == list(columns):
        return
    expected = f"expected {len(columns)} columns: {columns[0]},{columns[1]},…,{columns[-1]}"
    if len(found) != len(columns):
        raise DataError(
            f"{path}, line 1: the header has {len(found)} columns ({_described(found)}); {expected}"
        )
    position = [one == other for one, other in zip(found, columns)].index(False)
    raise DataError(
        f"{path}, line 1: column {position + 1} of the header is {found[position][:40]!r}, "
        f"not {columns[position]!r}; {expected}"
    )


def _described(header: list[str]) -> str:
    if header == list(LABELLED_COLUMNS):
        return "those of Kaggle's train.csv, which has labels"
    if header == list(PIXEL_COLUMNS):
        return "those of Kaggle's test.csv, which has no labels"
    begin = ",".join(header[:3])[:60]
    return f"{begin!r}…"


def _check_length(text: str, columns: tuple[str, ...], place: str) -> None:
    found = text.count(",") + 1
    if found != len(columns):
        size = "short" if found < len(columns) else "long"
        raise DataError(f"{place}: the row is too {size}: {found} numbers; expected {len(columns)}")


def _check_row(text: str, columns: tuple[str, ...], place: str) -> None:
    _check_length(text, columns, place)
    for column, field in zip(columns, text.split(",")):
        largest = CLASSES - 1 if column == "label" else 255
        expected = f"expected a whole number from 0 to {largest}"
        if not WHOLE_NUMBER.fullmatch(field):
            raise DataError(f"{place}: {column} is {field[:40]!r}, not a whole number; {expected}")
        # int() of thousands of digits is slow, or refused, and they are out of range anyway.
        if len(field) > 40 or not 0 <= int(field) <= largest:
            raise DataError(f"{place}: {column} is {field[:40]}, out of range; {expected}")


def _raise_first_fault(path: StrPath, columns: tuple[str, ...], reason: str) -> NoReturn:
    """Read line by line, which is slow, to name the line that the fast way stumbled over."""
    with open_file(path) as file:
        for number, text in _lines(file, path):
            if number > 1 and text.strip():
                _check_row(text, columns, f"{path}, line {number}")
    raise DataError(f"{path} cannot be read as a table of numbers: {reason}")


def _numbers_only(text: str) -> str:
    if not NUMBERS_ONLY.fullmatch(text):
        raise ValueError("a row has other characters than those of whole numbers")
    return text


def _read_fast(path: StrPath, columns: tuple[str, ...]) -> np.ndarray:
    """Read the numbers of all rows, or raise a ValueError or a Warning where they are not such."""
    with open_file(path) as file, warnings.catch_warnings():
        warnings.simplefilter("error")  # older NumPys only warn of 256, and take it for 0
        lines = _lines(file, path)
        _, header = next(lines, (1, ""))
        _check_header(header, columns, path)
        number, first = next((line for line in lines if line[1].strip()), (0, ""))
        if not number:
            raise DataError(f"{path} has a header but no rows; expected a row for each image")
        # NumPy takes the first row's length for all, and would keep a billion rows of one number.
        _check_length(first, columns, f"{path}, line {number}")
        texts = itertools.chain([first], (text for _, text in lines if text.strip()))
        rows = map(_numbers_only, texts)
        table = np.loadtxt(rows, dtype=np.uint8, delimiter=",", comments=None, ndmin=2)
        if columns is LABELLED_COLUMNS and table[:, 0].max() >= CLASSES:
            raise ValueError(f"a label is {table[:, 0].max()}")
        return table  # [N, columns]


def _read_table(path: StrPath, columns: tuple[str, ...]) -> np.ndarray:
    """Read uint8 [N, columns]."""
    try:
        try:
            return _read_fast(path, columns)
        except (ValueError, Warning) as error:
            _raise_first_fault(path, columns, str(error))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {reason_of(error)}; expected a CSV file of Kaggle's Digit "
            "Recognizer"
        ) from error
    except MemoryError as error:
        raise DataError(f"{path} does not fit into this computer's memory") from error


def read_labelled(path: StrPath) -> Split:
    """Read Kaggle's `train.csv`; blank lines are skipped.

    Returns:
        Images uint8 [N, 28, 28] and labels int64 [N], N at least 1.

    Raises:
        DataError: the file cannot be read, its header is another, a row is too short or too long, a
            field is not a whole number in its range (0 to 255, labels 0 to 9), or there are more
            than 1,000,000 rows. The text names the file and the line.
    """
    table = _read_table(path, LABELLED_COLUMNS)  # [N, 785]
    images = np.ascontiguousarray(table[:, 1:]).reshape(-1, SIDE, SIDE)  # [N, 28, 28]
    return Split(images, table[:, 0].astype(np.int64))


def read_unlabelled(path: StrPath) -> np.ndarray:
    """Read Kaggle's `test.csv`, uint8 [N, 28, 28]: as `read_labelled`, but without the label."""
    return _read_table(path, PIXEL_COLUMNS).reshape(-1, SIDE, SIDE)  # [N, 28, 28]


def check_submission_file(path: Path, test_csv: Path) -> None:
    """Refuse to write a submission over the images that it is about, or over another file.

    Raises:
        UsageError: `path` is not a file's name, or `test_csv` itself, or holds anything but an
            earlier submission.
    """
    if os.path.exists(path) and os.path.exists(test_csv) and os.path.samefile(path, test_csv):
        raise UsageError(f"{path} holds the images to read; name another file to write")
    ours = f"a submission (its first line is not {SUBMISSION_HEADER})"
    refuse_overwrite(path, _is_submission, ours, "submission.csv")


def _is_submission(path: Path) -> bool:
    try:
        with open_file(path) as file:
            first_line = file.readline(LONGEST_LINE)
    except OSError:
        return False
    return first_line.removeprefix(BYTE_ORDER_MARK).strip() == SUBMISSION_HEADER.encode()


def write_submission(path: Path, labels: np.ndarray) -> None:
    """Write a `submission.csv` of labels [N], in the order of `test.csv`, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    rows = (f"{number},{label}" for number, label in enumerate(labels, start=1))
    write_file(path, "\n".join([SUBMISSION_HEADER, *rows, ""]).encode("ascii"), UsageError)
