"""IDX, the file format of MNIST, read strictly and in bounded memory.

An IDX file is a big-endian header (a magic number, then one 32-bit count for each dimension) and
after it the bytes of the array. Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
handwritten digits".
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Union

import numpy as np

from paddle_mnist.data.split import SIDE, wrong_label
from paddle_mnist.system.errors import DataError
from paddle_mnist.system.files import open_file, reason_of

# The third byte, 8, says "unsigned bytes"; the fourth is the number of dimensions.
IMAGES_MAGIC = 0x00000803
LABELS_MAGIC = 0x00000801
KINDS = {IMAGES_MAGIC: "images", LABELS_MAGIC: "labels"}

# MNIST has 60,000. The limit keeps a damaged header from asking for gigabytes.
MAXIMUM_COUNT = 1_000_000

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 20  # bytes unpacked at a time

# A larger file is first read through without keeping it, so that one that lies about its size
# costs no memory. MNIST's largest has 47,040,000 bytes, and is read once.
LARGEST_READ_ONCE = 48_000_000

StrPath = Union[str, "os.PathLike[str]"]
_Stream = Union[BinaryIO, gzip.GzipFile]


def _read_header(stream: _Stream, magic: int, path: StrPath) -> list[int]:
    """Read the shape that the header promises: [N, 28, 28] or [N]."""
    size = 16 if magic == IMAGES_MAGIC else 8
    header = stream.read(size)
    if not header:
        raise DataError(f"{path} is empty; expected an IDX file of {KINDS[magic]}")
    if len(header) < size:
        raise DataError(
            f"{path} ends after {len(header)} bytes; an IDX header of {KINDS[magic]} has {size}"
        )
    found, *shape = struct.unpack(f">{size // 4}I", header)
    if found != magic:
        hint = f" (that is a file of {KINDS[found]})" if found in KINDS else ""
        raise DataError(
            f"{path} begins with the magic number 0x{found:08x}{hint}; "
            f"expected 0x{magic:08x}, an IDX file of {KINDS[magic]}"
        )
    if magic == IMAGES_MAGIC and shape[1:] != [SIDE, SIDE]:
        raise DataError(
            f"{path} holds images of {shape[1]}×{shape[2]} pixels; expected {SIDE}×{SIDE}"
        )
    if not 1 <= shape[0] <= MAXIMUM_COUNT:
        raise DataError(
            f"{path} promises {shape[0]:,} {KINDS[magic]}; expected 1 to {MAXIMUM_COUNT:,}"
        )
    return shape


def _pieces(stream: _Stream, shape: list[int], path: StrPath) -> Iterator[bytes]:
    """Yield all that follows the header, and raise where it is less or more than promised."""
    expected = missing = math.prod(shape)
    while missing:
        piece = stream.read(min(PIECE, missing))
        if not piece:
            raise DataError(
                f"{path} ends {expected - missing:,} bytes after its header, which promises "
                f"{expected:,} (shape {shape}): the file is not whole, get it again"
            )
        missing -= len(piece)
        yield piece
    if stream.read(1):  # also makes gzip check its checksum
        raise DataError(
            f"{path} goes on after the {expected:,} bytes that its header promises "
            f"(shape {shape}); expected the end of the file there"
        )


def _read_stream(stream: _Stream, magic: int, path: StrPath) -> np.ndarray:
    shape = _read_header(stream, magic, path)
    if math.prod(shape) > LARGEST_READ_ONCE:
        start = stream.tell()
        for _ in _pieces(stream, shape, path):
            pass
        stream.seek(start)
    body = np.empty(math.prod(shape), dtype=np.uint8)
    filled = 0
    for piece in _pieces(stream, shape, path):
        body[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        filled += len(piece)
    return body.reshape(shape)


def _read(path: StrPath, magic: int) -> np.ndarray:
    """Read the uint8 array of one IDX file, with the shape of its header."""
    try:
        with open_file(path) as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            return _read_stream(gzip.GzipFile(fileobj=file) if packed else file, magic, path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); get the file again") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {reason_of(error)}; expected an IDX file of {KINDS[magic]}"
        ) from error
    except MemoryError as error:
        raise DataError(f"{path} does not fit into this computer's memory") from error


def read_images(path: StrPath) -> np.ndarray:
    """Read an IDX file of images.

    Args:
        path: a file, plain or gzipped (told by its first bytes, not by its name). No more than its
            header promises (and one byte) is ever unpacked.

    Returns:
        uint8 [N, 28, 28], N from 1 to 1,000,000.

    Raises:
        DataError: the file cannot be read, has another magic number or another image size, or is
            longer or shorter than its header promises.
    """
    return _read(path, IMAGES_MAGIC)  # [N, 28, 28]


def read_labels(path: StrPath) -> np.ndarray:
    """Read an IDX file of labels, int64 [N], each from 0 to 9; otherwise as `read_images`."""
    labels = _read(path, LABELS_MAGIC).astype(np.int64)  # [N]
    if fault := wrong_label(labels):
        raise DataError(f"{path}: {fault}")
    return labels


def encode(array: np.ndarray) -> tuple[bytes, memoryview]:
    """Spell images or labels as an unpacked IDX file: its header, and its body."""
    magic = IMAGES_MAGIC if array.ndim == 3 else LABELS_MAGIC
    header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
    return header, np.ascontiguousarray(array, dtype=np.uint8).reshape(-1).data


def content_sha256(array: np.ndarray) -> str:
    """Compute the checksum of the unpacked IDX file that holds an array.

    Args:
        array: images uint8 [N, 28, 28] or labels int64 [N]. For what a reader returned this is the
            checksum of the file itself, as the readers accept only one spelling of each array.

    Returns:
        The SHA-256, 64 hex digits.
    """
    header, body = encode(array)
    digest = hashlib.sha256(header)
    digest.update(body)
    return digest.hexdigest()
