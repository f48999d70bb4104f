"""Files, read and written so that nothing hangs, fills the memory, is lost or is left half done.

A kill, at any moment, leaves the old content of a file or the new, never a mixture. Knows nothing
of what the files hold.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from paddle_mnist.system.errors import DataError, PaddleMnistError, UsageError

# The header of Kaggle's train.csv has 7,167 characters, and is the longest line that is expected:
# what is longer is another kind of file, and is not read into memory as one line.
LONGEST_LINE = 20_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets put it before UTF-8


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open an ordinary file, by whatever a user may have named, for reading its bytes.

    Raises:
        OSError: there is no such file, it cannot be read, or it is a folder, or something that
            could block for ever, such as a pipe. `reason_of` puts it in a few words.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a NUL
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path)) from error
    if stat.S_ISDIR(mode):  # which Windows would call a lack of permission
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
    return open(path, "rb")


def read_bounded(path: str | os.PathLike[str], most: int) -> bytes:
    """Read an ordinary file whole, unless it has more than `most` bytes: then none are kept.

    Raises:
        OSError: as `open_file`, or it is too large (`errno.EFBIG`).
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= most:
            return file.read(size)  # even where it is growing
    raise OSError(errno.EFBIG, f"it has more than {most / 10**6:g} MB", str(path))


def numbered_lines(
    file: BinaryIO, path: str | os.PathLike[str], most: int, expected: str
) -> Iterator[tuple[int, str]]:
    """Read a text file's lines one after the other.

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
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE + 1), b""), start=1):
        place = f"{path}, line {number}"
        if len(line) > LONGEST_LINE:
            raise DataError(
                f"{place}: longer than {LONGEST_LINE:,} characters; expected {expected}"
            )
        if number > most:
            raise DataError(f"{path} goes on after {most:,} lines; expected {expected}")
        try:
            text = (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{place}: not UTF-8 text ({error.reason} at byte {error.start}); "
                f"expected {expected}"
            ) from error
        yield number, text.rstrip("\r\n")


def reason_of(error: Exception) -> str:
    """Why a file cannot be read or written, without the name of a temporary file."""
    return str(getattr(error, "strerror", None) or error)


def refuse_overwrite(path: Path, is_ours: Callable[[Path], bool], ours: str, example: str) -> None:
    """Refuse to write a file where something could be lost that this program did not make.

    Args:
        path: what the user wants written.
        is_ours: tells whether what is there already may be replaced.
        ours: what that has to be, for the message, such as "a submission".
        example: a name for such a file.

    Raises:
        UsageError: it is not a file's name, or a folder, or something else is there.
    """
    # Those of os.path say no to an impossible name, where those of pathlib raise.
    if not path.name or os.path.isdir(path):
        raise UsageError(f"{path} is not a file; name a file to write, such as {example}")
    if os.path.exists(path) and not is_ours(path):
        raise UsageError(
            f"{path} is there already, and is not {ours}; name another file to write, such as "
            f"{example}"
        )


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk, not only in the system's memory."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder, as a rename left them, are on the disk."""
    if os.name == "nt":  # Windows has no such call, and needs none
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def leftovers(path: Path, ending: str) -> list[Path]:
    """What killed processes left of writing a file or a folder, as `{its name}.{process}.{ending}`.

    What a process that runs is still writing is not among them.
    """
    name = re.compile(rf"{re.escape(path.name)}\.(\d{{1,9}})\.{re.escape(ending)}")
    try:
        matches = [(inner, name.fullmatch(inner.name)) for inner in path.parent.iterdir()]
    except FileNotFoundError:
        return []
    found = [(inner, int(match[1])) for inner, match in matches if match]
    if not found:
        return []
    import psutil

    return [inner for inner, process in found if not psutil.pid_exists(process)]


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` into the place of a file, whole or not at all (an OSError says why not).

    What a killed process left of doing the same is taken away first.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    for leftover in leftovers(path, "tmp"):
        leftover.unlink(missing_ok=True)
    try:
        write_synced(temporary, content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def writing(path: str | os.PathLike[str], error_type: type[PaddleMnistError]) -> Iterator[None]:
    """Raise `error_type`, with the reason, where the block cannot write the file `path`."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        raise error_type(f"{path} cannot be written: {reason_of(error)}") from error


def write_file(
    path: str | os.PathLike[str], content: bytes, error_type: type[PaddleMnistError]
) -> None:
    """Write a file that a user has asked for, whole or not at all, and make its folder.

    Raises:
        PaddleMnistError: of the type `error_type`: the file cannot be written.
    """
    with writing(path, error_type):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        replace_file(Path(path), content)
