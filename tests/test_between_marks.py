"""The scripts in benchmarks/ write only between their marks."""

from __future__ import annotations

import pytest

MARKS = ("<!-- figures -->", "<!-- end -->")


@pytest.fixture
def write_between(load_benchmark):
    return load_benchmark("between_marks").write_between


def test_only_what_stands_between_the_marks_is_replaced(write_between, tmp_path):
    path = tmp_path / "page.md"
    path.write_text("数字 before\n<!-- figures -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    for text in ("new", "newer\nlines"):
        write_between(path, MARKS, text)
        expected = f"数字 before\n<!-- figures -->\n{text}\n<!-- end -->\nafter\n"
        assert path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("text", ["nothing", "<!-- figures -->", "<!-- end --> <!-- figures -->"])
def test_a_file_without_both_marks_stays_as_it_is(write_between, tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(SystemExit, match="to write between"):
        write_between(path, MARKS, "new")
    assert path.read_text() == text
