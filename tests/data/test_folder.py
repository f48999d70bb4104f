"""A data set is written as the IDX files from which it is read again."""

from __future__ import annotations

import gzip
import os

import pytest

from paddle_mnist.data import fingerprint
from paddle_mnist.data.folder import read_folder, write_folder
from paddle_mnist.system.errors import DataError


def test_written_files_are_the_format_s_and_reproducible(tmp_path, make_split, to_idx):
    train, test = make_split(5, 1), make_split(2, 2)
    for name in ("first", "second"):
        write_folder(tmp_path / name, train, test)
    arrays = {
        "train-images-idx3-ubyte.gz": train.images,
        "train-labels-idx1-ubyte.gz": train.labels,
        "t10k-images-idx3-ubyte.gz": test.images,
        "t10k-labels-idx1-ubyte.gz": test.labels,
    }
    assert sorted(os.listdir(tmp_path / "first")) == sorted(arrays)
    for name, array in arrays.items():
        content = (tmp_path / "first" / name).read_bytes()
        assert gzip.decompress(content) == to_idx(array)
        assert content == (tmp_path / "second" / name).read_bytes()
        # Of the gzip header, the flags say that there is no name, and the time is 0.
        assert content[3:8] == bytes(5)


def test_what_is_written_is_read_again(tmp_path, make_split):
    for train, test in ((make_split(3, 1), make_split(2, 2)), (make_split(1, 3), make_split(4, 4))):
        write_folder(tmp_path, train, test)
        *found, form = read_folder(tmp_path)
        assert (fingerprint(*found), form) == (fingerprint(train, test), "folder")


def test_what_cannot_be_written_is_told(tmp_path, make_split):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="train-images-idx3-ubyte.gz cannot be written: "):
        write_folder(tmp_path / "file", make_split(1), make_split(1))
    assert os.listdir(tmp_path) == ["file"]
