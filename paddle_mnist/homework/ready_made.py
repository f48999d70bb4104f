"""Watching whether an answer calls a ready-made function that does the exercise's whole work."""

from __future__ import annotations

import importlib
import inspect
import sys
from types import CodeType, FrameType
from typing import Any


class Watch:
    """Notes which of the named functions are called while it is entered, under whatever alias.

    Args:
        names: full names, such as "paddle.nn.functional.softmax" or "paddle.Tensor.softmax".
    """

    def __init__(self, names: tuple[str, ...]):
        self._codes: dict[CodeType, str] = {}
        self._builtins: dict[int, str] = {}
        for name in names:
            function = inspect.unwrap(find(name))
            code = getattr(function, "__code__", None)
            if code is not None:
                self._codes[code] = name
            else:
                self._builtins[id(function)] = name
        self._called: set[str] = set()

    def __enter__(self) -> None:
        if self._codes or self._builtins:
            self._before = sys.getprofile()
            sys.setprofile(self._note)

    def __exit__(self, *error: object) -> None:
        if self._codes or self._builtins:
            sys.setprofile(self._before)

    def _note(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "call" and frame.f_code in self._codes:
            self._called.add(self._codes[frame.f_code])
        elif event == "c_call" and id(function) in self._builtins:
            self._called.add(self._builtins[id(function)])

    def take(self) -> list[str]:
        """Return the names that were called since this was last asked."""
        called, self._called = sorted(self._called), set()
        return called


def find(name: str) -> Any:
    """Return the object that a full name means; a module is imported if it must be."""
    module, _, rest = name.partition(".")
    found = importlib.import_module(module)
    for part in rest.split("."):
        if not hasattr(found, part):
            importlib.import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return found
