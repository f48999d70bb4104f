"""Labelled pictures, in labels.csv or an .npz; everything else is refused, by line or by array."""

from __future__ import annotations

import csv
import io
import os
import warnings
import zipfile
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
from hypothesis import strategies as st

from paddle_mnist.measure import labelled_pictures
from paddle_mnist.measure.labelled_pictures import (
    LabelledPicture,
    read_labels_csv,
    read_pictures_npz,
)
from paddle_mnist.system.errors import DataError


@pytest.fixture
def write(tmp_path):
    """A function that writes labels.csv beside the pictures a.png and inner/b.png."""
    (tmp_path / "inner").mkdir()
    for name in ("a.png", "inner/b.png"):
        (tmp_path / name).write_bytes(b"")

    def write_csv(content: str | bytes):
        if isinstance(content, str):
            content = content.encode()
        (tmp_path / "labels.csv").write_bytes(content)
        return tmp_path

    return write_csv


def test_rows_are_read(write):
    folder = write("file,label,source_repo\na.png,3,one/two\ninner/b.png,0,\n")
    assert read_labels_csv(folder) == [
        LabelledPicture("a.png", 3, "one/two"),
        LabelledPicture("inner/b.png", 0, ""),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "label,who,file\r\n3,me,a.png\r\n",  # another order, one column more, Windows' line ends
        "\ufefffile,label\na.png, 3 \n\n\n",  # as spreadsheets write it; empty lines at the end
        'file,label\n"a.png","3"',
        "file,label\na.png,3,something,more\n",
        "file , label\na.png,3\n",
    ],
)
def test_odd_forms_are_read(write, content):
    assert read_labels_csv(write(content)) == [LabelledPicture("a.png", 3, "")]


BAD = {
    "empty": ("", "must name the columns file and label; found nothing"),
    "no rows": ("file,label\n", "has no rows"),
    "no header": ("a.png,3\n", "must name the columns file and label; found a.png, 3"),
    "no label column": ("file,digit\na.png,3\n", "found file, digit"),
    "semicolons": ("file;label\na.png;3\n", "a comma must separate them, not a semi"),
    "no label": ("file,label\na.png,3\na.png\n", "line 3: the label is ''"),
    "label of two digits": ("file,label\na.png,10\n", "line 2: the label is '10'"),
    "negative": ("file,label\na.png,-1\n", "the label is '-1'"),
    "a word": ("file,label\na.png,three\n", "the label is 'three'"),
    "a digit of another script": ("file,label\na.png,٣\n", "the label is '٣'"),
    "superscript": ("file,label\na.png,²\n", "the label is '²'"),
    "no file": ("file,label\n,3\n", "line 2: the file is ''"),
    "missing picture": ("file,label\na.png,3\nc.png,4\n", "line 3: the picture 'c.png' is not in"),
    "a folder": ("file,label\ninner,3\n", "the picture 'inner' is not in"),
    "above the folder": ("file,label\n../a.png,3\n", "expected a name in the folder"),
    "absolute": ("file,label\n/etc/passwd,3\n", "expected a name in the folder"),
    "too long a name": ("file,label\n" + "a" * 300 + ",3\n", "…' is not in the folder"),
    "not text": (b"file,label\n\xff\xfe,3\n", "line 2: not UTF-8 text"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "labels.csv"),
    "a field without end": ('file,label\n"' + "a" * 200_000, "longer than 20,000 characters"),
    "a header without end": ("file,label," * 9000, "line 1: longer than 20,000 characters"),
    "an open quote": ('file,label\n"a.png,3\n', "line 2: unexpected end of data; expected a CSV"),
    "old Mac's line ends": ("file,label\ra.png,3\r", "labels.csv, line 1: "),
    "UTF-16": ("file,label\na.png,3\n".encode("utf-16"), "line 1: not UTF-8 text"),
    "NUL": ("file,label\na\0.png,3\n", "labels.csv, line 2: "),
    "a name cut in the message": ("file,label\n" + "b" * 99 + ",3\n", f"{'b' * 60}…' is not in"),
    "a label cut in the message": ("file,label\na.png," + "7" * 99, f"label is '{'7' * 60}…';"),
    "a header cut in the message": ("a" * 99, f"found {'a' * 60}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused(write, case):
    content, expected = BAD[case]
    with pytest.raises(DataError) as error:
        read_labels_csv(write(content))
    assert expected in str(error.value)
    assert "labels.csv" in str(error.value)


@pytest.mark.parametrize(
    ("header", "is_blamed"), [("file;label", True), ("file", False), ("file;a,label;b", False)]
)
def test_semicolons_are_blamed_only_where_they_separate_all(write, header, is_blamed):
    with pytest.raises(DataError, match="must name the columns file and label") as error:
        read_labels_csv(write(f"{header}\na.png,3\n"))
    assert ("not a semicolon" in str(error.value)) == is_blamed


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"labels.csv cannot be read .*the columns file and label"):
        read_labels_csv(tmp_path)


def test_what_cannot_be_the_folder_is_refused(write):
    for folder in (write("") / "a.png", Path("a\0b")):
        with pytest.raises(DataError, match="cannot be read"):
            read_labels_csv(folder)


def test_names_outside_the_folder_are_refused_on_windows_too(write, monkeypatch):
    monkeypatch.setattr(labelled_pictures, "Path", PureWindowsPath)
    for name in ("C:a.png", r"C:\a.png", r"\a.png", r"\\host\share\a.png", r"..\a.png"):
        with pytest.raises(DataError, match="expected a name in the folder"):
            read_labels_csv(write(f"file,label\n{name},3\n"))


def test_rows_without_end_are_refused(write, monkeypatch):
    monkeypatch.setattr(labelled_pictures, "MAXIMUM_PICTURES", 3)
    assert len(read_labels_csv(write("file,label\n" + "a.png,3\n" * 3))) == 3
    for rows in ("a.png,3\n" * 4, "\n" * 4):
        with pytest.raises(DataError, match="labels.csv goes on after 4 lines; expected a CSV"):
            read_labels_csv(write("file,label\n" + rows))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    for name, read, path in [
        ("labels.csv", read_labels_csv, tmp_path),
        ("digits.npz", read_pictures_npz, tmp_path / "digits.npz"),
    ]:
        os.mkfifo(tmp_path / name)
        with pytest.raises(DataError, match=f"{name} cannot be read .it is not an ordinary file"):
            read(path)


NAMES = [
    *("a.png", "inner/b.png", "./a.png", "inner/../a.png", "../a.png", "..", ".", "", "inner", "~"),
    *("/etc/passwd", "//a.png", "a.png/", "a\0.png", "A.PNG", "link.png", "loop.png", "b" * 300),
    *(
        "inner/" * 900 + "b.png",
        "\U0001d7d7.png",
        "e\u0301.png",
        "a.png\nb.png",
        "\r",
        '"',
        "a,png",
    ),
]
LABELS_TEXT = ["3", " 3 ", "", "10", "-1", "+3", "3.0", "\u0663", "\u00b2", "three", "3\0", '"3"']
COLUMNS = [
    "file",
    "label",
    "source_repo",
    " file ",
    "label",
    "\ufefffile",
    "",
    "FILE",
    "file;label",
]
CSV_TOKENS = [
    *(b'"', b'""', b'","', b"\0", b"\r", b"\n", b"\r\n", b"\x0b", b"\xff", b",", b"," * 30_000),
    *(b"file,label\n", b"a.png,3\n", b"\xef\xbb\xbf", b"\xff\xfe", "\u2028".encode()),
]


def table_of(columns, rows, quoting):
    file = io.StringIO()
    writer = csv.writer(file, quoting=quoting, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


@pytest.fixture
def folder_of_traps(write, tmp_path):
    """A folder in which names lead out of it, to nothing, or in a circle."""
    if hasattr(os, "symlink"):
        (tmp_path / "link.png").symlink_to(tmp_path / "none.png")
        (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    return write("")


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=4)
def test_damaged_tables_raise_nothing_but_data_errors(
    folder_of_traps, damaged, read_damaged, figure
):
    def read(path):
        for row in read_labels_csv(path.parent):
            picture = (path.parent / row.file).resolve()
            assert path.parent.resolve() in picture.parents
            assert 0 <= row.label <= 9

    texts = st.text(st.sampled_from("ab/.\\\"', \n\0é🙂"), max_size=9)
    names = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES[:2]), texts)
    labels = st.one_of(st.sampled_from("0123456789"), st.sampled_from(LABELS_TEXT))
    columns = st.lists(st.sampled_from(COLUMNS), max_size=5)
    header = st.one_of(st.just(["file", "label", "source_repo"]), columns)
    rows = st.lists(st.tuples(names, labels, texts), max_size=4)
    quoting = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    files = damaged(st.builds(table_of, header, rows, quoting), CSV_TOKENS)
    count, refused = read_damaged(files, read, "labels.csv", 200, 10_000)
    assert 0 < refused < count
    figure("{} damaged labels.csv, {} other exceptions, each within {} s", count, 0, 1)


# .npz

IMAGES = np.arange(3 * 8 * 8).reshape(3, 8, 8).astype(np.uint8)
LABELS = np.array([0, 9, 4])


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64, ">i2"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_read(tmp_path, kind, save):
    path = tmp_path / "digits.npz"
    save(path, images=IMAGES, labels=LABELS.astype(kind), more=np.zeros(5))
    images, labels = read_pictures_npz(path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


BAD_ARRAYS = {
    "no images": ({"labels": LABELS}, "expected an .npz file with the arrays images and labels"),
    "no labels": ({"images": IMAGES}, "expected an .npz file with the arrays images and labels"),
    "floats": ({"images": IMAGES / 255, "labels": LABELS}, r"images is float64 \(3, 8, 8\)"),
    "rows": ({"images": IMAGES.reshape(3, 64), "labels": LABELS}, r"images is uint8 \(3, 64\)"),
    "colour": ({"images": IMAGES[..., None], "labels": LABELS}, "expected uint8"),
    "none": ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"images is uint8 \(0, 8, 8\)"),
    "no pixels": ({"images": IMAGES[:, :0], "labels": LABELS}, r"uint8 \(3, 0, 8\)"),
    "fewer labels": ({"images": IMAGES, "labels": LABELS[:2]}, r"labels is int64 \(2,\)"),
    "columns": ({"images": IMAGES, "labels": LABELS[:, None]}, r"labels is int64 \(3, 1\)"),
    "halves": ({"images": IMAGES, "labels": LABELS / 2}, "labels is float64"),
    "words": ({"images": IMAGES, "labels": np.array(["1", "2", "3"])}, "expected a digit for each"),
    "ten": ({"images": IMAGES, "labels": np.array([0, 10, 1])}, "labels are 0 to 10"),
    "negative": ({"images": IMAGES, "labels": np.array([0, -1, 1])}, "labels are -1 to 1"),
    "objects": ({"images": IMAGES, "labels": LABELS.astype(object)}, "labels is object"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_other_arrays_are_refused_by_name(tmp_path, name):
    arrays, message = BAD_ARRAYS[name]
    path = tmp_path / "digits.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message) as error:
        read_pictures_npz(path)
    assert str(error.value).startswith(str(path))


def good_npz() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, images=IMAGES, labels=LABELS)
    return file.getvalue()


def single_array() -> bytes:
    file = io.BytesIO()
    np.save(file, IMAGES)
    return file.getvalue()


def archive_of(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


BAD_FILES = {
    "empty": b"",
    "text": b"no archive",
    "cut": good_npz()[:100],
    "one array": single_array(),
    "an empty archive": archive_of(),
    "text in an archive": archive_of(images=b"text", labels=b"text"),
    "cut arrays": archive_of(images=single_array()[:-9], labels=single_array()),
    "a huge claim": archive_of(
        images=single_array().replace(b"(3, 8, 8)", b"(9**9, 8)"), labels=single_array()
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_other_files_are_refused(tmp_path, name):
    path = tmp_path / "digits.npz"
    path.write_bytes(BAD_FILES[name])
    with pytest.raises(DataError, match="cannot be read|expected uint8|expected a digit"):
        read_pictures_npz(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_pictures_npz(path)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(members: list[tuple[str, bytes]], method: int, comment: bytes) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return file.getvalue()


def test_only_what_numpy_writes_is_read(tmp_path):
    path = tmp_path / "digits.npz"
    members = [("images.npy", npy(IMAGES)), ("labels.npy", npy(LABELS))]
    newer = npy(IMAGES).replace(b"NUMPY\1\0v\0", b"NUMPY\2\0v\0\0\0")
    longer = [("images.npy", npy(IMAGES) + b"\0"), members[1]]
    many = [(f"{number:0>9000}", b"") for number in range(8)]
    with_larger_directory = zipped(members, 0, b"")
    with_larger_directory = (
        with_larger_directory[:-22] + b"PK\6\7" + bytes(16) + with_larger_directory[-22:]
    )
    for content, words in [
        (zipped(members, zipfile.ZIP_LZMA, b""), "images is packed in a way"),
        (zipped(members, zipfile.ZIP_BZIP2, b""), "images is packed in a way"),
        (zipped(members, 0, b"a comment"), "does not end as NumPy writes it"),
        (zipped(members + many, 0, b""), "does not end as NumPy writes it"),
        (with_larger_directory, "does not end as NumPy writes it"),
        (zipped([("images.npy", newer), members[1]], 0, b""), "header of images is of a version"),
        (zipped(longer, 0, b""), "images goes on after its last number"),
    ]:
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            read_pictures_npz(path)
    path.write_bytes(zipped(members, zipfile.ZIP_DEFLATED, b""))
    assert len(read_pictures_npz(path)[0]) == 3


@pytest.mark.parametrize("shape", [(100_001, 1, 1), (1, 60_001, 1000), (10**40, 8, 8)])
def test_more_than_the_limits_is_refused(tmp_path, shape):
    claim = npy(IMAGES).replace(b"(3, 8, 8), }" + b" " * 44, f"{shape}, }}".ljust(56).encode())
    path = tmp_path / "digits.npz"
    path.write_bytes(zipped([("images.npy", claim)], 0, b""))
    words = r"expected at most 100,000 pictures and 60,000,000 pixels"
    with pytest.raises(DataError, match=rf"images is uint8 .*; {words}"):
        read_pictures_npz(path)


def test_headers_that_numpy_would_warn_of_are_read(tmp_path):
    # Python 2 wrote 3L for 3.
    claim = npy(IMAGES).replace(b"(3, 8, 8), } ", b"(3L, 8, 8), }")
    path = tmp_path / "digits.npz"
    path.write_bytes(zipped([("images.npy", claim), ("labels.npy", npy(LABELS))], 0, b""))
    assert read_pictures_npz(path)[0].shape == (3, 8, 8)


ARRAYS = [
    *(IMAGES, LABELS, LABELS.astype(np.uint8), LABELS.astype(">i2"), np.asfortranarray(IMAGES)),
    *(IMAGES[:0], LABELS[:0], IMAGES[0], LABELS / 2, LABELS - 5, LABELS + 5, np.array(3)),
    *(np.array(["1", "2"]), LABELS.astype("M8[s]"), np.zeros(3, "u1,i4"), np.ones(3, bool)),
]
HEADER_TOKENS = [
    *(b"(3, 8, 8)", b"(3,)", b"()", b"(-1,)", b"(3L,)", b"(True,)", b"(99999999999,)", b"(1e9,)"),
    *(b"'|u1'", b"'|O'", b"'<U9'", b"'V9'", b"'m8'", b"'<f2'", b"[('a', '<i4')]", b"'(2,)u1'"),
    *(b"True", b"None", b"{", b"'shape'", b"(" * 200, b"-" * 3000, b"[" * 99, b"9" * 5000, b"\n"),
    *(b"\x93NUMPY\1\0", b"\x93NUMPY\2\0", b"\x93NUMPY\3\0", b"\xff\xff"),
]
ZIP_TOKENS = [
    *(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08", b"images.npy"),
    *(b"PK\5\6" + bytes(18), b"\x0e\0", b"\x0c\0", b"\x08\0", b"\1\0", b"\xff" * 8),
]


class Trap:
    """An object whose pickle ends the process that loads it."""

    def __reduce__(self):
        return os._exit, (3,)


@pytest.mark.slow_for_mutants
@pytest.mark.promise(row=4)
def test_damaged_arrays_raise_nothing_but_data_errors(damaged, read_damaged, figure):
    trap = npy(np.array([Trap()] * 3, dtype=object))
    content = st.sampled_from([*map(npy, ARRAYS), trap, b"text", b""])
    content = st.one_of(content, damaged(content, HEADER_TOKENS))
    images = st.one_of(st.sampled_from([npy(ARRAYS[0]), npy(ARRAYS[4])]), content)
    labels = st.one_of(st.sampled_from([npy(array) for array in ARRAYS[1:4]]), content)
    names = st.sampled_from(["images.npy", "labels", "../images.npy", "/", "more.npy"])
    more = st.lists(st.tuples(names, content), max_size=2)
    members = st.builds(
        lambda first, images, labels: [*first, ("images.npy", images), ("labels.npy", labels)],
        *(more, images, labels),
    )
    methods = st.sampled_from([0, 0, 8, 8, 8, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    comments = st.sampled_from([b"", b"", b"", b"a comment"])
    whole = st.builds(zipped, members, methods, comments)
    files = st.one_of(whole, damaged(whole, ZIP_TOKENS))
    count, refused = read_damaged(files, read_pictures_npz, "digits.npz", 200, 10_000)
    assert 0 < refused < count
    figure("{} damaged .npz files, {} other exceptions, each within {} s", count, 0, 1)
