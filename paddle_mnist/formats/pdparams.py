"""`.pdparams`, Paddle's own file of weights, read without running what it names.

Such a file is a pickle, and a pickle is a small program: it names functions, and unpickling calls
them. Here Python's own unpickler follows it, with a list of the names and the steps that a file of
weights needs: none of the names is imported, each stands for something in this file. What comes
out is what the file says of arrays; they are made when all of it is known.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paddle_mnist.system.errors import RunError
from paddle_mnist.system.files import read_bounded, reason_of, write_file

MAX_BYTES = 500_000_000  # the weights of this course's largest network take 5 MB
MAX_STEPS = 200_000  # a tensor takes some 45, so this is a network of 4,000 tensors

# Beside the weights Paddle keeps a table of the names that they have inside Paddle.
NAME_TABLE = "StructuredToParameterName@@"
_HOW_TO_SAVE = "write the file with paddle.save(network.state_dict(), FILE)"


class _RefusedError(Exception):
    """Why a file is not read."""


class _DataType:
    """A kind of numbers; the order of their bytes comes in a second step."""

    def __init__(self, kind: Any, *_options: Any) -> None:
        if not isinstance(kind, str) or not re.fullmatch("b1|[iu][1248]|f[248]", kind):
            raise _RefusedError(
                f"it holds numbers of the kind {_shown(kind)}; only plain numbers are read"
            )
        self.dtype = np.dtype(kind)

    def __setstate__(self, state: Any) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise ValueError("an unknown order of bytes")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """What a file says of an array; all but that it is one comes in a second step."""

    def __init__(self, kind: Any, *_options: Any) -> None:
        if kind is not _NDARRAY:
            raise _RefusedError("it makes an array that is not a numpy.ndarray")

    def __setstate__(self, state: Any) -> None:
        _version, self.shape, self.kind, self.is_fortran, self.content = state
        if not isinstance(self.kind, _DataType) or not isinstance(self.content, (bytes, str)):
            raise _RefusedError("it holds an array of something other than plain numbers")

    def build(self) -> np.ndarray:
        content = self.content.encode("latin1") if isinstance(self.content, str) else self.content
        numbers = np.frombuffer(content, self.kind.dtype)
        # NumPy makes no room for the shape, which is only a claim, but compares it.
        array = numbers.reshape(self.shape, order="F" if self.is_fortran is True else "C")
        if array.shape != self.shape:  # -1 would be any length
            raise ValueError("an array has another shape")
        return array.astype(array.dtype.newbyteorder("="), order="C", copy=False)


def _ordered_dict() -> dict[str, Any]:
    return {}


def _tuple(members: Any) -> tuple[Any, ...]:
    if not isinstance(members, tuple):  # of a text it would be many times as large
        raise _RefusedError("it makes a tuple in an unknown way")
    return members


def _encode(text: Any, encoding: Any) -> str:
    # Protocol 2 has no bytes: it keeps them as text, which becomes bytes where it is needed.
    if not isinstance(text, str) or encoding != "latin1":
        raise _RefusedError("it makes bytes in an unknown way; only latin1 is known")
    return text


_NDARRAY = object()

# NumPy's three (the first has two spellings: before NumPy 2, and since), then what plain Python
# brings: a tensor with its name, a state_dict in something else, bytes in protocol 2.
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DataType,
    ("builtins", "tuple"): _tuple,
    ("__builtin__", "tuple"): _tuple,
    ("collections", "OrderedDict"): _ordered_dict,
    ("_codecs", "encode"): _encode,
}

# By the names of pickletools, whose source documents them. All others (classes, extensions,
# references to outside, …) are no part of a file of weights, and are refused.
_STEP_NAMES = """
PROTO FRAME MARK STOP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT
BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8
EMPTY_LIST EMPTY_DICT EMPTY_TUPLE TUPLE1 TUPLE2 TUPLE3 TUPLE APPEND APPENDS SETITEM SETITEMS
MEMOIZE BINPUT LONG_BINPUT BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD
"""
_STEPS = frozenset(_STEP_NAMES.split())
_NAMES_OF_STEPS = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}


class _Unpickler(pickle._Unpickler):
    """Python's unpickler that is written in Python: the one in C has steps that none can check."""

    stack: list[Any]
    metastack: list[list[Any]]
    read: Callable[[int], bytes]

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.taken = 0
        self.dispatch = self  # type: ignore[misc, assignment]  # `load` looks each step up in it

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        """Find the function that takes the next step, if it may be taken."""
        self.taken += 1
        if self.taken > MAX_STEPS:
            raise _RefusedError(f"it has more than {MAX_STEPS:,} steps, far more than weights need")
        step = _NAMES_OF_STEPS.get(code, "an unknown step")
        if step not in _STEPS:
            raise _RefusedError(f"it holds {step}, which a file of weights has no use for")
        self._check(step)
        return pickle._Unpickler.dispatch[code]

    def _check(self, step: str) -> None:
        # Of a text each letter would be an argument.
        if step == "REDUCE" and not isinstance(self.stack[-1], tuple):
            raise _RefusedError("it calls something in an unknown way")
        # Without __setstate__ any attribute of anything would be set, a function's too.
        if step == "BUILD" and not isinstance(self.stack[-2], (_Array, _DataType)):
            raise _RefusedError("it sets the inner state of something that is not an array")
        if step in ("SETITEM", "SETITEMS"):
            # The stack begins anew at each mark. To look a tuple of tuples of tuples up may take
            # for ever, or all of the process' stack.
            keys = self.stack[-2:-1] if step == "SETITEM" else self.stack[::2]
            if not all(isinstance(key, str) for key in keys):
                raise _RefusedError(f"it holds an entry whose name is not a text; {_HOW_TO_SAVE}")

    def find_class(self, module: str, name: str) -> Any:
        """Find what stands for a name."""
        if (module, name) not in _NAMES:
            raise _RefusedError(
                f"it names {_shown(f'{module}.{name}')}, which a file of weights has no use for "
                "and which may be an attempt to run code; take the file from a source that you "
                f"trust, and ask there to {_HOW_TO_SAVE}"
            )
        return _NAMES[module, name]

    def load_whole(self) -> Any:
        """Load the one value that the file is to hold."""
        value = self.load()
        if self.stack or self.metastack or self.read(1):
            raise _RefusedError("it is damaged: something is left over behind its end")
        return value


def _shown(value: Any) -> str:
    # A container may hold itself, and a text be as large as the file.
    if not isinstance(value, str):
        return type(value).__name__.lstrip("_").lower()
    return repr(value if len(value) <= 80 else f"{value[:79]}…")


def _array_of(name: str, value: Any) -> _Array:
    # Paddle 2.1 and later write a tensor that is not in a plain state_dict as (name, array).
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]
    if not isinstance(value, _Array):
        raise _RefusedError(
            f"its entry {_shown(name)} is {_shown(value)}, expected an array; {_HOW_TO_SAVE}"
        )
    return value


def _named_arrays(value: Any, most: int) -> dict[str, np.ndarray]:
    if not isinstance(value, dict):
        raise _RefusedError(f"it holds {_shown(value)}, expected named weights; {_HOW_TO_SAVE}")
    arrays = {name: _array_of(name, value[name]) for name in value if name != NAME_TABLE}
    if not arrays:
        raise _RefusedError(f"it holds no weights; {_HOW_TO_SAVE}")
    different = set(arrays.values())  # two names may share one array
    # Each byte of an array is in the file, but a file may use its bytes again and again.
    if sum(len(array.content) for array in different) > most:
        raise _RefusedError("it makes more numbers than it holds")
    built = {array: array.build() for array in different}
    return {name: built[array] for name, array in arrays.items()}


def read_pdparams(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read a file of weights; nothing that it names is imported or called.

    Files of Paddle 2 and 3, written with any NumPy in the protocols 2 to 4, are read.

    Returns:
        Name → array, in the order of the file; they may be read-only.

    Raises:
        RunError: there is no such file, it has more than `MAX_BYTES` or is damaged, or it holds
            anything but named arrays of numbers.
    """
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        limit = f"{MAX_BYTES // 10**6} MB"
        raise RunError(
            f"{path} cannot be read: {reason_of(error)}; name a .pdparams file of up to {limit}"
        ) from error
    try:
        if not content.startswith(pickle.PROTO):  # which is the first step since protocol 2
            raise pickle.UnpicklingError
        return _named_arrays(_Unpickler(content).load_whole(), len(content))
    except _RefusedError as error:
        raise RunError(
            f"{path} is refused, and nothing that it names was called: {error}"
        ) from error
    except Exception as error:  # of a damaged pickle Python's unpickler raises almost anything
        raise RunError(
            f"{path} is damaged or cut off, or is not a .pdparams file; {_HOW_TO_SAVE}"
        ) from error


def write_pdparams(path: str | os.PathLike[str], weights: Mapping[str, np.ndarray]) -> None:
    """Write weights for `network.set_state_dict(paddle.load(path))`, whole or not at all.

    Any Paddle since 2.0 reads the file, with any NumPy. The same weights make the same bytes.

    Raises:
        RunError: the file cannot be written.
    """
    import paddle

    tensors = {name: paddle.to_tensor(array) for name, array in weights.items()}
    for name, tensor in tensors.items():
        tensor.name = name  # or Paddle numbers it through the whole process
    file = io.BytesIO()
    paddle.save(tensors, file, protocol=3)
    # The old name of this module is known to every NumPy, the new one only since 1.26. Protocol 3
    # gives it as a line of text, so that no length has to be changed with it.
    content = file.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)
    write_file(path, content, RunError)
