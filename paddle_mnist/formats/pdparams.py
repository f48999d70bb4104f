"""`.pdparams`, Paddle's own file of weights, read without running any of it.

Such a file is a pickle, and a pickle is a small program: it names functions, and unpickling calls
them. So this file does not unpickle. It follows the program with a few steps of its own: numbers,
texts, bytes and containers are built; of names only those that a file of weights needs are known,
each as a function here. Nothing that a file names is ever imported or called. `pickletools`, from
Python's library, only tells which step comes next; its source documents the format.

Knows nothing of networks and runs.
"""

from __future__ import annotations

import io
import math
import os
import pickletools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mnist.system.errors import RunError
from paddle_mnist.system.files import replace_file

MAX_BYTES = 500_000_000  # the weights of this course's largest network take 5 MB
MAX_STEPS = 200_000  # a tensor takes some 45, so this is a network of 4,000 tensors
MAX_DIMENSIONS = 9  # Paddle's own limit

# Beside the weights Paddle keeps a table of the names that they have inside Paddle.
NAME_TABLE = "StructuredToParameterName@@"
_HOW_TO_SAVE = "write the file with paddle.save(network.state_dict(), FILE)"


class _RefusedError(Exception):
    """Why a file is not read; `read_pdparams` adds which file."""


class _Mark:
    """Where, on the stack, the members of a container begin."""


class _Name:
    """A name that the file gives, and that is in the list."""

    def __init__(self, text: str) -> None:
        self.text = text


class _DataType:
    """A kind of numbers; the order of their bytes comes in a second step."""

    def __init__(self, kind: str) -> None:
        self.dtype = np.dtype(kind)

    def build(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise _RefusedError("it describes a kind of numbers in an unknown way")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """An array; its content comes in a second step."""

    def __init__(self) -> None:
        self.value: np.ndarray | None = None

    def build(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise _RefusedError("it describes an array in an unknown way")
        _version, shape, kind, is_fortran, content = state
        if not isinstance(kind, _DataType) or not isinstance(content, bytes):
            raise _RefusedError("it holds an array of something other than plain numbers")
        if not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS:
            raise _RefusedError(f"it holds an array with more than {MAX_DIMENSIONS} dimensions")
        if not all(type(length) is int and 0 <= length <= MAX_BYTES for length in shape):
            raise _RefusedError("it holds an array with an impossible shape")
        # Before anything of that size is made: the shape is only what the file claims.
        if math.prod(shape) * kind.dtype.itemsize != len(content):
            raise _RefusedError(f"it has {len(content)} bytes for an array of shape {list(shape)}")
        numbers = np.frombuffer(content, kind.dtype)
        array = numbers.reshape(shape, order="F" if is_fortran is True else "C")
        self.value = array.astype(kind.dtype.newbyteorder("="), order="C", copy=False)


def _new_array(arguments: tuple[Any, ...]) -> _Array:
    kind = arguments[0] if len(arguments) == 3 else None
    if not isinstance(kind, _Name) or kind.text != "numpy ndarray":
        raise _RefusedError("it makes an array that is no numpy.ndarray")
    return _Array()


def _new_data_type(arguments: tuple[Any, ...]) -> _DataType:
    kind = arguments[0] if arguments else None
    if not isinstance(kind, str) or not re.fullmatch("b1|[iu][1248]|f[248]", kind):
        raise _RefusedError(
            f"it holds numbers of the kind {_shown(kind)}; only plain numbers are read"
        )
    return _DataType(kind)


def _not_called(_arguments: tuple[Any, ...]) -> None:
    raise _RefusedError("it calls numpy.ndarray itself")


def _new_tuple(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(arguments) != 1 or not isinstance(arguments[0], tuple):
        raise _RefusedError("it makes a tuple in an unknown way")
    return arguments[0]


def _new_dict(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if arguments:
        raise _RefusedError("it makes an OrderedDict in an unknown way")
    return {}


def _bytes_of_text(arguments: tuple[Any, ...]) -> bytes:
    # Protocol 2 has no bytes: it keeps them as text, and names the function that turns it back.
    text, encoding = arguments if len(arguments) == 2 else (None, None)
    if not isinstance(text, str) or not isinstance(encoding, str):
        raise _RefusedError("it makes bytes in an unknown way")
    if encoding != "latin1":
        raise _RefusedError(
            f"it makes bytes by the encoding {_shown(encoding)}; only latin1 is known"
        )
    return text.encode("latin1")


# NumPy's three (the first has two spellings: before NumPy 2, and since), then what plain Python
# brings: a tensor with its name, a state_dict in something else, bytes in protocol 2.
_NAMES: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "numpy.core.multiarray _reconstruct": _new_array,
    "numpy._core.multiarray _reconstruct": _new_array,
    "numpy ndarray": _not_called,
    "numpy dtype": _new_data_type,
    "builtins tuple": _new_tuple,
    "__builtin__ tuple": _new_tuple,
    "collections OrderedDict": _new_dict,
    "_codecs encode": _bytes_of_text,
}


class _Machine:
    """What a pickle works on: a stack of values, and a memory of values to use again.

    Args:
        budget: how many bytes may be made in all. Each byte of an array is in the file, so the
            file's size is enough, and a text that is used again and again does not fill the memory.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def spend(self, size: int) -> None:
        self.budget -= size
        if self.budget < 0:
            raise _RefusedError("it makes more numbers than it holds")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def top(self) -> Any:
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise _RefusedError("it is damaged: a value is missing")
        return self.stack[-1]

    def pop(self) -> Any:
        self.top()
        return self.stack.pop()

    def members(self) -> list[Any]:
        """Take what lies above the last mark."""
        for start in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[start], _Mark):
                found = self.stack[start + 1 :]
                del self.stack[start:]
                return found
        raise _RefusedError("it is damaged: a container has no beginning")

    def last(self, count: int) -> list[Any]:
        """Take the last values, in their order."""
        return [self.pop() for _ in range(count)][::-1]

    def remember(self, place: int) -> None:
        self.memory[place] = self.top()

    def recall(self, place: int) -> None:
        if place not in self.memory:
            raise _RefusedError("it is damaged: it uses a value again that it never had")
        self.push(self.memory[place])

    def append(self, values: list[Any]) -> None:
        container = self.top()
        if not isinstance(container, list):
            raise _RefusedError("it is damaged: it appends to something that is no list")
        container.extend(values)

    def set_items(self, values: list[Any]) -> None:
        container, names = self.top(), values[::2]
        if not isinstance(container, dict) or len(values) % 2:
            raise _RefusedError("it is damaged: it puts entries into something that is no dict")
        if not all(isinstance(name, str) for name in names):
            raise _RefusedError(f"it holds an entry whose name is no text; {_HOW_TO_SAVE}")
        container.update(zip(names, values[1::2]))

    def find_name(self, text: str) -> None:
        if text not in _NAMES:
            raise _RefusedError(
                f"it names {_shown('.'.join(text.split(' ')))}, which a file of weights has no use "
                "for and which may be an attempt to run code; take the file from a source that "
                f"you trust, and ask there to {_HOW_TO_SAVE}"
            )
        self.push(_Name(text))

    def find_name_of_two(self, parts: list[Any]) -> None:
        if not all(isinstance(part, str) for part in parts):
            raise _RefusedError("it is damaged: it gives a name that is no text")
        self.find_name(" ".join(parts))

    def call(self, name: Any, arguments: Any) -> None:
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise _RefusedError("it is damaged: it calls something that is no name")
        value = _NAMES[name.text](arguments)
        if isinstance(value, bytes):
            self.spend(len(value))
        self.push(value)

    def build(self, state: Any) -> None:
        target = self.top()
        if not isinstance(target, (_Array, _DataType)):
            raise _RefusedError("it sets the inner state of something that is no array")
        target.build(state)
        if isinstance(target, _Array) and target.value is not None:
            self.spend(target.value.nbytes)


_Step = Callable[[_Machine, Any], None]


def _push_new(make: Callable[[], Any]) -> _Step:
    return lambda machine, _argument: machine.push(make())


def _push_tuple(count: int) -> _Step:
    return lambda machine, _argument: machine.push(tuple(machine.last(count)))


# By the names of pickletools. All others (classes, extensions, references to outside, …) are no
# part of a file of weights, and are refused.
_STEPS: dict[str, _Step] = {
    "PROTO": lambda machine, protocol: None,
    "FRAME": lambda machine, size: None,
    "MARK": _push_new(_Mark),
    "NONE": _push_new(lambda: None),
    "NEWTRUE": _push_new(lambda: True),
    "NEWFALSE": _push_new(lambda: False),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), _Machine.push),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _Machine.push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), _Machine.push),
    "EMPTY_LIST": _push_new(list),
    "EMPTY_DICT": _push_new(dict),
    "EMPTY_TUPLE": _push_tuple(0),
    "TUPLE1": _push_tuple(1),
    "TUPLE2": _push_tuple(2),
    "TUPLE3": _push_tuple(3),
    "TUPLE": lambda machine, _argument: machine.push(tuple(machine.members())),
    "APPEND": lambda machine, _argument: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _argument: machine.append(machine.members()),
    "SETITEM": lambda machine, _argument: machine.set_items(machine.last(2)),
    "SETITEMS": lambda machine, _argument: machine.set_items(machine.members()),
    "MEMOIZE": lambda machine, _argument: machine.remember(len(machine.memory)),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Machine.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.recall),
    "GLOBAL": _Machine.find_name,
    "STACK_GLOBAL": lambda machine, _argument: machine.find_name_of_two(machine.last(2)),
    "REDUCE": lambda machine, _argument: machine.call(*machine.last(2)),
    "BUILD": lambda machine, _argument: machine.build(machine.pop()),
}


def _shown(value: Any) -> str:
    # A container may hold itself, and a text be as large as the file.
    if not isinstance(value, str):
        return type(value).__name__.lstrip("_").lower()
    return repr(value if len(value) <= 80 else f"{value[:79]}…")


_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}


def _next_step(file: io.BytesIO) -> tuple[str, Any]:
    code = file.read(1).decode("latin1")
    step = _OPCODES.get(code)
    if step is None:
        raise _RefusedError("it is damaged: cut off, or no pickle")
    if step.name != "STOP" and step.name not in _STEPS:
        raise _RefusedError(f"it holds {step.name}, which a file of weights has no use for")
    if step.name == "GLOBAL":  # pickletools would undo escapes in it, which no pickle has
        return step.name, " ".join(_line(file) for _ in range(2))
    # Only after the check above: some of the other steps are slow to read.
    return step.name, None if step.arg is None else step.arg.reader(file)


def _line(file: io.BytesIO) -> str:
    return file.readline().rstrip(b"\n").decode("utf-8")


def _follow(content: bytes) -> Any:
    """Follow a pickle's steps; returns the value that it describes."""
    file, machine = io.BytesIO(content), _Machine(len(content))
    for _ in range(MAX_STEPS):
        name, argument = _next_step(file)
        if name == "STOP":
            if file.tell() != len(content) or len(machine.stack) != 1:
                raise _RefusedError("it is damaged: something is left over behind its end")
            return machine.pop()
        _STEPS[name](machine, argument)
    raise _RefusedError(f"it has more than {MAX_STEPS:,} steps, which no file of weights needs")


def _array_of(name: str, value: Any) -> np.ndarray:
    # Paddle 2.1 and later write a tensor that is not in a plain state_dict as (name, array).
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]
    if not isinstance(value, _Array):
        raise _RefusedError(
            f"its entry {_shown(name)} is {_shown(value)}, expected an array; {_HOW_TO_SAVE}"
        )
    if value.value is None:
        raise _RefusedError(f"it is damaged: its entry {_shown(name)} has no content")
    return value.value


def _named_arrays(value: Any) -> dict[str, np.ndarray]:
    if not isinstance(value, dict):
        raise _RefusedError(f"it holds {_shown(value)}, expected named weights; {_HOW_TO_SAVE}")
    names = [name for name in value if name != NAME_TABLE]
    if not names:
        raise _RefusedError(f"it holds no weights; {_HOW_TO_SAVE}")
    return {name: _array_of(name, value[name]) for name in names}


def _content(path: Path) -> bytes:
    try:
        if not os.path.isfile(path):  # a pipe could block for ever
            found = "it is no ordinary file" if os.path.exists(path) else "there is no such file"
            raise RunError(f"{path} cannot be read: {found}; name a .pdparams file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                limit = f"{MAX_BYTES // 10**6} MB"
                raise RunError(f"{path} has more than {limit}, which is the limit; {_HOW_TO_SAVE}")
            return file.read(size)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error


def read_pdparams(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read a file of weights; whatever it holds, nothing of it is executed.

    Files of Paddle 2 and 3, written with any NumPy in the protocols 2 to 4, are read.

    Args:
        path: what `paddle.save(network.state_dict(), path)` wrote, of up to `MAX_BYTES`.

    Returns:
        Name → array, in the order of the file; they may be read-only.

    Raises:
        RunError: there is no such file, it is too large or damaged, or it holds anything but
            named arrays of numbers.
    """
    content = _content(Path(path))
    if content[:1] != b"\x80":  # the step PROTO, which is the first since protocol 2
        raise RunError(f"{path} is no .pdparams file, or a damaged one; {_HOW_TO_SAVE}")
    try:
        return _named_arrays(_follow(content))
    except _RefusedError as error:
        raise RunError(f"{path} is refused, and nothing of it was executed: {error}") from error
    except (ValueError, OverflowError) as error:  # pickletools and NumPy say so of damaged values
        raise RunError(f"{path} is damaged: {error}; {_HOW_TO_SAVE}") from error


def write_pdparams(path: str | os.PathLike[str], weights: Mapping[str, np.ndarray]) -> None:
    """Write weights for `network.set_state_dict(paddle.load(path))`, whole or not at all.

    Any Paddle since 2.0 reads the file, with any NumPy. The same weights make the same bytes.

    Args:
        path: the file; replaced where it exists.
        weights: name → array.

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
    try:
        replace_file(Path(path), content)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error}") from error
