"""Small data sets in temporary folders."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from paddle_mnist.data import idx, mnist_files
from paddle_mnist.data.split import Split

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


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


@pytest.fixture
def to_idx():
    return idx_bytes


@pytest.fixture
def write_folder():
    """A function (folder, train, test) that writes the four gzipped IDX files."""
    return write_four


@pytest.fixture
def published(tmp_path, monkeypatch, make_split):
    """A folder with four small files that pass as the published ones, by their checksums."""
    folder = write_four(tmp_path / "published", make_split(24, 1), make_split(6, 2))
    for name in NAMES:
        read = idx.read_images if "images" in name else idx.read_labels
        checksum = idx.content_sha256(read(folder / f"{name}.gz"))
        monkeypatch.setitem(mnist_files.SHA256, name, checksum)
    return folder
