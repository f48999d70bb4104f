"""What passes between the checks and an answer."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_mnist.homework.conversion import (
    Other,
    TensorArray,
    copy_for_answer,
    copy_for_checks,
    fingerprint,
    tensor,
)


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
        {"a": [1.0], 3: None, None: (True,), (1, 2): 0},
    ],
)
def test_plain_values_stay_what_they_are(value):
    for copy in (copy_for_answer, copy_for_checks):
        assert copy(value) == value
        assert type(copy(value)) is type(value)


def test_nan_stays_nan():
    assert math.isnan(copy_for_checks(math.nan))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_arrays_keep_dtype_shape_and_values(dtype, shape):
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    for copy in (copy_for_answer, copy_for_checks):
        found = copy(array)
        assert type(found) is np.ndarray
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert np.array_equal(found, array)


def test_arrays_of_other_byte_order_and_layout():
    array = np.arange(6, dtype=">f8").reshape(2, 3).T
    found = copy_for_checks(array)
    assert np.array_equal(found, array)
    assert found.dtype == np.float64
    assert found.flags.c_contiguous


def test_a_tensor_goes_over_and_comes_back():
    there = copy_for_answer(tensor([[1, 2]], "int64"))
    assert isinstance(there, paddle.Tensor)
    assert there.dtype == paddle.int64
    back = copy_for_checks(there * 2)
    assert isinstance(back, TensorArray)
    assert back.tolist() == [[2, 4]]


@pytest.mark.parametrize("copy", [copy_for_answer, copy_for_checks])
def test_what_arrives_is_a_copy(copy):
    given = {"a": [np.zeros(3)]}
    copy(given)["a"][0][0] = 1
    copy(given)["a"].append(1)
    assert given["a"][0][0] == 0
    assert len(given["a"]) == 1


def test_a_tensor_that_arrives_is_a_copy():
    given, returned = tensor([0.0]), paddle.zeros([1])
    copy_for_answer(given)[0] = 1.0
    copy_for_checks(returned)[0] = 1.0
    assert (given.tolist(), returned.tolist()) == ([0.0], [0.0])


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, {1, 2}, np.array([None]), 1j, b"bytes", np.array(["text"])]
)
def test_of_anything_else_only_the_name_passes(value):
    assert copy_for_checks(value) == Other(type(value).__name__)
    assert isinstance(copy_for_checks([value])[0], Other)


def test_a_key_that_is_no_plain_value_passes_as_its_name():
    assert copy_for_checks({paddle.zeros([1]): 1}) == {"Tensor": 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ([1], (1,)),
        (np.zeros(1), np.zeros(1, "float32")),
        (np.zeros(2), np.zeros((1, 2))),
        (np.zeros(1), -np.zeros(1)),
        (np.zeros(1), tensor([0.0], "float64")),
        ({"a": 1}, {"a": 2}),
        ([np.zeros(1)], [np.ones(1)]),
    ],
)
def test_what_differs_has_other_fingerprints(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("value", [math.nan, np.array([math.nan]), [1, {"a": (np.ones(2),)}]])
def test_what_is_the_same_has_one_fingerprint(value):
    assert fingerprint(value) == fingerprint(copy_for_checks(value))
