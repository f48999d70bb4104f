"""Comparing what an answer returned with what it should have returned, and showing both briefly."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddle_mnist.homework.conversion import Other, TensorArray
from paddle_mnist.homework.outcome import cut

# A key of `texts.PROBLEMS`, and what stands in that text's braces.
Problem = tuple[str, dict[str, Any]]

LONGEST_LINE = 400  # characters
MOST_LINES = 16
# An array of up to so many numbers is shown with numbers below TINY as they are.
WHOLE, TINY = 20, 5e-5


def is_close(got: Any, expected: Any, tolerance: float = 1e-5) -> bool:
    """Tell whether two values are nearly the same, whatever their kinds and dtypes."""
    if isinstance(expected, (list, tuple)):
        same_length = isinstance(got, (list, tuple)) and len(got) == len(expected)
        return same_length and all(is_close(*pair, tolerance) for pair in zip(got, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(got, dict) and got.keys() == expected.keys()
        return same_keys and all(is_close(got[key], expected[key], tolerance) for key in expected)
    if not _is_numeric(got) or not _is_numeric(expected):
        return type(got) is type(expected) and got == expected
    one, other = np.asarray(got), np.asarray(expected)
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def _is_numeric(value: Any) -> bool:
    # NumPy holds no larger whole numbers.
    fits = not isinstance(value, int) or value.bit_length() < 64
    return fits and isinstance(value, (int, float, np.ndarray))


def difference(got: Any, expected: Any, tolerance: float) -> Problem | None:
    """Find the first thing in which two values differ: a key of `texts.py`, and what it needs.

    Args:
        got: any value.
        expected: see `checking.Answer.expect`.
        tolerance: how far a number may be off, absolutely and as a part of it.
    """
    if got is None and expected is not None:
        return "nothing", {}
    if isinstance(expected, (list, tuple)):
        return _difference_of_parts(got, expected, tolerance)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return _wrong_entries(got, expected)
        return next(
            (
                found
                for key in expected
                if (found := difference(got[key], expected[key], tolerance))
            ),
            None,
        )
    if _family(got) != _family(expected):
        return "kind", {"expected_kind": kind_of(expected), "got_kind": _family_name(got)}
    if not isinstance(expected, np.ndarray):
        return None if is_close(_plain(got), expected, tolerance) else ("value", {})
    return _difference_of_arrays(got, expected, tolerance)


def _wrong_entries(got: Any, expected: dict[Any, Any]) -> Problem:
    if not isinstance(got, dict):
        return "kind", {"expected_kind": "dict", "got_kind": kind_of(got)}
    lists = {"expected_entries": expected, "got_entries": got}
    return "entries", {name: ", ".join(map(repr, entries)) for name, entries in lists.items()}


def _difference_of_parts(
    got: Any, expected: list[Any] | tuple[Any, ...], tolerance: float
) -> Problem | None:
    if not isinstance(got, (list, tuple)):
        return "kind", {"expected_kind": kind_of(expected), "got_kind": kind_of(got)}
    if len(got) != len(expected):
        return "length", {"expected_length": len(expected), "got_length": len(got)}
    for number, pair in enumerate(zip(got, expected), start=1):
        if problem := difference(*pair, tolerance):
            return problem[0], {**problem[1], "part": number}
    return None


def _difference_of_arrays(
    got: np.ndarray, expected: np.ndarray, tolerance: float
) -> Problem | None:
    if got.shape != expected.shape:
        return "shape", {"expected_shape": list(expected.shape), "got_shape": list(got.shape)}
    if got.dtype != expected.dtype and is_close(got, expected, tolerance):
        return "dtype", {"expected_dtype": expected.dtype.name, "got_dtype": got.dtype.name}
    if np.isfinite(expected).all() and not np.isfinite(got).all():
        return "not_finite", {}
    if not is_close(got, expected, tolerance):
        return "value", _first_difference(got, expected, tolerance)
    return None


def _first_difference(got: np.ndarray, expected: np.ndarray, tolerance: float) -> dict[str, Any]:
    one, other = np.asarray(got), np.asarray(expected)
    same = np.isclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    place = tuple(int(index) for index in np.argwhere(~same)[0])
    values = {"expected_value": shorten(other[place].item())}
    values["got_value"] = shorten(one[place].item())
    return {"place": list(place), **values} if place else {}


def _family(value: Any) -> str:
    if isinstance(value, np.ndarray) and not isinstance(value, TensorArray) and value.ndim == 0:
        # A NumPy number is as good as Python's.
        value = value.item()
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else kind_of(value)


def _family_name(value: Any) -> str:
    # A NumPy number is called by what it holds: as an array it would be right.
    is_number = _family(value) in ("number", "bool") and isinstance(value, np.ndarray)
    return kind_of(value.item()) if is_number else kind_of(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def kind_of(value: Any) -> str:
    """Name the kind of a value, in a word or two."""
    if isinstance(value, Other):
        return str(value)
    if isinstance(value, TensorArray):
        return "paddle.Tensor"
    if isinstance(value, np.ndarray):
        return "numpy.ndarray"
    return "None" if value is None else type(value).__name__


def shorten(value: Any) -> str:
    """Show a value on few lines: an array with shape and dtype, a large one with its edges only."""
    if isinstance(value, np.ndarray) and value.ndim:
        array = np.asarray(value)
        # A tiny number in a small array may be the point; in a large one it is noise.
        has_tiny = ((np.abs(array) < TINY) & (array != 0)).any() and array.size <= WHOLE
        text = np.array2string(
            array, precision=4, suppress_small=not has_tiny, threshold=100, edgeitems=3
        )
        return f"{kind_of(value)} {value.dtype} {list(value.shape)}\n{_cut_lines(text)}"
    if isinstance(value, np.ndarray):
        return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
    if isinstance(value, (list, tuple)) and any(isinstance(part, np.ndarray) for part in value):
        return "\n".join(f"{number}: {shorten(part)}" for number, part in enumerate(value, 1))
    if isinstance(value, dict) and any(isinstance(part, np.ndarray) for part in value.values()):
        return "\n".join(f"{key!r}: {shorten(part)}" for key, part in value.items())
    return cut(f"{value:.6g}" if isinstance(value, float) else f"{value!r}", LONGEST_LINE)


def _cut_lines(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) <= MOST_LINES else "\n".join([*lines[:MOST_LINES], "…"])
