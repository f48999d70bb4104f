"""A learner's file: what keeps it from being a program, and the function in it."""

from __future__ import annotations

import hashlib
import importlib.util
import linecache
import os
import re
import sys
import traceback
import warnings
from pathlib import Path
from types import FunctionType
from typing import Any, Callable

from paddle_mnist.homework.outcome import WrongError, cut

Function = Callable[..., Any]

LONGEST_TEXT = 300
LONGEST_LIST = 2_000
# How Python names a Chinese comma, bracket or colon between the words of a program.
FULL_WIDTH = re.compile(r"invalid character '(.)' \(U\+(?:FF|30|20)")


def check_syntax(path: str) -> None:
    """See that a learner's file is a Python program; nothing of it runs.

    Raises:
        WrongError: it is none.
    """
    content = Path(path).read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come when the file is run
            compile(content, os.path.basename(path), "exec")
        return
    except SyntaxError as error:
        message, line, code = str(error.msg), error.lineno or 0, (error.text or "").strip()
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        message, line, code = str(error), 0, ""
    if wide := FULL_WIDTH.search(message):
        raise WrongError("full_width", {"line": line, "character": wide[1]})
    told = f"{message} (line {line})" if line else message
    details = {"code": cut(code, LONGEST_TEXT)} if code else {}
    raise WrongError("unreadable", {"message": told}, details)


def load_answer(path: str, name: str) -> Function:
    """Run a learner's file, and return the function `name` in it.

    Raises:
        WrongError: there is none.
        BaseException: whatever the file raises.
    """
    # Named by its path, so that two answers in one process do not meet.
    module_name = f"answer_{hashlib.sha256(path.encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None  # every file .py has them
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    function: Function | None = getattr(module, name, None)
    if callable(function):
        return function
    own = [
        name
        for name, value in vars(module).items()
        if isinstance(value, (FunctionType, type)) and value.__module__ == module_name
    ]
    raise WrongError("missing", {"functions": cut(", ".join(own), LONGEST_LIST) or "-"})


def file_of(function: Function) -> str:
    """Return the file, or the notebook's cell, that a function was written in."""
    code = getattr(function, "__code__", None)
    return code.co_filename if code else ""


def place_of_error(error: BaseException, file: str) -> tuple[int, str]:
    """Return the number of the line of a file that an error leads to, and the line; 0 for none."""
    line, code = 0, ""
    if isinstance(error, SyntaxError) and error.filename == file:
        line, code = error.lineno or 0, (error.text or "").strip()
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:
            line = frame.lineno or 0
            code = linecache.getline(file, line).strip()
    return line, code
