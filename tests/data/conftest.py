"""Small data sets in temporary folders."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from paddle_mnist.data import mnist_files
from paddle_mnist.data.folder import write_folder as write_four
from paddle_mnist.data.split import Split


def idx_bytes(array: np.ndarray) -> bytes:
    """The format by its description, written independently of the package."""
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    for size in array.shape:
        header += struct.pack(">i", size)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def to_idx():
    return idx_bytes


@pytest.fixture
def write_folder():
    """A function (folder, train, test): write the four gzipped IDX files; it returns where."""

    def write(folder: Path, train: Split, test: Split) -> Path:
        write_four(folder, train, test)
        return folder

    return write


@pytest.fixture
def published(tmp_path, monkeypatch, make_split):
    """A folder with four small files that pass as the published ones, by their checksums."""
    folder, train, test = tmp_path / "published", make_split(24, 1), make_split(6, 2)
    write_four(folder, train, test)
    arrays = (train.images, train.labels, test.images, test.labels)
    for name, array in zip(list(mnist_files.SHA256), arrays):
        checksum = hashlib.sha256(idx_bytes(array)).hexdigest()
        monkeypatch.setitem(mnist_files.SHA256, name, checksum)
    return folder
