"""A text file, read line by line, in bounded memory, whatever the file is.

Knows nothing of what the lines hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from paddle_mnist.system.errors import DataError

# The header of Kaggle's train.csv has 7,167 characters, and is the longest line that is expected:
# what is longer is another kind of file, and is not read into memory as one line.
LONGEST_LINE = 20_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets put it before UTF-8


def numbered_lines(
    file: BinaryIO, path: str | os.PathLike[str], most: int, expected: str
) -> Iterator[tuple[int, str]]:
    """Read a file's lines one after the other.

    Args:
        file: the opened file.
        path: its name, for messages.
        most: how many lines it may have.
        expected: what the file should be, for messages.

    Yields:
        (the line's number from 1, its text without the line end).

    Raises:
        DataError: a line is too long or not UTF-8, or there are too many.
    """
    number = 0
    while True:
        line = file.readline(LONGEST_LINE + 1)
        number += 1
        if not line:
            return
        if len(line) > LONGEST_LINE:
            raise DataError(
                f"{path}, line {number}: longer than {LONGEST_LINE:,} characters; "
                f"expected {expected}"
            )
        if number > most:
            raise DataError(f"{path} goes on after {most:,} lines; expected {expected}")
        if number == 1 and line.startswith(BYTE_ORDER_MARK):
            line = line[len(BYTE_ORDER_MARK) :]
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, line {number}: not UTF-8 text ({error.reason} at byte {error.start}); "
                f"expected {expected}"
            ) from error
        yield number, text.rstrip("\r\n")
