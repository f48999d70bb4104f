"""Measuring on pictures: counted as by hand, and nothing to read is a mistake."""

from __future__ import annotations

import math
import shutil

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.infer import Recognizer
from paddle_mnist.measurement import measure_pictures


class Always(nn.Layer):
    """Says the same digit of every picture, with 5 for it and 0 for all others."""

    def __init__(self, digit: int) -> None:
        super().__init__()
        self.digit = digit

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        logits = np.zeros((len(images), 10), np.float32)
        logits[:, self.digit] = 5
        return paddle.to_tensor(logits)


def test_pictures_are_counted_as_by_hand(pictures):
    measured = measure_pictures(Recognizer(Always(3), "cnn"), pictures())
    result = measured.as_json()
    assert (result["correct"], result["count"]) == (3, 5)
    assert result["accuracy"] == 3 / 5
    assert result["by_class"] == {"3": 3 / 4, "4": 0.0}
    assert result["by_source"] == {
        "one/a": {"accuracy": pytest.approx(2 / 3), "count": 3},
        "two/b": {"accuracy": 1 / 2, "count": 2},
    }
    assert result["mean_of_sources"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    rest = math.log(math.exp(5) + 9)  # -ln softmax is this, less the score of the label
    assert result["loss"] == pytest.approx((3 * (rest - 5) + rest) / 4, rel=1e-5)
    expected = np.zeros((10, 10), int)
    expected[3, 3], expected[4, 3] = 3, 1  # the blank one was read as nothing
    np.testing.assert_array_equal(measured.matrix, expected)
    assert list(result["unreadable"]) == ["blank.png"]


def test_a_blank_picture_is_a_mistake_whatever_the_network_says_of_black(pictures):
    for digit in range(10):
        rows = [("blank.png", digit, "x")]
        folder = pictures(rows)
        result = measure_pictures(Recognizer(Always(digit), "cnn"), folder).as_json()
        assert result["accuracy"] == 0
        assert result["loss"] is None
        shutil.rmtree(folder)


def test_without_sources_there_are_no_figures_of_them(pictures):
    folder = pictures(columns=("file", "label"))
    result = measure_pictures(Recognizer(Always(3), "cnn"), folder).as_json()
    assert not {"by_source", "mean_of_sources"} & set(result)
