"""Kaggle's CSV files are read as they are; every fault is named with its line."""

from __future__ import annotations

import csv
import os
import re
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_mnist.data import kaggle
from paddle_mnist.data.kaggle import (
    check_submission_file,
    read_labelled,
    read_unlabelled,
    write_submission,
)
from paddle_mnist.system import files
from paddle_mnist.system.errors import DataError, UsageError
from paddle_mnist.system.files import BYTE_ORDER_MARK

HEADER = "label," + ",".join(f"pixel{number}" for number in range(784))
ROW = "7," + ",".join(str(number % 256) for number in range(784))


def changed(field, text, row=ROW):
    fields = row.split(",")
    fields[field] = text
    return ",".join(fields)


def table(*rows, header=HEADER, end="\n"):
    return end.join([header, *rows, ""]).encode()


def csv_of(split):
    flat = split.images.reshape(len(split), -1)
    rows = [",".join(map(str, [label, *row])) for label, row in zip(split.labels, flat.tolist())]
    return table(*rows)


COUNTS = (1, 99, 250)


@pytest.mark.promise(row=12)
def test_train_csv_is_read(tmp_path, make_split, figure):
    for count in COUNTS:
        split = make_split(count)
        (tmp_path / "train.csv").write_bytes(csv_of(split))
        read = read_labelled(tmp_path / "train.csv")
        assert np.array_equal(read.images, split.images)
        assert np.array_equal(read.labels, split.labels)
        assert (read.images.dtype, read.labels.dtype) == (np.uint8, np.int64)
    figure("CSV files of {}, {} and {} images are read", *COUNTS)


def test_test_csv_is_read(tmp_path):
    header, row = HEADER.split(",", 1)[1], ROW.split(",", 1)[1]
    (tmp_path / "test.csv").write_bytes(table(row, row, header=header))
    images = read_unlabelled(tmp_path / "test.csv")
    assert images.shape == (2, 28, 28)
    assert images[1].reshape(-1).tolist() == [number % 256 for number in range(784)]


@pytest.mark.parametrize(
    "data",
    [
        table(ROW, ROW, end="\r\n"),
        b"\xef\xbb\xbf" + table(ROW, ROW),
        table(ROW, ROW).rstrip(b"\n"),
        table(ROW, "", ROW, "", ""),
    ],
    ids=["Windows line ends", "byte-order mark", "no last line end", "blank lines"],
)
def test_harmless_differences_are_accepted(tmp_path, data):
    (tmp_path / "train.csv").write_bytes(data)
    assert read_labelled(tmp_path / "train.csv").labels.tolist() == [7, 7]


BAD = {
    "empty": (b"", "line 1: the header has 1 columns"),
    "header only": (table(), "has a header but no rows"),
    "header and blank lines": (table("", ""), "has a header but no rows"),
    "no header": (table(ROW, header=ROW), "line 1: column 1 of the header is '7', not 'label'"),
    "test.csv for train.csv": (
        table(ROW[2:], header=HEADER[6:]),
        r"has 784 columns \(those of Kaggle's test.csv, which has no labels\); expected 785 col",
    ),
    "another column": (
        table(ROW, header=HEADER.replace("pixel9,", "pixel_9,")),
        "line 1: column 11 of the header is 'pixel_9', not 'pixel9'",
    ),
    "semicolons": (table(ROW.replace(",", ";"), header=HEADER.replace(",", ";")), "has 1 columns"),
    "short row": (table(ROW, ROW[: ROW.rindex(",")]), "line 3: the row is too short: 784 numbers"),
    "long row": (table(ROW, ROW + ",0"), "line 3: the row is too long: 786 numbers; expected 785"),
    "all rows long": (table(ROW + ",0"), "line 2: the row is too long: 786"),
    "one number": (table(ROW, "5"), "line 3: the row is too short: 1 numbers"),
    "cut off": (table(ROW, ROW)[:-900], "line 3: the row is too short"),
    "a word": (table(ROW, ROW, changed(5, "ink")), "line 4: pixel4 is 'ink', not a whole number"),
    "nothing": (table(changed(784, "")), "line 2: pixel783 is '', not a whole number"),
    "a fraction": (table(changed(1, "0.5")), "line 2: pixel0 is '0.5', not a whole number"),
    "a float": (table(changed(1, "5.0")), "line 2: pixel0 is '5.0', not a whole number"),
    "not a number": (table(changed(1, "nan")), "line 2: pixel0 is 'nan'"),
    "an exponent": (table(changed(1, "1e2")), "line 2: pixel0 is '1e2'"),
    "quotes": (table(changed(1, '"5"')), "line 2: pixel0 is '\"5\"'"),
    "an odd blank": (table(changed(1, "\x1c6")), r"line 2: pixel0 is '.x1c6', not a whole number"),
    "a blank of another script": (table(changed(1, "\u00a06")), "line 2: pixel0 is .*not a whole"),
    "two signs": (table(changed(1, "--5")), "line 2: pixel0 is '--5'"),
    "another script's digit": (table(changed(1, "\u0663")), "line 2: pixel0 is .*not a whole"),
    "pixel 256": (table(ROW, changed(784, "256")), "line 3: pixel783 is 256, out of range"),
    "pixel -1": (table(changed(1, "-1")), "line 2: pixel0 is -1, out of range; .* 0 to 255"),
    "a huge pixel": (table(changed(1, "9" * 5000)), "line 2: pixel0 is 9+, out of range"),
    "label 10": (table(ROW, ROW, changed(0, "10")), "line 4: label is 10, out of .* 0 to 9"),
    "label -1": (table(changed(0, "-1")), "line 2: label is -1, out of range"),
    "a fault after a blank line": (table("", ROW, "", changed(0, "99")), "line 5: label is 99"),
    "a lone CR in a field": (table(changed(1, "5\r6")), "line 2: pixel0 is '5.r6'"),
    "NUL bytes": (table(changed(1, "5\0")), "line 2: pixel0 is '5.x00'"),
    "only NUL bytes": (bytes(9000), "line 1: the header has 1 columns"),
    "Latin-1": (table(ROW) + ROW.encode() + b"\xe9\n", "line 3: not UTF-8 text"),
    "UTF-16": (table(ROW).decode().encode("utf-16"), "line 1: not UTF-8 text"),
    "an endless line": (table(ROW) + b"1," * 30_000, "line 3: longer than 20,000 characters"),
    "an endless header": (b"label," * 30_000, "line 1: longer than 20,000 characters"),
    "all rows of one number": (table(*"1" * 99), "line 2: the row is too short: 1 numbers"),
    "old Mac's line ends": (table(ROW, end="\r"), "line 1: the header has 1569 columns"),
}


@pytest.mark.promise(row=12)
def test_bad_files_are_refused_with_their_line(tmp_path, figure):
    for case, (content, found) in BAD.items():
        path = tmp_path / f"{case}.csv"
        path.write_bytes(content)
        with pytest.raises(DataError, match=found) as caught:
            read_labelled(path)
        assert str(path) in str(caught.value)
        assert "expected" in str(caught.value), case
    figure(
        "{} bad CSV files refused, each by its name, what was found and what is allowed", len(BAD)
    )


@pytest.mark.parametrize(
    ("header", "told"),
    [("a,b,c,d", "4 columns ('a,b,c'…)"), (f"{'x' * 70},b", f"2 columns ('{'x' * 60}'…)")],
)
def test_of_another_header_the_first_columns_are_told(tmp_path, header, told):
    path = tmp_path / "train.csv"
    path.write_bytes(table(ROW, header=header))
    with pytest.raises(DataError) as caught:
        read_labelled(path)
    assert str(caught.value) == (
        f"{path}, line 1: the header has {told}; expected 785 columns: label,pixel0,…,pixel783"
    )


def test_a_line_of_twenty_thousand_characters_is_read_and_no_longer_one(tmp_path):
    path = tmp_path / "train.csv"
    blanks = 20_000 - len(changed(784, "5\n"))
    path.write_bytes(table(changed(784, " " * blanks + "5")))
    assert read_labelled(path).images[0, -1, -1] == 5
    path.write_bytes(table(changed(784, " " * (blanks + 1) + "5")))
    with pytest.raises(DataError, match="line 2: longer than 20,000 characters"):
        read_labelled(path)


def test_a_label_is_no_pixel(tmp_path):
    (tmp_path / "test.csv").write_bytes(table(ROW))
    with pytest.raises(DataError) as caught:
        read_unlabelled(tmp_path / "test.csv")
    assert str(caught.value) == (
        f"{tmp_path / 'test.csv'}, line 1: the header has 785 columns (those of Kaggle's "
        "train.csv, which has labels); expected 784 columns: pixel0,pixel1,…,pixel783"
    )


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_labelled(tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        read_labelled(tmp_path / "train.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "train.csv")
    with pytest.raises(DataError, match="is not an ordinary file; expected a CSV file"):
        read_labelled(tmp_path / "train.csv")


def test_rows_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle, "MAXIMUM_COUNT", 3)
    path = tmp_path / "train.csv"
    path.write_bytes(table(*[ROW] * 3))
    assert len(read_labelled(path)) == 3
    for rows in ([ROW] * 4, [ROW, "", "", "", ""]):
        path.write_bytes(table(*rows))
        with pytest.raises(DataError, match="goes on after 4 lines; expected a CSV file"):
            read_labelled(path)


def test_rows_of_one_number_are_not_collected(tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle.np, "loadtxt", lambda *_, **__: pytest.fail("it reads on"))
    (tmp_path / "train.csv").write_bytes(table(*"1" * 99))
    with pytest.raises(DataError, match="line 2: the row is too short: 1 numbers; expected 785"):
        read_labelled(tmp_path / "train.csv")


def test_a_table_that_does_not_fit_into_memory_is_told(tmp_path, monkeypatch):
    def full(*_arguments, **_more):
        raise MemoryError

    monkeypatch.setattr(kaggle.np, "loadtxt", full)
    (tmp_path / "train.csv").write_bytes(table(ROW))
    with pytest.raises(DataError, match="train.csv does not fit into this computer's memory"):
        read_labelled(tmp_path / "train.csv")


# Fuzzing

WHOLE = st.sampled_from(
    [
        table(ROW),
        table(ROW, changed(0, "0"), changed(784, " 9 ")),
        table(ROW[2:], header=HEADER[6:]),
        table(ROW, ROW, end="\r\n"),
        BYTE_ORDER_MARK + table("", ROW, "", ROW),
    ]
)
TOKENS = [
    *(b'"', b'""', b'",', b"'", b"\0", BYTE_ORDER_MARK, b"\xff\xfe", b"\xed\xa0\x80", b"#", b";"),
    *(b"\n", b"\r", b"\r\n", b"\x0b", b"\x0c", b"\x1c", "\x85".encode(), "\u2028".encode()),
    *(b",", b",,", b",0" * 784, b"," * 3000, b"1" * 300, b"9" * 21_000, b"1" * 5000 + b"L"),
    *(b"-1", b"+7", b"--7", b"256", b"10", b"5.0", b"1e2", b"nan", b"inf", b"0x1", b"1_0", b"1L"),
    *("\u0663".encode(), "\u00b2".encode(), "\u00a0".encode(), "\U0001d7d7".encode()),
    *(b"label", b"pixel0", HEADER.encode(), ROW.encode(), b"\n" + ROW.encode() + b"\n"),
]
RECODED = {
    "as it is": bytes,
    "UTF-16": lambda content: content.decode("utf-8", "replace").encode("utf-16"),
    "semicolons": lambda content: content.replace(b",", b";"),
    "CR": lambda content: content.replace(b"\n", b"\r"),
    "VT": lambda content: content.replace(b"\n", b"\x0b"),
    "quoted": lambda content: content.replace(b",", b'","'),
}


def tables(damaged):
    recode = st.sampled_from(["as it is"] * 20 + list(RECODED))
    files = damaged(WHOLE, TOKENS)
    return st.builds(lambda name, content: RECODED[name](content), recode, files)


def read_either(path):
    """Reads images where the file is not one with labels; raises what both raise."""
    try:
        return read_labelled(path)
    except DataError:
        return read_unlabelled(path)


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=4)
def test_damaged_files_raise_nothing_but_data_errors(damaged, read_damaged, figure):
    count, refused = read_damaged(tables(damaged), read_either, "train.csv", 150, 10_000)
    assert 0 < refused < count
    figure("{} damaged CSV files, {} other exceptions, each within {} s", count, 0, 1)


def fields_of(content):
    """The header's fields and those of each row, by the format's description; None: no text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    header, *rows = (line.rstrip("\r").split(",") for line in text.split("\n"))
    return header, [row for row in rows if ",".join(row).strip()]


def must_be_read(content):
    """Whether the file is as Kaggle writes it: the header, then digits and commas only."""
    header, rows = fields_of(content) or ([], [])
    fits = header == HEADER.split(",") and rows
    return fits and all(
        len(row) == 785
        and all(re.fullmatch("[0-9]{1,3}", field, re.ASCII) for field in row)
        and int(row[0]) <= 9
        and max(map(int, row)) <= 255
        for row in rows
    )


@pytest.mark.promise(row=12)
def test_a_damaged_file_is_refused_or_read_as_it_is_written(tmp_path, damaged, fuzz, figure):
    path = tmp_path / "train.csv"

    @given(tables(damaged))
    def check(content):
        path.write_bytes(content)
        try:
            split = read_labelled(path)
        except DataError:
            assert not must_be_read(content)
            return
        header, rows = fields_of(content)
        assert header == HEADER.split(",")
        found = np.column_stack([split.labels, split.images.reshape(-1, 784)])
        assert found.tolist() == [[int(field) for field in row] for row in rows]

    count = fuzz(check, 100, 5000)
    figure("{} damaged CSV files, {} read otherwise than they are written", count, 0)


# Submissions


@pytest.mark.parametrize("labels", [[7], [3, 0, 9, 9, 1]])
def test_a_submission_counts_its_rows_from_one(tmp_path, labels):
    path = tmp_path / "new" / "inner" / "submission.csv"
    write_submission(path, np.array(labels))
    assert path.read_bytes().startswith(b"ImageId,Label\n1,")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["ImageId"]) for row in rows] == list(range(1, len(labels) + 1))
    assert [int(row["Label"]) for row in rows] == labels
    assert os.listdir(path.parent) == ["submission.csv"]


def test_a_submission_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "submission.csv"
    write_submission(path, np.array([1, 2]))
    before = path.read_bytes()

    def no_space(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("paddle_mnist.system.files.os.fsync", no_space)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        write_submission(path, np.array([3, 4, 5]))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["submission.csv"]


def test_an_earlier_submission_is_replaced(tmp_path):
    path = tmp_path / "submission.csv"
    for content in (b"ImageId,Label\n1,5\n", b"\xef\xbb\xbfImageId,Label\r\n1,5\r\n"):
        path.write_bytes(content)
        check_submission_file(path, tmp_path / "test.csv")
        write_submission(path, np.array([4]))
        assert path.read_bytes() == b"ImageId,Label\n1,4\n"
    check_submission_file(tmp_path / "new" / "submission.csv", tmp_path / "test.csv")


@pytest.mark.parametrize(
    "content", [b"", b"my notes\n", b"ImageId,Label,Probability\n1,5,0.9\n", bytes(30_000)]
)
def test_another_file_is_not_written_over(tmp_path, content):
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"notes.csv is there already, and is not a submission"):
        check_submission_file(path, tmp_path / "test.csv")
    assert path.read_bytes() == content


def test_of_another_file_only_the_beginning_is_read(tmp_path):
    path = tmp_path / "film.bin"
    with open(path, "wb") as file:
        file.truncate(64 << 20)  # one line of 64 MB
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="is not a submission"):
            check_submission_file(path, tmp_path / "test.csv")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_the_images_to_read_are_not_written_over(tmp_path):
    test_csv = tmp_path / "test.csv"
    test_csv.write_text("ImageId,Label\n")  # so that nothing else refuses it
    for path in (test_csv, tmp_path / "." / "folder" / ".." / "test.csv"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="holds the images to read"):
            check_submission_file(path, test_csv)


def test_what_is_no_file_is_not_written(tmp_path):
    for path in (tmp_path, Path("."), Path("/")):
        with pytest.raises(UsageError, match="is not a file; name a file to write"):
            check_submission_file(path, tmp_path / "test.csv")
    (tmp_path / "file").write_text("")
    for path, reason in (
        (tmp_path / "file" / "submission.csv", "(Not a directory|File exists|No such file)"),
        (tmp_path / "a\0b", ".*embedded null"),
    ):
        words = f"^{re.escape(str(path))} cannot be written: {reason}"
        with pytest.raises(UsageError, match=words):
            write_submission(path, np.array([1]))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_a_pipe_is_not_opened_as_it_would_block(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(files, "open", lambda *_: pytest.fail("it is opened"), raising=False)
    with pytest.raises(UsageError, match="pipe is there already, and is not a submission"):
        check_submission_file(tmp_path / "pipe", tmp_path / "test.csv")


def test_a_submission_that_cannot_be_read_is_not_written_over(tmp_path, monkeypatch):
    path = tmp_path / "submission.csv"
    write_submission(path, np.array([1]))

    def denied(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", denied, raising=False)
    with pytest.raises(UsageError, match="is not a submission"):
        check_submission_file(path, tmp_path / "test.csv")
