"""Showing Markdown: in a notebook as a page, in a terminal in columns and colours."""

from __future__ import annotations

import builtins
import re


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = getattr(builtins, "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def show(markdown: str) -> None:
    """Show a text."""
    if in_notebook():
        from IPython.display import Markdown, display

        display(Markdown(markdown))
        return
    from rich.console import Console

    from paddle_mnist.homework.terminal import Page

    console = Console()
    # Rich breaks lines at blanks, of which Chinese has few; so they are broken here.
    console.print(Page(wrap(markdown, console.width - 4, line_end="\\")), crop=False)


# A Chinese character, with the signs that may not begin or end a line; a word; a gap.
_PIECE = re.compile(
    r"`[^`]*`[，。：；？！、”）》,.:;?!)]*|"
    r"[“（《]*[\u3000-\u9fff][，。：；？！、”）》]*|[“（《]*[^\s\u3000-\u9fff]+[，。：；？！、”）》]*|\s+"
)


def wrap(text: str, width: int, line_end: str = "") -> str:
    """Break the long lines of a Markdown text; a Chinese character is as wide as two letters.

    Args:
        text: headings, tables and code in it stay as they are.
        width: in letters.
        line_end: what is put at the end of a line that was broken.
    """
    lines, is_code = [], False
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        keeps = is_code or line.startswith(("    ", "|", "#"))
        lines.append(line if keeps else f"{line_end}\n".join(_wrap_line(line, width)))
    return "\n".join(lines)


def _wrap_line(line: str, width: int) -> list[str]:
    from rich.cells import cell_len

    lines, indent = [""], "  " if line.startswith("- ") else ""
    for piece in _PIECE.findall(line):
        if lines[-1].strip() and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append(indent)
        if piece.strip() or lines[-1].strip():
            lines[-1] += piece
    return [part.rstrip() for part in lines]
