"""What passes between the checker and an answer: plain data as JSON, never pickle.

An answer may run in another process, so what goes in and what comes out is encoded. In a notebook,
where the answer runs beside the checker, the same encoding makes sure that it works on copies.
"""

from __future__ import annotations

import base64
import binascii
import math
import sys
from typing import Any, Callable

import numpy as np

_DTYPES = {
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
}


class MessageError(ValueError):
    """What was received is not what `encode` makes."""


class TensorArray(np.ndarray):
    """The values of a Paddle tensor on the checker's side, where a tensor is only compared."""


class Other(str):
    """The name of a value's type, in place of a value that does not pass as data."""


def tensor(values: Any, dtype: str = "float32") -> TensorArray:
    """Values that the answer is to receive as, or has to return as, a Paddle tensor."""
    return np.asarray(values, dtype=dtype).view(TensorArray)


def encode(value: Any) -> Any:
    """Turn a value into what JSON can hold.

    Args:
        value: None, a bool, number or text, a NumPy array, a Paddle tensor, or a list, tuple or
            dict of these. Of anything else only the type's name passes.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    paddle = sys.modules.get("paddle")
    if paddle is not None and isinstance(value, paddle.Tensor):
        return _encode_array(value.numpy(), "tensor")
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in _DTYPES:
        return _encode_array(value, "tensor" if isinstance(value, TensorArray) else "array")
    if type(value) in (list, tuple):
        return {type(value).__name__: [encode(part) for part in value]}
    if type(value) is dict:
        return {"dict": [[encode(key), encode(part)] for key, part in value.items()]}
    return {"other": type(value).__name__}


def _encode_array(array: np.ndarray | np.generic, kind: str) -> dict[str, Any]:
    if array.dtype.name not in _DTYPES:
        return {"other": f"{kind} of {array.dtype.name}"}
    content = np.asarray(array)
    packed = base64.b64encode(content.astype(content.dtype.newbyteorder("<")).tobytes())
    return {kind: [content.dtype.name, list(content.shape), packed.decode("ascii")]}


def decode(data: Any, make_tensor: Callable[[np.ndarray], Any]) -> Any:
    """The value that `encode` was given, as a new one.

    Args:
        data: what `encode` returned, after JSON.
        make_tensor: from an array to what stands for a Paddle tensor on this side.

    Raises:
        MessageError: the data is something else.
    """
    if data is None or type(data) in (bool, int, float, str):
        return data
    if not isinstance(data, dict) or len(data) != 1:
        raise MessageError(f"a value is {type(data).__name__} and not one of ours")
    (kind, content), *_ = data.items()
    if kind in ("array", "tensor"):
        array = _decode_array(content)
        return make_tensor(array) if kind == "tensor" else array
    if kind == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if kind == "other" and isinstance(content, str):
        return Other(content)
    if kind in ("list", "tuple") and isinstance(content, list):
        parts = [decode(part, make_tensor) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    if kind == "dict" and isinstance(content, list):
        return _decode_dict(content, make_tensor)
    raise MessageError(f"a value of the unknown kind {kind!r}")


def _decode_array(content: Any) -> np.ndarray:
    try:
        dtype, shape, packed = content
        if dtype not in _DTYPES or not all(type(side) is int and side >= 0 for side in shape):
            raise MessageError("an array has an unknown dtype or shape")
        packed_values = base64.b64decode(packed, validate=True)
        values: np.ndarray = np.frombuffer(packed_values, np.dtype(dtype)).reshape(shape)
        return values.copy()
    except (TypeError, ValueError, binascii.Error) as error:
        raise MessageError(f"an array is damaged: {error}") from error


def _decode_dict(content: list[Any], make_tensor: Callable[[np.ndarray], Any]) -> dict[Any, Any]:
    pairs = {}
    for pair in content:
        if not isinstance(pair, list) or len(pair) != 2:
            raise MessageError("a dict is damaged")
        key = decode(pair[0], make_tensor)
        if not isinstance(key, (str, int, float, type(None))):
            raise MessageError("a dict has a key that is no plain value")
        pairs[key] = decode(pair[1], make_tensor)
    return pairs


def as_tensor_array(array: np.ndarray) -> TensorArray:
    """What stands for a tensor on the checker's side."""
    return array.view(TensorArray)


def as_paddle_tensor(array: np.ndarray) -> Any:
    """A tensor, on the answer's side."""
    import paddle

    return paddle.to_tensor(array)
