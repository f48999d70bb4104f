"""Turn the shape comments of a chapter's code into assertions, so that none of them is wrong.

`rows = norm_img(pictures)  # [5, 784]` stays as it is for the reader; while the notebook is built
or tested, the shape of `rows` is checked after that line. In a comment, integers must be met
exactly, and anything else (N, H, batch) may have any size. Of `[5, 28, 28] -> [5, 784]` the last
shape counts.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from typing import Any

SHAPE_COMMENT = re.compile(r"#\s*(?:\[[^]]*\]\s*->\s*)?\[([^]]*)\]")


def _check_shape(value: Any, expected: str) -> Any:
    """Return the value if it has the shape, such as "N, 784"; otherwise raise."""
    found = getattr(value, "shape", ())
    sizes = [size.strip() for size in expected.split(",") if size.strip()]
    same = len(found) == len(sizes) and all(
        not size.isdigit() or int(size) == actual for size, actual in zip(sizes, found)
    )
    if not same:
        raise AssertionError(f"the comment says [{expected}], the shape is {list(found)}")
    return value


# What a kernel must run before the first cell with checks.
DEFINITION = f"from typing import Any\n{inspect.getsource(_check_shape)}"


def with_checks(code: str) -> str:
    """The code of a cell, with a check after each assignment or return that has a shape comment.

    Args:
        code: may begin with magics such as `%matplotlib inline`.

    Returns:
        The code with checks; its own lines are those of before, but for `return`.
    """
    lines = code.splitlines()
    # A magic is not Python, but as a comment it keeps the numbers of the lines.
    python = "\n".join(f"#{line}" if line.startswith("%") else line for line in lines)
    shapes = {
        token.start[0]: match.group(1)
        for token in tokenize.generate_tokens(io.StringIO(python).readline)
        if token.type == tokenize.COMMENT and (match := SHAPE_COMMENT.fullmatch(token.string))
    }
    for statement in sorted(ast.walk(ast.parse(python)), key=_line, reverse=True):
        shape = shapes.get(getattr(statement, "end_lineno", None))
        if shape is None:
            continue
        if isinstance(statement, ast.Return) and statement.value is not None:
            value = ast.unparse(statement.value)
            checked = f"{' ' * statement.col_offset}return _check_shape({value}, {shape!r})"
            lines[statement.lineno - 1 : statement.end_lineno] = [checked]
        elif isinstance(statement, ast.Assign):
            target = ast.unparse(statement.targets[0])
            check = f"{' ' * statement.col_offset}_check_shape({target}, {shape!r})"
            lines.insert(statement.end_lineno, check)
    return "\n".join(lines)


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)
