"""Showing Markdown: in a notebook as a page, in a terminal in columns and colours."""

from __future__ import annotations

import builtins
import re


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
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
    console.print(Page(wrap(markdown, console.width - 4, rendered=True)), crop=False)


# A Chinese character, with the signs that may not begin or end a line; a word; a gap.
_PIECE = re.compile(
    r"`[^`]*`[，。：；？！、”）》,.:;?!)]*|"
    r"[“（《]*[\u3000-\u9fff][，。：；？！、”）》]*|[“（《]*[^\s\u3000-\u9fff]+[，。：；？！、”）》]*|\s+"
)

_MARKS = str.maketrans("", "", "`*")


def wrap(text: str, width: int, *, rendered: bool = False) -> str:
    """Break the long lines of a Markdown text; a Chinese character is as wide as two letters.

    Args:
        text: headings, tables and code in it stay as they are.
        width: in letters.
        rendered: whether the text will be rendered, so that its marks take no room, and breaks
            have to be marked as such.
    """
    lines, is_code = [], False
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        keeps = is_code or line.startswith(("    ", "|", "#"))
        parts = [line] if keeps else _wrap_line(line, width, rendered)
        lines.append(("\\\n" if rendered else "\n").join(parts))
    return "\n".join(lines)


def _wrap_line(line: str, width: int, rendered: bool) -> list[str]:
    from rich.cells import cell_len

    def room(text: str) -> int:
        return cell_len(text.translate(_MARKS) if rendered else text)

    lines, indent = [""], "  " if line.startswith("- ") else ""
    for piece in _PIECE.findall(line):
        if lines[-1].strip() and room(lines[-1] + piece.rstrip()) > width:
            # At the beginning of a line, such a sign would begin a list.
            lines.append(f"{indent}\\" if rendered and piece in "+-*" else indent)
        if piece.strip() or lines[-1].strip():
            lines[-1] += piece
    return [part.rstrip() for part in lines]
