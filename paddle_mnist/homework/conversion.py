"""What passes between the checks and an answer: copies of plain data.

The checks compute with NumPy alone, while the answer gets and returns Paddle's tensors where the
exercise says so. Whatever one side does to its copies, the other does not notice.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import paddle

LARGEST_RESULT = 1_000_000  # bytes of arrays and texts, and parts of anything else
_DTYPES = {
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
}


class TooLargeError(ValueError):
    """What the answer returned is larger than `LARGEST_RESULT`."""


class TensorArray(np.ndarray):
    """The values of a Paddle tensor on the checks' side, where a tensor is only compared."""


class Other(str):
    """The name of a value's type, in place of a value that does not pass as data."""


def tensor(values: Any, dtype: str = "float32") -> TensorArray:
    """Return values that the answer is to receive, or has to return, as a Paddle tensor."""
    return np.asarray(values, dtype=dtype).view(TensorArray)


def copy_for_answer(value: Any) -> Any:
    """Copy an argument: a number, text, array or `tensor`, or a list, tuple or dict of these."""

    def copy_part(part: Any) -> Any:
        if isinstance(part, TensorArray):
            return paddle.to_tensor(np.array(part))
        return np.array(part) if isinstance(part, (np.ndarray, np.generic)) else part

    return _copy(value, copy_part)


def copy_for_checks(value: Any) -> Any:
    """Copy what an answer returned; of anything but plain data only the type's name passes.

    Args:
        value: None, a bool, number or text, a NumPy array, a Paddle tensor, or a list, tuple or
            dict of these.

    Raises:
        TooLargeError: it is too large.
    """
    size = 0

    def copy_part(part: Any) -> Any:
        nonlocal size
        copied = _copy_part_for_checks(part)
        size += copied.nbytes if isinstance(copied, np.ndarray) else 1
        size += len(copied) if isinstance(copied, str) else 0
        if size >= LARGEST_RESULT:
            raise TooLargeError
        return copied

    return _copy(value, copy_part)


def _copy_part_for_checks(part: Any) -> Any:
    if part is None or type(part) in (bool, int, float, str):
        return part
    if isinstance(part, paddle.Tensor):
        values = np.array(part.numpy())
        name = values.dtype.name
        return values.view(TensorArray) if name in _DTYPES else Other(f"tensor of {name}")
    if isinstance(part, (np.ndarray, np.generic)) and part.dtype.name in _DTYPES:
        return np.array(part, dtype=part.dtype.newbyteorder("="), order="C")
    return Other(type(part).__name__)


def _copy(value: Any, copy_part: Callable[[Any], Any]) -> Any:
    if type(value) in (list, tuple):
        return type(value)([_copy(part, copy_part) for part in value])
    if type(value) is dict:
        return {_plain_key(key): _copy(part, copy_part) for key, part in value.items()}
    return copy_part(value)


def _plain_key(key: Any) -> Any:
    is_plain = key is None or isinstance(key, (str, int, float, tuple))
    return key if is_plain else Other(type(key).__name__)


def fingerprint(value: Any) -> Any:
    """Return what is equal for two values only if they are the same to the last bit."""

    def of_part(part: Any) -> Any:
        if isinstance(part, paddle.Tensor):
            part = part.numpy().view(TensorArray)
        if isinstance(part, np.ndarray):
            return type(part).__name__, part.dtype.name, part.shape, part.tobytes()
        return type(part).__name__, repr(part)

    return _copy(value, of_part)
