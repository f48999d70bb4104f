"""Small data sets in temporary folders, and the way to all of MNIST where it is at hand."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_mnist.data import idx
from paddle_mnist.data import mnist_files as originals
from paddle_mnist.data.split import Split
from paddle_mnist.system.errors import DataError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def random_split(count: int, seed: int = 0) -> Split:
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return Split(images, generator.integers(0, 10, count, dtype=np.int64))


def idx_bytes(array: np.ndarray) -> bytes:
    """The format by its description, written independently of the package."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    for size in array.shape:
        header += struct.pack(">i", size)
    return header + array.astype(np.uint8).tobytes()


def write_four(folder: Path, train: Split, test: Split) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = (train.images, train.labels, test.images, test.labels)
    for name, array in zip(NAMES, arrays):
        write = idx.write_images if array.ndim == 3 else idx.write_labels
        write(folder / f"{name}.gz", array)
    return folder


# From a name to what becomes of a file: its bytes before a place, those there, those after it, and
# other bytes.
FAULTS: dict[str, Callable[[bytes, bytes, bytes, bytes], bytes]] = {
    "cut off": lambda before, part, after, other: before,
    "left out": lambda before, part, after, other: before + after,
    "put in": lambda before, part, after, other: before + other + part + after,
    "replaced": lambda before, part, after, other: before + other + after[len(other) :],
    "exchanged": lambda before, part, after, other: before + other + after,
    "repeated": lambda before, part, after, other: before + part + part + after,
    "moved": lambda before, part, after, other: before + after + part,
    "flipped": lambda before, part, after, other: before + bytes(~b & 255 for b in part) + after,
    "twice": lambda before, part, after, other: (before + part + after) * 2,
    "a tail": lambda before, part, after, other: before + part + after + other,
}
EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def with_faults(content: bytes, faults: Sequence[tuple[str, int, int, bytes]]) -> bytes:
    for name, place, length, other in faults:
        start = place % (len(content) + 1)
        end = start + length % (len(content) + 1)
        content = FAULTS[name](content[:start], content[start:end], content[end:], other)
    return content


def damaged_bytes(
    whole: st.SearchStrategy[bytes], tokens: Sequence[bytes]
) -> st.SearchStrategy[bytes]:
    """One of `whole` with up to four faults; `tokens` are what the format takes for special."""
    numbers = [struct.pack(order, edge) for order in (">I", "<I") for edge in EDGES]
    others = st.one_of(st.binary(max_size=9), st.sampled_from([*numbers, bytes(30), *tokens]))
    lengths = st.one_of(st.integers(0, 9), st.integers(0, 1 << 16))
    fault = st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(0, 1 << 16), lengths, others)
    return st.builds(with_faults, whole, st.lists(fault, max_size=4))


@pytest.fixture
def damaged():
    """A function (strategy of whole files, tokens): a strategy of damaged ones."""
    return damaged_bytes


@pytest.fixture
def read_damaged(fuzz, tmp_path):
    """A function: read so many files; returns how many were read, and how many of them refused.

    Each gives a value or a DataError, within a second of processor time.
    """

    def run(files, read, name, short, full):
        refused = 0

        @given(files)
        def check(content):
            nonlocal refused
            (tmp_path / name).write_bytes(content)
            start = time.process_time()
            try:
                read(tmp_path / name)
            except DataError:
                refused += 1
            assert time.process_time() - start < 1

        return fuzz(check, short, full), refused

    return run


@pytest.fixture
def make_split():
    return random_split


@pytest.fixture
def to_idx():
    return idx_bytes


@pytest.fixture
def write_folder():
    """A function (folder, train, test) that writes the four gzipped IDX files."""
    return write_four


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder with four small files that pass as the published ones, by their checksums."""
    folder = write_four(tmp_path / "published", random_split(24, 1), random_split(6, 2))
    for name in NAMES:
        read = idx.read_images if "images" in name else idx.read_labels
        checksum = idx.content_sha256(read(folder / f"{name}.gz"))
        monkeypatch.setitem(originals.SHA256, name, checksum)
    return folder


@pytest.fixture(scope="session")
def full_mnist_folder() -> Path:
    """The folder with all of MNIST, where PADDLE_MNIST_DATA names one."""
    folder = os.environ.get("PADDLE_MNIST_DATA", "")
    if folder in ("", "auto", "sample"):
        pytest.skip("PADDLE_MNIST_DATA names no folder with all of MNIST")
    return Path(folder)
