"""What a learner has done is kept, and nothing of it is lost."""

from __future__ import annotations

import json

import pytest

from paddle_mnist.errors import UsageError
from paddle_mnist.homework.progress import (
    FILE_NAME,
    Progress,
    Record,
    load_progress,
    save_progress,
)


def test_progress_is_kept(tmp_path):
    progress = Progress("zh", {"3-1": Record(4, True, 2, 1), "2-1": Record()})
    save_progress(tmp_path / "work" / "homework", progress)
    assert load_progress(tmp_path / "work" / "homework") == progress


def test_there_is_none_yet(tmp_path):
    assert load_progress(tmp_path) == Progress()
    assert list(tmp_path.iterdir()) == []


def test_a_record_begins_empty():
    progress = Progress()
    progress.of("1-1").tries += 1
    assert progress.of("1-1") == Record(tries=1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"exercises": []}',
        b'{"exercises": {}, "language": "fr"}',
        b'{"exercises": {"1-1": 3}}',
        b'{"exercises": {"1-1": {"tries": "many", "passed": true}}}',
        b'{"exercises": {"1-1": {"tries": 1, "passed": 1, "hints": 0, "solution_asked": 0}}}',
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    progress = load_progress(tmp_path)
    assert progress.exercises == {}
    assert progress.put_aside.read_bytes() == content
    assert not (tmp_path / FILE_NAME).exists()


def test_what_a_later_version_adds_does_no_harm(tmp_path):
    record = {"tries": 1, "passed": True, "hints": 0, "solution_asked": 0, "stars": 5}
    text = json.dumps({"language": "en", "exercises": {"9-9": record}})
    (tmp_path / FILE_NAME).write_text(text)
    assert load_progress(tmp_path).exercises == {"9-9": Record(1, True)}


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        save_progress(tmp_path / "file" / "homework", Progress())


def test_progress_that_cannot_be_read(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        load_progress(tmp_path)
