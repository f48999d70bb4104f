"""The side of the answer: calls the learner's function, and tells what happened as plain data.

It runs in the answer's own process, or beside the checker in a notebook. It judges nothing.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import linecache
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

from paddle_mnist.homework.ready_made import Watch
from paddle_mnist.homework.values import as_paddle_tensor, decode, encode

Function = Callable[..., Any]
LONGEST_TEXT = 300


class NoGradientError(Exception):
    """What the answer returns does not depend on its inputs, as far as Paddle can see."""


class Answering:
    """Calls one function, request by request.

    Args:
        function: the learner's.
        checks: the exercise's `checks.py`, whose functions may run on this side too.
        not_allowed: full names of ready-made functions to watch for.
    """

    def __init__(self, function: Function, checks: ModuleType, not_allowed: tuple[str, ...]):
        self.function = function
        self.checks = checks
        self.watch = Watch(not_allowed)

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request.

        Args:
            request: `arguments`, and `run`: the name of a function in `checks.py` that is called
                with the answer and the arguments; None: the answer itself is called.

        Returns:
            `value` or `error`; `ready_made`: names that were called; `changed`: the numbers of the
            arguments that the answer changed.
        """
        arguments = [decode(part, as_paddle_tensor) for part in request["arguments"]]
        before = [_digest(argument) for argument in arguments]
        function = self.function
        if request["run"] is not None:
            function = _bind(_find(self.checks, request["run"]), self.function)
        try:
            with self.watch:
                value = function(*arguments)
            done = {"value": encode(value)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a learner's code raises, SystemExit too, is told
            done = {"error": describe_error(error, code_file(self.function))}
        after = [_digest(argument) for argument in arguments]
        changed = [number for number, pair in enumerate(zip(before, after)) if pair[0] != pair[1]]
        return {**done, "ready_made": self.watch.take(), "changed": changed}


def _find(checks: ModuleType, name: str) -> Function:
    return gradients if name == gradients.__name__ else getattr(checks, name)


def _bind(function: Function, answer: Function) -> Function:
    return lambda *arguments: function(answer, *arguments)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(encode(value)).encode()).hexdigest()


def gradients(answer: Function, weights: Any, *arguments: Any) -> list[Any]:
    """The gradients of sum(weights · answer(…)) by those arguments that are float tensors.

    Args:
        answer: takes and returns Paddle tensors.
        weights: a tensor of the shape of what the answer returns.
        arguments: at least one float tensor; others are passed on.

    Raises:
        NoGradientError: no gradient arrives.
    """
    import paddle

    inputs = [
        argument
        for argument in arguments
        if isinstance(argument, paddle.Tensor) and argument.is_floating_point()
    ]
    for tensor in inputs:
        tensor.stop_gradient = False
    total = (answer(*arguments) * weights).sum()
    if total.stop_gradient:
        raise NoGradientError
    total.backward()
    if any(tensor.grad is None for tensor in inputs):
        raise NoGradientError
    return [tensor.grad for tensor in inputs]


def load_answer(path: str, name: str) -> Function | None:
    """Run a learner's file, and return the function `name` in it; None: there is none.

    Raises:
        Whatever the file raises.
    """
    # Named by what it holds, so that two answers in one process do not meet.
    module_name = f"answer_{hashlib.sha256(path.encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None  # every file .py has them
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    return function if callable(function) else None


def functions_of(path: str) -> list[str]:
    """The names of the functions and classes that a file defines."""
    tree = ast.parse(Path(path).read_bytes())
    return [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def code_file(function: Function) -> str:
    """The file, or the notebook's cell, that a function was written in."""
    code = getattr(function, "__code__", None)
    return code.co_filename if code else ""


def describe_error(error: BaseException, file: str) -> dict[str, Any]:
    """An exception as data: its type and its parents, its message, and the learner's line."""
    line, code = 0, ""
    if isinstance(error, SyntaxError) and error.filename == file:
        line, code = error.lineno or 0, (error.text or "").strip()
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == file:
            line = frame.lineno or 0
            code = linecache.getline(file, line).strip()
    return {
        "types": [cls.__name__ for cls in type(error).__mro__],
        "message": _message(error),
        "line": line,
        "code": code[:LONGEST_TEXT],
    }


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as worse:  # an exception of the learner's own, whose text fails too
        text = f"(its text cannot be shown: {type(worse).__name__})"
    # Paddle puts the reason behind pages about its own C++ code.
    _, _, reason = text.rpartition("Error Message Summary:")
    reason = re.split(r"\[Hint:|\(at /", reason)[0]
    lines = [line.strip() for line in reason.splitlines() if line.strip(" -\t")]
    return " ".join(lines)[:LONGEST_TEXT]
