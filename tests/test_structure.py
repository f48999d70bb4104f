"""The package stays readable: few files at its root, short functions, a short way of a digit."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import paddle_mnist
from paddle_mnist.core.loop import fit

FOLDER = Path(paddle_mnist.__file__).parent
ARCHITECTURE = FOLDER.parent / "docs" / "architecture.md"
FILES = [path for path in sorted(FOLDER.rglob("*.py")) if "exercises" not in path.parts]

Function = ast.FunctionDef


def functions(source: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def length(function: Function) -> int:
    """The lines of a function from `def` on, without its docstring."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def parameters(function: Function) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each is not None]
    return [name for name in names if name not in ("self", "cls")]


def way() -> list[str]:
    """The files that docs/architecture.md names for the way of a digit, below paddle_mnist/."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    table = text.partition("<!-- way -->")[2].partition("<!-- end of way -->")[0]
    found = []
    for line in table.splitlines():
        room, *names = re.findall(r"`([\w/.]+)`", line) if "`" in line else [""]
        if room.endswith("/"):
            found += [room + name for name in names]
        elif room:
            found += [room, *names]
    return found


def lines_of(names: list[str]) -> int:
    return sum(len((FOLDER / name).read_text(encoding="utf-8").splitlines()) for name in names)


def test_few_files_stand_at_the_root():
    assert len(list(FOLDER.glob("*.py"))) <= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_functions_are_short_and_take_little(path):
    for function in functions(path.read_text(encoding="utf-8")):
        if function.name != "build_parser":
            assert length(function) <= 45, function.name
        assert len(parameters(function)) <= 7, function.name


def test_fit_takes_six_parameters_at_most():
    assert len(inspect.signature(fit).parameters) <= 6


def test_the_way_of_a_digit_is_short():
    names, core = way(), [path.name for path in (FOLDER / "core").glob("*.py")]
    count, core_count = lines_of(names), lines_of([f"core/{name}" for name in core])
    print(
        f"\n{len(names)} files, {count:,} lines from IDX bytes to the answer; core/: {core_count:,}"
    )
    assert len(names) <= 16
    assert count <= 2_300
    assert core_count <= 1_150


def test_the_way_of_a_digit_has_no_gap():
    names = way()
    sources = {name: (FOLDER / name).read_text(encoding="utf-8") for name in names}
    ends = {"runs/training.py", "predict.py"}  # what a user calls
    assert ends < set(names)
    for name in set(names) - ends:
        module = f"paddle_mnist.{name[:-3].replace('/', '.')}"
        # The face of data/ hands on what its files hold; a stage names its network by text.
        face = "paddle_mnist.data" if name.startswith("data/") else module
        words = (f"from {module} import", f"from {face} import", f'"{Path(name).stem}:')
        others = [source for other, source in sources.items() if other != name]
        assert any(word in source for word in words for source in others), name


# What is counted


def test_a_docstring_and_self_do_not_count():
    source = 'def f(self, a, *b, c=1, **d):\n    """One\n    two."""\n    return a\n'
    (function,) = functions(source)
    assert length(function) == 2
    assert parameters(function) == ["a", "c", "b", "d"]
