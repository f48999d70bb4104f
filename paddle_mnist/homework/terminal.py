"""A Markdown page in a terminal, whose code can be copied."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown
from rich.syntax import Syntax


class WholeCode(CodeBlock):
    """Code in colours, whose lines are never broken: broken ones could not be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, each as it is."""
        code = Syntax("", self.lexer_name, theme="ansi_light").highlight(str(self.text).rstrip())
        code.no_wrap, code.overflow = True, "ignore"
        yield code


class Page(Markdown):
    """Rich's Markdown with other code blocks."""

    elements: ClassVar = {**Markdown.elements, "fence": WholeCode, "code_block": WholeCode}
