from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import CodeType
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer


def feature_maps(pictures: np.ndarray, kernels: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """For each number in the window: all pictures, shifted, times the weights of all channels."""
    rows, columns = np.array(pictures.shape[2:]) - kernels.shape[2:] + 1
    total = np.zeros((len(pictures), len(kernels), rows, columns)) + bias.reshape(-1, 1, 1)
    for i, j in np.ndindex(kernels.shape[2:]):
        shifted = pictures[:, :, i : i + rows, j : j + columns].astype("float64")
        total += np.einsum("nchw,kc->nkhw", shifted, kernels[:, :, i, j])
    return total.astype("float32")


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype("float32")


PRODUCTS = {
    "matmul",
    "dot",
    "inner",
    "vdot",
    "multi_dot",
    "vecdot",
    "matvec",
    "vecmat",
    "mm",
    "bmm",
}


class Counted(np.ndarray):
    """An array that counts the matrix products with it; arrays made from it count too."""

    products = 0
    sizes: tuple[int, ...] = ()  # how many numbers each factor has

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if ufunc.__name__ in PRODUCTS:
            Counted.products += 1
            Counted.sizes += tuple(map(np.size, inputs))
        if "out" in settings:
            settings["out"] = tuple(plain(array) for array in settings["out"])
        result = getattr(ufunc, method)(*map(plain, inputs), **settings)
        return result.view(Counted) if isinstance(result, np.ndarray) else result

    def __array_function__(self, function: Any, types: Any, arguments: Any, settings: Any) -> Any:
        before = Counted.products
        result = super().__array_function__(function, types, arguments, settings)
        if function.__name__ in PRODUCTS:
            # It may be made of others, which are not to be counted again.
            Counted.products = before + 1
            factors = arguments[0] if isinstance(arguments[0], (list, tuple)) else arguments
            Counted.sizes += tuple(map(np.size, factors))
        return result.view(Counted) if isinstance(result, np.ndarray) else result

    def dot(self, other: Any, out: Any = None) -> Any:
        return np.dot(self, other, out)


def plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def stands_in(function: Callable[..., Any]) -> bool:
    """Whether a matrix product stands in a function's code, or in a helper's beside it."""
    if not hasattr(function, "__code__"):
        return True  # That cannot be seen.
    beside, codes = function.__globals__, [function.__code__]
    for code in codes:  # it grows meanwhile
        known = [beside[name] for name in code.co_names if name in beside]
        names = {*code.co_names, *(getattr(value, "__name__", "") for value in known)}
        signs = {step.argrepr for step in dis.get_instructions(code) if step.opname == "BINARY_OP"}
        steps = {step.opname for step in dis.get_instructions(code)}
        before_311 = {"BINARY_MATRIX_MULTIPLY", "INPLACE_MATRIX_MULTIPLY"}
        if PRODUCTS & names or {"@", "@="} & signs or before_311 & steps:
            return True
        helpers = [value for value in known if getattr(value, "__globals__", None) is beside]
        inner = [value for value in code.co_consts if isinstance(value, CodeType)]
        codes += [new for new in (*inner, *(one.__code__ for one in helpers)) if new not in codes]
    return False


def count_products(
    answer: Callable[..., Any], pictures: np.ndarray, kernels: np.ndarray, bias: np.ndarray
) -> tuple[int | None, list[int]]:
    """Runs where the answer is: how many matrix products it makes; None: that cannot be seen.

    Then the sizes of their factors.
    """
    Counted.products, Counted.sizes = 0, ()
    try:
        with count_new_arrays():
            answer(*(array.view(Counted) for array in (pictures, kernels, bias)))
    except Exception:
        return None, []  # It takes only the usual arrays, and is right with them.
    return Counted.products or (None if stands_in(answer) else 0), list(Counted.sizes)


@contextmanager
def count_new_arrays() -> Iterator[None]:
    """Arrays that are made by NumPy's usual functions count too."""
    names = ("array", "asarray", "ascontiguousarray", "zeros", "ones", "empty", "full", "eye")
    originals = {name: getattr(np, name) for name in names}

    def counting(original: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        @wraps(original)
        def make(*arguments: Any, **settings: Any) -> np.ndarray:
            return original(*arguments, **settings).view(Counted)

        return make

    for name, original in originals.items():
        setattr(np, name, counting(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(np, name, original)


def message_of(
    answer: Callable[..., Any], pictures: np.ndarray, kernels: np.ndarray, bias: np.ndarray
) -> str:
    """Runs where the answer is: the message of the error that it raises; "" if there is none."""
    try:
        answer(pictures, kernels, bias)
    except Exception as error:
        return str(error)
    return ""


def check_one(answer: Answer) -> None:
    picture = np.array([[[[1, 2, 0], [0, 1, 4]]]], dtype="float32")  # [1, 1, 2, 3]
    kernel = np.array([[[[1, 10], [100, 1000]]]], dtype="float32")  # [1, 1, 2, 2]
    bias = np.array([0.5], dtype="float32")
    expected = np.array([[[[1021.5, 4102.5]]]], dtype="float32")  # by hand
    mistakes = {"no_bias": expected - 0.5, "channels_last": expected.transpose([0, 2, 3, 1])}
    answer.expect(answer(picture, kernel, bias), expected, mistakes)


def check_batch(answer: Answer) -> None:
    # All sizes differ, so that no mistake is hidden: N 2, C 3, K 5, places 3 × 4, windows 2 × 3.
    pictures, kernels = numbers(2, 3, 4, 6), numbers(5, 3, 2, 3, seed=1)
    bias = np.array([100, 200, 300, 400, 500], dtype="float32")
    expected = feature_maps(pictures, kernels, bias)  # [2, 5, 3, 4]
    last = expected.transpose([0, 2, 3, 1])  # [2, 3, 4, 5]
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (2, 3), axis=(2, 3))
    places_first = windows.transpose([0, 2, 3, 1, 4, 5])  # [2, 3, 4, 3, 2, 3]
    channels_after = windows.transpose([0, 2, 3, 4, 5, 1])
    columns = kernels.reshape(5, 18).T  # [18, 5]

    def maps(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
        sums = matrix.reshape(24, 18) @ weights + bias  # [24, 5]
        return sums.reshape(2, 3, 4, 5).transpose([0, 3, 1, 2])

    mixed = {
        "windows_mixed": maps(windows, columns),
        "kernels_mixed": maps(places_first, kernels.reshape(18, 5)),
        "other_order": maps(channels_after, columns),
    }

    def recognise(rearranged: np.ndarray) -> Callable[[np.ndarray], bool]:
        # With the bias in its place, or without any.
        without = rearranged - bias.reshape(-1, 1, 1)
        return lambda got: np.allclose(got, rearranged) or np.allclose(got, without)

    mistakes = {
        "no_bias": expected - bias.reshape(-1, 1, 1),
        "channels_last": last,
        "maps_mixed": last.reshape(expected.shape),
        **{key: recognise(rearranged) for key, rearranged in mixed.items()},
    }
    answer.expect(answer(pictures, kernels, bias), expected, mistakes)


def check_edges(answer: Answer) -> None:
    bias = np.array([1, -1], dtype="float32")
    for pictures, kernels in (
        (numbers(2, 3, 4, 5), numbers(2, 3, 1, 1, seed=1)),
        (numbers(3, 4, 5, 2), numbers(2, 4, 5, 2, seed=1)),
    ):
        expected = feature_maps(pictures, kernels, bias)
        answer.expect(answer(pictures, kernels, bias), expected)
    none = numbers(0, 3, 4, 5), numbers(2, 3, 2, 2, seed=1), bias
    # NumPy's words for -1 in the shape of an array without numbers.
    if "cannot reshape array of size 0" in answer.run(message_of, *none):
        answer.error_of(*none)  # for the line to be shown
        answer.wrong("size_unknown")
    answer.expect(answer(*none), feature_maps(*none))


def check_decimals(answer: Answer) -> None:
    random = np.random.default_rng(3)
    pictures = random.random((3, 2, 9, 8), dtype="float32")
    kernels = random.random((4, 2, 3, 3), dtype="float32") - np.float32(0.5)
    bias = random.random(4, dtype="float32")
    answer.expect(answer(pictures, kernels, bias), feature_maps(pictures, kernels, bias))


def check_product(answer: Answer) -> None:
    pictures, kernels = numbers(4, 2, 5, 6), numbers(3, 2, 3, 2, seed=1)
    shapes = f"pictures {list(pictures.shape)}, kernels {list(kernels.shape)}, bias [3]"
    bias = np.array([1, -1, 2], dtype="float32")
    count, sizes = answer.run(count_products, pictures, kernels, bias, given=shapes)
    # 3 × 5 places in each of four pictures, and windows of 2 · 3 · 2 numbers; or one more number,
    # always 1, for the bias.
    is_of_windows = {60 * 12, 60 * 13} & set(sizes)
    if count == 0 or (count == 1 and not is_of_windows):
        answer.wrong("no_product")
    if isinstance(count, int) and count > 1:
        answer.wrong("many_products", count=count, size=len(pictures))
