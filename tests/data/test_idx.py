"""The IDX readers take any whole file and refuse every other one, in bounded memory."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_mnist.data.idx import content_sha256, read_images, read_labels
from paddle_mnist.system.errors import DataError


def header(magic, *sizes):
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes)


IMAGES = header(0x803, 2, 28, 28) + bytes(range(256)) * 6 + bytes(32)  # 2 × 784 bytes
LABELS = header(0x801, 3) + bytes([0, 5, 9])
PACKED = gzip.compress(IMAGES)
CHECKSUM = len(PACKED) - 8  # where the CRC begins
COUNTS = (1, 99, 250)


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


@pytest.mark.promise(row=12)
def test_any_count_is_read(tmp_path, make_split, to_idx, figure):
    for count in COUNTS:
        split = make_split(count)
        for pack in (bytes, gzip.compress):
            (tmp_path / "images").write_bytes(pack(to_idx(split.images)))
            (tmp_path / "labels").write_bytes(pack(to_idx(split.labels)))
            images, labels = read_images(tmp_path / "images"), read_labels(tmp_path / "labels")
            assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
            assert np.array_equal(images, split.images)
            assert np.array_equal(labels, split.labels)
    images[0, 0, 0] = 1  # the arrays may be changed by who reads them
    figure("IDX files of {}, {} and {} images are read, plain and gzipped", *COUNTS)


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


# How a message says what is allowed.
ALLOWED = "expected|, which promises|an IDX header of (images|labels) has|get the file again"


@pytest.mark.promise(row=12)
def test_bad_files_are_refused_by_what_is_wrong_with_them(tmp_path, figure):
    for read, cases in ((read_images, BAD_IMAGES), (read_labels, BAD_LABELS)):
        for case, (content, found) in cases.items():
            path = tmp_path / case
            path.write_bytes(content)
            with pytest.raises(DataError, match=found) as caught:
                read(path)
            assert str(path) in str(caught.value)
            assert re.search(ALLOWED, str(caught.value)), case
    figure(
        "{} bad IDX files refused, each by its name, what was found and what is allowed",
        len(BAD_IMAGES) + len(BAD_LABELS),
    )


def test_what_is_no_file_is_refused(tmp_path):
    for path, words in [
        (tmp_path, "is a folder"),
        (tmp_path / "missing", "there is no such file"),
        (tmp_path / "missing" / "deeper", "there is no such file"),
        ("a\0b", "cannot be read: there is no such file"),
    ]:
        with pytest.raises(DataError, match=words):
            read_images(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not an ordinary file; expected an IDX file"):
        read_images(tmp_path / "pipe")


def test_a_million_labels_are_read(tmp_path):
    (tmp_path / "labels").write_bytes(header(0x801, 1_000_000) + bytes(1_000_000))
    assert len(read_labels(tmp_path / "labels")) == 1_000_000


def test_a_file_that_does_not_fit_into_memory_is_told(tmp_path, monkeypatch):
    def full(*_arguments, **_more):
        raise MemoryError

    monkeypatch.setattr(np, "empty", full)
    (tmp_path / "labels").write_bytes(LABELS)
    with pytest.raises(DataError, match="labels does not fit into this computer's memory"):
        read_labels(tmp_path / "labels")


def test_a_large_file_is_read_whole(tmp_path, to_idx):
    images = np.zeros((62_000, 28, 28), dtype=np.uint8)  # above the size that is read once
    images[0, 0, 0], images[-1, -1, -1] = 7, 9
    (tmp_path / "images").write_bytes(gzip.compress(to_idx(images), 1))
    assert np.array_equal(read_images(tmp_path / "images"), images)


# Fuzzing

WHOLE = st.sampled_from([IMAGES, LABELS, IMAGES[:16] + bytes(1568), header(0x801, 1) + b"\1"])
IDX_TOKENS = (header(0x803), header(0x801), header(28, 28), IMAGES[:16], IMAGES[16:800], PACKED)


def gzip_member(content, flags):
    """A member with the parts of a header that `flags` names, as RFC 1952, 2.3.1, orders them."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
    head += struct.pack("<H", 3) + b"abc" if flags & 4 else b""
    head += b"a name\0" if flags & 8 else b""
    head += b"a comment\0" if flags & 16 else b""
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF) if flags & 2 else b""
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(content) + packer.flush()
    return head + body + struct.pack("<2L", zlib.crc32(content), len(content))


def of_members(content, cuts, flags):
    """A gzip file of a member for each part of the content."""
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    pairs = zip(places, places[1:])
    return b"".join(gzip_member(content[a:b], flag) for (a, b), flag in zip(pairs, flags))


def packed(damaged):
    """Gzip files of up to three members, which are damaged, or what they hold is, or nothing."""
    content = st.one_of(WHOLE, damaged(WHOLE, IDX_TOKENS))
    cuts = st.lists(st.integers(0, 1 << 12), max_size=2)
    flags = st.lists(st.integers(0, 31), min_size=3, max_size=3)
    tokens = (b"\x1f\x8b\x08", b"\0", gzip_member(b"", 0), gzip_member(IMAGES, 8))
    return damaged(st.builds(of_members, content, cuts, flags), tokens)


def read_either(path):
    """Reads labels where the file is not one of images; raises what both raise."""
    try:
        return read_images(path)
    except DataError:
        return read_labels(path)


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=4)
def test_damaged_files_raise_nothing_but_data_errors(damaged, read_damaged, figure):
    files = damaged(WHOLE, IDX_TOKENS)
    count, refused = read_damaged(files, read_either, "file", 200, 10_000)
    assert 0 < refused < count
    figure("{} damaged IDX files, {} other exceptions, each within {} s", count, 0, 1)


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=4)
def test_damaged_gzip_files_raise_nothing_but_data_errors(damaged, read_damaged, figure):
    files = packed(damaged)
    count, refused = read_damaged(files, read_either, "file.gz", 200, 10_000)
    assert 0 < refused < count
    figure("{} damaged gzip files, {} other exceptions, each within {} s", count, 0, 1)


def unpacked(content):
    """The content of a gzip file, by the standard library; None: there is none."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


def allowed(content, magic, sizes, largest):
    """What a reader is to return, as bytes, by the format's description; None: nothing."""
    content = unpacked(content)
    size = 8 + 4 * len(sizes)
    if content is None or len(content) < size:
        return None
    found, count, *shape = struct.unpack(f">{size // 4}I", content[:size])
    body = content[size:]
    fits = [found, *shape] == [magic, *sizes] and 1 <= count <= 1_000_000
    if not fits or len(body) != count * math.prod(sizes) or max(body) > largest:
        return None
    return body


@pytest.mark.promise(row=12)
def test_a_damaged_file_is_refused_or_read_as_the_format_says(tmp_path, damaged, fuzz, figure):
    path = tmp_path / "file"
    plain, gzipped = damaged(WHOLE, IDX_TOKENS), packed(damaged)

    @given(st.one_of(plain, gzipped))
    def check(content):
        path.write_bytes(content)
        for read, rules in [(read_images, (0x803, (28, 28), 255)), (read_labels, (0x801, (), 9))]:
            try:
                found = read(path).astype(np.uint8).tobytes()
            except DataError:
                found = None
            assert found == allowed(content, *rules)

    count = fuzz(check, 150, 5000)
    figure("{} damaged IDX files, {} read otherwise than the format says", count, 0)


def test_every_digit_is_a_label(tmp_path, to_idx):
    (tmp_path / "all labels").write_bytes(to_idx(np.arange(10)))
    assert read_labels(tmp_path / "all labels").tolist() == list(range(10))


def test_content_sha256_is_that_of_the_unpacked_file(make_split, to_idx):
    split = make_split(3)
    for array in (split.images, split.labels):
        assert content_sha256(array) == hashlib.sha256(to_idx(array)).hexdigest()
