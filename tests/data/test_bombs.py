"""Small files that unpack to gigabytes, or have lines of them, are refused in little memory."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.slow_for_mutants,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(),
        reason="this system does not tell a process's memory",
    ),
]

MEGABYTE = 1 << 20
ALLOWED = 64  # MB

# Tells the most memory, in MB, since it began to read; ru_maxrss would begin at the parent's.
MEASURE = """
import json, sys
def memory(name):
    with open("/proc/self/status") as file:
        return int(file.read().split(f"{name}:")[1].split()[0]) / 1024
def rise():
    return memory("VmHWM") - before
"""
READ = """
from pathlib import Path
from paddle_mnist.data.idx import read_images, read_labels
from paddle_mnist.data.kaggle import read_labelled, read_unlabelled
from paddle_mnist.measure.labelled_pictures import read_labels_csv, read_pictures_npz
from paddle_mnist.system.errors import DataError
before, told = memory("VmRSS"), []
for reader, path in json.loads(sys.argv[1]):
    try:
        globals()[reader](Path(path))
        answer = "it was read"
    except DataError as error:
        answer = str(error)
    told.append((answer, rise()))
print(json.dumps(told))
"""
CONTROLS = {
    "one": "import gzip; before = memory('VmRSS'); gzip.open(sys.argv[1]).read()",
    "as large as it says.npz": (
        "import numpy; before = memory('VmRSS'); numpy.load(sys.argv[1])['images']"
    ),
    "row.csv": "before = memory('VmRSS'); open(sys.argv[1]).readlines()",
    "directory.npz": "import zipfile; before = memory('VmRSS'); zipfile.ZipFile(sys.argv[1])",
}


def measured(program, argument):
    command = [sys.executable, "-c", MEASURE + program, argument]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def deflated(head, megabytes):
    """`head` and so many megabytes of zeros, packed: returns (raw stream, CRC, size)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the same zeros give the same bytes, so they are packed only once.
    zeros = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(head)
    for _ in range(megabytes):
        checksum = zlib.crc32(bytes(MEGABYTE), checksum)
    return begin + zeros * megabytes + packer.flush(), checksum, len(head) + megabytes * MEGABYTE


def packed(head, megabytes):
    """A gzip file of `head` and then so many megabytes of zeros."""
    stream, checksum, size = deflated(head, megabytes)
    return b"\x1f\x8b\x08" + bytes(7) + stream + struct.pack("<2L", checksum, size)


def header(magic, *sizes):
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes)


def npy(shape, dtype):
    file = io.BytesIO()
    fields = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, {**fields, "shape": shape})
    return file.getvalue()


def closed(directory, start):
    """The list of an archive's files, and the end of the archive."""
    return directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), start, 0)


def archive(*members):
    """An .npz file; a member is (name, its beginning, how many megabytes of zeros follow)."""
    content, listed = b"", b""
    for name, head, megabytes in members:
        stream, checksum, size = deflated(head, megabytes)
        name = f"{name}.npy".encode()
        # As PKWARE's APPNOTE.TXT has them in 4.3.7 and 4.3.12.
        fields = struct.pack("<5H3L2H", 20, 0, 8, 0, 33, checksum, len(stream), size, len(name), 0)
        listed += b"PK\1\2" + bytes(2) + fields + bytes(10) + struct.pack("<L", len(content)) + name
        content += b"PK\3\4" + fields + name + stream
    return content + closed(listed, len(content))


def directory(count):
    """An archive that lists one file again and again."""
    entry = b"PK\1\2" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    return closed(entry * count, 0)


def packed_bombs(megabytes):
    """From a name to (a reader, a file's content, how the message begins that refuses it)."""
    images, labels = header(0x803, 1, 28, 28), header(0x801, 1_000_000)
    three, their_labels = npy((3, 8, 8), "u1") + bytes(192), npy((3,), "u1") + bytes(3)
    large, many = npy((megabytes, 1024, 1024), "u1"), npy((megabytes * MEGABYTE // 8,), "i8")
    whole = gzip.compress(images + bytes(784))
    end = "goes on after" if megabytes > 784 else "ends "  # where a million images would end
    idx = {
        "one": (packed(images, megabytes), "goes on after the 784 bytes"),
        "MNIST": (packed(header(0x803, 60_000, 28, 28), megabytes), "goes on after the 47,040,000"),
        "a million": (packed(header(0x803, 1_000_000, 28, 28), megabytes), end),
        "in the second member": (whole + packed(b"", megabytes), "goes on after the 784 bytes"),
        "packed twice": (gzip.compress(packed(images, megabytes)), "begins with the magic number"),
    }
    npz = {
        "as large as it says": (archive(("images", large, megabytes)), "expected at most 100,000"),
        "larger than it says": (
            archive(("images", three, megabytes), ("labels", their_labels, 0)),
            "images goes on after its last number",
        ),
        "labels": (
            archive(("images", three, 0), ("labels", many, megabytes)),
            "expected a digit for each of the 3 images",
        ),
        "directory": (directory(4000 * megabytes), "it does not end as NumPy writes it"),
    }
    return {
        **{name: ("read_images", *bomb) for name, bomb in idx.items()},
        "many labels": ("read_labels", packed(labels, megabytes), "goes on after the 1,000,000"),
        **{f"{name}.npz": ("read_pictures_npz", *bomb) for name, bomb in npz.items()},
    }


def write_without_lines(path, head, megabytes):
    """Write a file of a line without end, which takes no room on the disk."""
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(megabytes * MEGABYTE)


def write_bombs(folder, megabytes):
    """Write all bombs; returns (reader, path, how the message begins that refuses it) of each."""
    bombs = []
    for name, (reader, content, words) in packed_bombs(megabytes).items():
        (folder / name).write_bytes(content)
        bombs.append((reader, folder / name, words))
    columns = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    write_without_lines(folder / "header.csv", b"", megabytes)
    write_without_lines(folder / "row.csv", f"{columns}\n".encode(), megabytes)
    write_without_lines(folder / "labels.csv", b"file,label\n", megabytes)
    return [
        *bombs,
        ("read_unlabelled", folder / "header.csv", "line 1: longer than 20,000"),
        ("read_labelled", folder / "row.csv", "line 2: longer than 20,000"),
        ("read_labels_csv", folder, "line 2: longer than 20,000"),
    ]


@pytest.mark.promise(row=13)
def test_bombs_take_little_memory(tmp_path, trials, figure):
    megabytes = trials(100, 1024)
    bombs = write_bombs(tmp_path, megabytes)
    told = measured(READ, json.dumps([[reader, str(path)] for reader, path, _ in bombs]))
    for (_, path, words), (answer, rise) in zip(bombs, told):
        assert str(path) in answer
        assert words in answer
        assert rise < ALLOWED, f"{path.name}: {rise:.0f} MB"
    figure(
        "{} bombs of {} MB refused, together in less than {} MB of memory",
        *(len(bombs), megabytes, ALLOWED),
    )


@pytest.mark.promise(row=13, control=True)
def test_without_the_limits_bombs_take_their_memory(tmp_path, figure):
    write_bombs(tmp_path, 100)
    for name, program in CONTROLS.items():
        rise = measured(f"{program}\nprint(rise())", str(tmp_path / name))
        assert rise > ALLOWED, f"{name}: {rise:.0f} MB"
    figure(
        "read without limits, each of {} bombs of {} MB takes more than {} MB of memory",
        *(len(CONTROLS), 100, ALLOWED),
    )
