"""labels.csv: which picture shows which digit; everything else is refused by line."""

from __future__ import annotations

import pytest

from paddle_mnist.data import LabelledPicture, read_labels_csv
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
    ],
)
def test_odd_forms_are_read(write, content):
    assert read_labels_csv(write(content)) == [LabelledPicture("a.png", 3, "")]


BAD = {
    "empty": ("", "must name the columns file and label; found nothing"),
    "no rows": ("file,label\n", "has no rows"),
    "no header": ("a.png,3\n", "must name the columns file and label; found a.png, 3"),
    "no label column": ("file,digit\na.png,3\n", "found file, digit"),
    "semicolons": ("file;label\na.png;3\n", "must name the columns"),
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
