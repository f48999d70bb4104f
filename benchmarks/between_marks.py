"""Put a text between two marks in a Markdown file, where the scripts beside this one write."""

from __future__ import annotations

from pathlib import Path


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
