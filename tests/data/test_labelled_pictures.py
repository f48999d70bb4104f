"""Labelled pictures, in labels.csv or an .npz; everything else is refused, by line or by array."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from paddle_mnist.data import LabelledPicture, read_labels_csv, read_pictures_npz
from paddle_mnist.errors import DataError


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
    "too long a name": ("file,label\n" + "a" * 300 + ",3\n", "labels.csv"),
    "not text": (b"file,label\n\xff\xfe,3\n", "not a CSV file in UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "labels.csv"),
    "a field without end": ('file,label\n"' + "a" * 200_000, "labels.csv"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused(write, case):
    content, expected = BAD[case]
    with pytest.raises(DataError) as error:
        read_labels_csv(write(content))
    assert expected in str(error.value)
    assert "labels.csv" in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"labels.csv cannot be read .*the columns file and label"):
        read_labels_csv(tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(write):
    with pytest.raises(DataError, match="cannot be read"):
        read_labels_csv(write("") / "a.png")


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
    "words": ({"images": IMAGES, "labels": np.array(["1", "2", "3"])}, "expected a digit an image"),
    "ten": ({"images": IMAGES, "labels": np.array([0, 10, 1])}, "labels are 0 to 10"),
    "negative": ({"images": IMAGES, "labels": np.array([0, -1, 1])}, "labels are -1 to 1"),
    "objects": ({"images": IMAGES, "labels": LABELS.astype(object)}, "cannot be read"),
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
    with pytest.raises(DataError, match="cannot be read|expected uint8"):
        read_pictures_npz(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_pictures_npz(path)


def test_damaged_files_raise_nothing_but_data_errors(tmp_path):
    random = np.random.default_rng(0)
    path, refused = tmp_path / "digits.npz", 0
    for _ in range(1000):
        data = bytearray(good_npz() if random.random() < 0.5 else archive_of(
            images=single_array(), labels=single_array()))  # fmt: skip
        for place in random.integers(0, len(data), random.integers(1, 6)):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        try:
            read_pictures_npz(path)
        except DataError:
            refused += 1
    assert refused > 500
