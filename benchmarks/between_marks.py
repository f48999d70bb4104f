"""Put a text between two marks in a Markdown file, where the scripts beside this one write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def pages(name: str) -> dict[str, Path]:
    """A page of docs/, by language."""
    return {"en": DOCS / f"{name}.md", "zh": DOCS / f"{name}.zh-CN.md"}


def table_head(cells: Sequence[str]) -> list[str]:
    """The first two lines of a table in Markdown."""
    return [f"| {' | '.join(cells)} |", "|---" * len(cells) + "|"]


def write_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """Replace what stands between two marks; the marks stay.

    Raises:
        SystemExit: the file lacks one of the marks.
    """
    begin, end = marks
    content = path.read_text(encoding="utf-8")
    before, found, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise SystemExit(f"error: {path} has no {begin} … {end} to write between")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
