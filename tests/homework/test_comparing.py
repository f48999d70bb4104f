"""Values are compared with a tolerance, and shown on few lines."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.homework.comparing import is_close, shorten
from paddle_mnist.homework.conversion import tensor


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456789, "0.123457"),
        (np.array(0.5), "0.5"),
        ([], "[]"),
        ("a", "'a'"),
        ([("conv", 3, True)], "[('conv', 3, True)]"),
        ([np.zeros(1), 2], "1: numpy.ndarray float64 [1]\n[0.]\n2: 2"),
        ({"a": np.zeros(1)}, "'a': numpy.ndarray float64 [1]\n[0.]"),
        (np.array([1e-6, 0.5]), "numpy.ndarray float64 [2]\n[1.e-06 5.e-01]"),
        (np.zeros(2), "numpy.ndarray float64 [2]\n[0. 0.]"),
        (tensor([1.0]), "paddle.Tensor float32 [1]\n[1.]"),
    ],
)
def test_values_are_shown_shortened(value, text):
    assert shorten(value) == text


def test_closeness_has_a_limit():
    assert is_close(1.0, 1.000009)
    assert not is_close(1.0, 1.1)
    assert not is_close("1", 1)
    assert is_close([1, np.ones(2)], (1, np.ones(2)))
