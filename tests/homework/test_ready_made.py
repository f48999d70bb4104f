"""Calls of ready-made functions are seen, under whatever name they are called."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn
from paddle.nn.functional import softmax as renamed

from paddle_mnist.homework.ready_made import Watch, find

NAMES = (
    "paddle.nn.functional.softmax",
    "paddle.Tensor.softmax",
    "paddle.nn.Softmax.forward",
    "numpy.convolve",
    "math.exp",
)
SCORES = paddle.ones([2, 3])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: F.softmax(SCORES), NAMES[0]),
        (lambda: paddle.nn.functional.softmax(SCORES), NAMES[0]),
        (lambda: renamed(SCORES), NAMES[0]),
        (lambda: getattr(F, "soft" + "max")(SCORES), NAMES[0]),
        (lambda: SCORES.softmax(), NAMES[1]),
        (lambda: nn.Softmax()(SCORES), NAMES[2]),
        (lambda: nn.Sequential(nn.Softmax())(SCORES), NAMES[2]),
        (lambda: np.convolve([1, 2], [1, 2]), NAMES[3]),
        (lambda: __import__("math").exp(1), NAMES[4]),
    ],
)
def test_a_ready_made_function_is_noticed(call, name):
    watch = Watch(NAMES)
    with watch:
        call()
    assert name in watch.take()
    assert watch.take() == []


def test_own_work_is_not_accused():
    watch = Watch(NAMES)
    with watch:
        powers = (SCORES - SCORES.max(axis=1, keepdim=True)).exp()
        powers / powers.sum(axis=1, keepdim=True)
    F.softmax(SCORES)
    assert watch.take() == []


def test_a_name_that_does_not_exist():
    with pytest.raises((AttributeError, ImportError)):
        find("paddle.nn.functional.no_such_function")
