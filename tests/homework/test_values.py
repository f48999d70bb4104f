"""What passes between the checker and an answer."""

from __future__ import annotations

import json
import math
import random
import string

import numpy as np
import paddle
import pytest

from paddle_mnist.homework.values import (
    MessageError,
    Other,
    TensorArray,
    as_paddle_tensor,
    as_tensor_array,
    decode,
    encode,
    tensor,
)


def passed(value, make_tensor=as_tensor_array):
    return decode(json.loads(json.dumps(encode(value))), make_tensor)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -3,
        2**70,
        1.5,
        -0.0,
        math.inf,
        -math.inf,
        "",
        "数字",
        [],
        (),
        {},
        [1, (2, "a")],
    ],
)
def test_plain_values_stay_what_they_are(value):
    assert passed(value) == value
    assert type(passed(value)) is type(value)


def test_nan_stays_nan():
    assert math.isnan(passed(math.nan))


def test_a_dict_keeps_its_keys():
    value = {"a": [1.0], 3: None, None: (True,)}
    assert passed(value) == value


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_arrays_keep_dtype_shape_and_values(dtype, shape):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    found = passed(array)
    assert type(found) is np.ndarray
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert np.array_equal(found, array)


def test_arrays_of_other_byte_order_and_layout():
    array = np.arange(6, dtype=">f8").reshape(2, 3).T
    assert np.array_equal(passed(array), array)


def test_a_tensor_goes_over_and_comes_back():
    there = decode(encode(tensor([[1, 2]], "int64")), as_paddle_tensor)
    assert isinstance(there, paddle.Tensor)
    assert there.dtype == paddle.int64
    back = passed(there * 2)
    assert isinstance(back, TensorArray)
    assert back.tolist() == [[2, 4]]


def test_what_arrives_is_a_copy():
    array = np.zeros(3)
    decode(encode(array), as_tensor_array)[0] = 1
    assert array[0] == 0


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, {1, 2}, np.array([None]), 1j, b"bytes", np.array(["text"])]
)
def test_of_anything_else_only_the_name_passes(value):
    assert isinstance(passed(value), Other)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"array": []},
        {"array": ["object", [1], "AAAA"]},
        {"array": ["float32", [10**12], ""]},
        {"array": ["float32", [-1], "AAAAAA=="]},
        {"array": ["float32", [1.0], "AAAAAA=="]},
        {"array": ["float32", [1], "AAA"]},
        {"array": ["float32", [1], None]},
        {"array": ["float32", None, ""]},
        {"float": "1"},
        {"other": 3},
        {"list": 3},
        {"dict": [[1]]},
        {"dict": [[{"list": []}, 1]]},
        {"dict": 3},
        {"pickle": "gASVBA=="},
        {"array": 1, "tensor": 2},
    ],
)
def test_what_was_not_encoded_is_refused(data):
    with pytest.raises(MessageError):
        decode(data, as_tensor_array)


def test_damaged_values_raise_our_error_only():
    chance = random.Random(0)
    whole = json.dumps(encode({"a": [np.ones((2, 3)), 1.5, "x"], "b": (tensor([1]), None)}))
    refused = 0
    for _ in range(5_000):
        damaged = list(whole)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.choice(string.printable)
        try:
            data = json.loads("".join(damaged))
        except ValueError:
            continue
        try:
            decode(data, as_tensor_array)
        except MessageError:
            refused += 1
    assert refused > 100
