"""What a learner has done is kept, and nothing of it is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from paddle_mnist.homework.progress import FILE_NAME, Progress, Record, load_progress, save_progress
from paddle_mnist.system.errors import UsageError


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
        b"[" * 100_000,
        b'{"exercises": ' + b'{"1-1": ' * 100_000,
        b'{"exercises": {"1-1": {"tries": ' + b"9" * 100_000 + b"}}}",
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


def test_of_several_damaged_files_none_is_lost(tmp_path):
    for content in (b"first", b"second", b"third"):
        (tmp_path / FILE_NAME).write_bytes(content)
        assert load_progress(tmp_path).put_aside.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 3


PARTS = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = some.fixed_dictionaries(
    {},
    optional={
        "tries": some.integers() | PARTS,
        "passed": some.booleans() | PARTS,
        "hints": some.integers() | PARTS,
        "solution_asked": some.integers() | PARTS,
    },
)
FILES = some.fixed_dictionaries(
    {},
    optional={
        "language": some.sampled_from(["en", "zh", None]) | PARTS,
        "exercises": some.dictionaries(some.text() | some.just("3-1"), RECORDS | PARTS) | PARTS,
    },
)


@pytest.mark.promise(row=20)
def test_whatever_the_file_holds_it_is_read_or_put_aside(tmp_path, fuzz, figure):
    path = tmp_path / FILE_NAME

    @given(some.binary() | FILES.map(lambda data: json.dumps(data).encode()), some.data())
    def check(content, data):
        if data.draw(some.booleans()):
            place = data.draw(some.integers(0, len(content)))
            content = content[:place] + data.draw(some.binary(max_size=3)) + content[place + 1 :]
        path.write_bytes(content)
        progress = load_progress(tmp_path)
        if progress.put_aside is None:
            assert path.read_bytes() == content
            save_progress(tmp_path, progress)
            assert load_progress(tmp_path) == progress
        else:
            assert progress.put_aside.read_bytes() == content
            progress.put_aside.unlink()

    count = fuzz(check, 200, 10_000)
    figure("{} made-up files of progress, {} lost", count, 0)


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
