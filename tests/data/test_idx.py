"""The IDX readers take any whole file and refuse every other one, in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from paddle_mnist.data.idx import (
    content_sha256,
    read_images,
    read_labels,
    write_images,
    write_labels,
)
from paddle_mnist.errors import DataError


def header(magic, *sizes):
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes)


IMAGES = header(0x803, 2, 28, 28) + bytes(range(256)) * 6 + bytes(32)  # 2 × 784 bytes
LABELS = header(0x801, 3) + bytes([0, 5, 9])
PACKED = gzip.compress(IMAGES)
CHECKSUM = len(PACKED) - 8  # where the CRC begins


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


@pytest.mark.parametrize("count", [1, 99, 250])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_any_count_is_read(tmp_path, make_split, to_idx, count, pack):
    split = make_split(count)
    (tmp_path / "images").write_bytes(pack(to_idx(split.images)))
    (tmp_path / "labels").write_bytes(pack(to_idx(split.labels)))
    images, labels = read_images(tmp_path / "images"), read_labels(tmp_path / "labels")
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert np.array_equal(images, split.images)
    assert np.array_equal(labels, split.labels)
    images[0, 0, 0] = 1  # the arrays may be changed by who reads them


def test_the_name_does_not_matter(tmp_path):
    (tmp_path / "plain.gz").write_bytes(IMAGES)
    assert read_images(tmp_path / "plain.gz").shape == (2, 28, 28)


def test_a_gzip_file_of_several_members_is_read(tmp_path):
    (tmp_path / "images").write_bytes(gzip.compress(IMAGES[:700]) + gzip.compress(IMAGES[700:]))
    assert read_images(tmp_path / "images").tobytes() == IMAGES[16:]


BAD_IMAGES = {
    "empty": (b"", "is empty; expected an IDX file of images"),
    "header cut off": (IMAGES[:15], "ends after 15 bytes; an IDX header of images has 16"),
    "a label file": (LABELS + bytes(8), "0x00000801 .that is a file of labels.; expected"),
    "another magic": (header(0xD03, 2, 28, 28) + IMAGES[16:], "0x00000d03; expected 0x00000803"),
    "little-endian": (struct.pack("<4I", 0x803, 2, 28, 28) + IMAGES[16:], "0x03080000"),
    "text": (b"label,pixel0,pixel1,pixel2\n", "magic number 0x6c616265"),
    "27 rows": (header(0x803, 2, 27, 28) + IMAGES[16:], "27×28 pixels; expected 28×28"),
    "14×56": (header(0x803, 2, 14, 56) + IMAGES[16:], "14×56 pixels; expected 28×28"),
    "count 0": (header(0x803, 0, 28, 28), "promises 0 images; expected 1 to 1,000,000"),
    "count too large": (header(0x803, 1_000_001, 28, 28), "promises 1,000,001 images"),
    "count of 2³²-1": (header(0x803, 2**32 - 1, 28, 28), "promises 4,294,967,295 images"),
    "no body": (IMAGES[:16], "ends 0 bytes after its header, which promises 1,568"),
    "body cut off": (IMAGES[:-1], "ends 1,567 bytes after its header, which promises 1,568"),
    "count one too large": (header(0x803, 3, 28, 28) + IMAGES[16:], "promises 2,352"),
    "large count, small body": (header(0x803, 900_000, 28, 28) + IMAGES[16:], "705,600,000"),
    "count one too small": (header(0x803, 1, 28, 28) + IMAGES[16:], "goes on after the 784"),
    "trailing byte": (IMAGES + b"\0", "goes on after the 1,568 bytes"),
    "gzip of nothing": (gzip.compress(b""), "is empty"),
    "gzip of a cut-off body": (gzip.compress(IMAGES[:-1]), "ends 1,567 bytes after"),
    "gzip of a trailing byte": (gzip.compress(IMAGES + b"\0"), "goes on after the 1,568 bytes"),
    "gzip of the wrong magic": (gzip.compress(LABELS + bytes(8)), "a file of labels"),
    "gzip magic only": (PACKED[:2], "damaged gzip file"),
    "gzip header cut off": (PACKED[:9], "damaged gzip file"),
    "gzip cut in half": (PACKED[: len(PACKED) // 2], "damaged gzip file"),
    "gzip without checksum": (PACKED[:CHECKSUM], "damaged gzip file"),
    "gzip with a wrong checksum": (flipped(PACKED, CHECKSUM), "damaged gzip .*CRC"),
    "gzip with a wrong length": (flipped(PACKED, len(PACKED) - 1), "damaged gzip file"),
    "gzip with a wrong stream": (flipped(PACKED, 12), "damaged gzip file"),
    "gzip of another method": (flipped(PACKED, 2), "damaged gzip file"),
    "gzip with a tail of text": (PACKED + b"tail", "damaged gzip file"),
    "gzip in gzip": (gzip.compress(PACKED), "magic number 0x1f8b"),
    "zip": (b"PK\x03\x04" + bytes(40), "magic number 0x504b0304"),
}

BAD_LABELS = {
    "empty": (b"", "is empty; expected an IDX file of labels"),
    "header cut off": (LABELS[:7], "ends after 7 bytes; an IDX header of labels has 8"),
    "an image file": (IMAGES, "0x00000803 .that is a file of images.; expected 0x00000801"),
    "count 0": (header(0x801, 0), "promises 0 labels"),
    "count too large": (header(0x801, 2_000_000), "promises 2,000,000 labels"),
    "cut off": (LABELS[:-1], "ends 2 bytes after its header, which promises 3"),
    "trailing byte": (LABELS + b"\1", "goes on after the 3 bytes"),
    "label 10": (header(0x801, 3) + bytes([0, 10, 77]), "label number 1 .* is 10; expected 0 to 9"),
    "label 255": (gzip.compress(header(0x801, 1) + b"\xff"), "label number 0 .* is 255"),
    "gzip cut off": (gzip.compress(LABELS)[:-9], "damaged gzip file"),
}


def check_refused(read, path, data, words):
    path.write_bytes(data)
    with pytest.raises(DataError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_a_bad_image_file_is_refused(tmp_path, case):
    check_refused(read_images, tmp_path / "images", *BAD_IMAGES[case])


@pytest.mark.parametrize("case", BAD_LABELS)
def test_a_bad_label_file_is_refused(tmp_path, case):
    check_refused(read_labels, tmp_path / "labels", *BAD_LABELS[case])


def test_what_is_no_file_is_refused(tmp_path):
    for path, words in [
        (tmp_path, "is a folder"),
        (tmp_path / "missing", "No such file"),
        (tmp_path / "missing" / "deeper", "No such file"),
        ("a\0b", "cannot be read"),
    ]:
        with pytest.raises(DataError, match=words):
            read_images(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="no ordinary file"):
        read_images(tmp_path / "pipe")


def bomb(count, megabytes):
    """A gzip file that promises `count` images and unpacks to zeros of that size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(header(0x803, count, 28, 28))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize("count", [1, 60_000, 130_000, 1_000_000])
def test_a_gzip_bomb_takes_no_memory(tmp_path, count):
    (tmp_path / "bomb").write_bytes(bomb(count, 80))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="goes on after|ends 83,886,080 bytes after"):
            read_images(tmp_path / "bomb")
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_a_large_file_is_read_whole(tmp_path):
    images = np.zeros((62_000, 28, 28), dtype=np.uint8)  # above the size that is read once
    images[0, 0, 0], images[-1, -1, -1] = 7, 9
    write_images(tmp_path / "images", images)
    assert np.array_equal(read_images(tmp_path / "images"), images)


def test_damaged_files_raise_nothing_but_data_errors(tmp_path):
    generator = random.Random(0)
    refused = 0
    for number in range(1000):
        data = bytearray(PACKED if number % 2 else IMAGES)
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        (tmp_path / "images").write_bytes(data[: generator.randint(0, 2 * len(data))])
        try:
            assert read_images(tmp_path / "images").shape[1:] == (28, 28)
        except DataError:
            refused += 1
    assert refused > 500  # a changed pixel of a plain file cannot be noticed


def test_written_files_are_the_format_s_and_reproducible(tmp_path, make_split, to_idx):
    split = make_split(5)
    for name in ("first", "second"):
        write_images(tmp_path / f"images {name}", split.images)
        write_labels(tmp_path / f"labels {name}", split.labels)
    images, labels = tmp_path / "images first", tmp_path / "labels first"
    assert gzip.decompress(images.read_bytes()) == to_idx(split.images)
    assert gzip.decompress(labels.read_bytes()) == to_idx(split.labels)
    assert images.read_bytes() == (tmp_path / "images second").read_bytes()
    assert images.read_bytes()[4:8] == bytes(4)  # the time in the gzip header


def test_content_sha256_is_that_of_the_unpacked_file(make_split, to_idx):
    split = make_split(3)
    for array in (split.images, split.labels):
        assert content_sha256(array) == hashlib.sha256(to_idx(array)).hexdigest()


def test_writing_refuses_what_could_not_be_read_again(tmp_path):
    with pytest.raises(DataError, match=r"images are float64 \[2, 28, 28\]"):
        write_images(tmp_path / "a", np.zeros((2, 28, 28)))
    with pytest.raises(DataError, match=r"images are uint8 \[2, 784\]"):
        write_images(tmp_path / "a", np.zeros((2, 784), dtype=np.uint8))
    with pytest.raises(DataError, match="values 0 to 10"):
        write_labels(tmp_path / "a", np.array([0, 10]))
    with pytest.raises(DataError, match="cannot be written"):
        write_labels(tmp_path / "missing" / "a", np.array([1]))
    assert not (tmp_path / "a").exists()
