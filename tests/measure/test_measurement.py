"""Measuring on pictures: counted as by hand, and nothing to read is a mistake."""

from __future__ import annotations

import math
import shutil

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.measure.measurement import (
    THRESHOLDS,
    Measurement,
    highest_probabilities,
    measure_pictures,
)
from paddle_mnist.runs.recognizer import SURE, Recognizer
from paddle_mnist.system.errors import DataError, UsageError


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


def test_the_reason_does_not_name_the_file_again(pictures):
    folder = pictures()
    (folder / "a.png").write_text("no picture")
    unreadable = measure_pictures(Recognizer(Always(3), "cnn"), folder).unreadable
    assert unreadable["a.png"].startswith("it is not a picture of a known kind")
    assert ".png:" not in unreadable["blank.png"]


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


# Accuracy and coverage


def test_coverage_is_counted_as_by_hand():
    measured = Measurement(
        labels=np.array([1, 2, 3, 4, 5]),
        digits=np.array([1, 2, 3, 9, -1]),
        loss=1.0,
        sure=np.array([0.999, 0.92, 0.6, 0.75, -1], np.float32),
    )
    rows = measured.as_json()["coverage"]
    assert [row["threshold"] for row in rows] == [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99]
    # What could not be read is not covered, however low the threshold.
    assert [row["coverage"] for row in rows] == [0.8, 0.8, 0.6, 0.4, 0.4, 0.2, 0.2]
    expected = [3 / 4, 3 / 4, 2 / 3, 1, 1, 1, 1]
    assert [row["accuracy"] for row in rows] == pytest.approx(expected)


def test_where_nothing_is_covered_there_is_no_accuracy():
    measured = Measurement(np.array([1]), np.array([1]), 1.0, np.array([0.4], np.float32))
    assert measured.as_json()["coverage"][1:] == [
        {"threshold": threshold, "coverage": 0.0, "accuracy": None} for threshold in THRESHOLDS[1:]
    ]


def test_the_threshold_of_doubt_is_one_of_the_rows_and_they_rise():
    assert SURE in THRESHOLDS
    assert list(THRESHOLDS) == sorted(set(THRESHOLDS))


def test_of_pictures_the_probabilities_are_those_of_the_network(pictures):
    rows = [(name, 3, "x") for name in ("blank.png", "a.png", "b.png", "d.png")]
    measured = measure_pictures(Recognizer(Always(3), "cnn"), pictures([*rows, ("c.png", 4, "x")]))
    sure = math.exp(5) / (math.exp(5) + 9)  # 0.94
    np.testing.assert_allclose(measured.sure, [-1, sure, sure, sure, sure], rtol=1e-5)
    rows = {row["threshold"]: row for row in measured.as_json()["coverage"]}
    assert rows[0.9] == {"threshold": 0.9, "coverage": 4 / 5, "accuracy": 3 / 4}
    assert rows[0.95] == {"threshold": 0.95, "coverage": 0.0, "accuracy": None}


def test_highest_probabilities_are_those_of_softmax():
    outputs = np.array([[0] * 10, [5] + [0] * 9], np.float32)
    expected = [0.1, math.exp(5) / (math.exp(5) + 9)]
    np.testing.assert_allclose(highest_probabilities(outputs), expected, rtol=1e-6)


def test_the_linear_stage_has_no_coverage(pictures):
    class Three(Always):
        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            return paddle.full([len(images), 1], 3.2)

    measured = measure_pictures(Recognizer(Three(3), "linear"), pictures())
    assert (measured.sure == -1).all()
    assert (measured.digits == [3, 3, 3, 3, -1]).all()
    assert "coverage" not in measured.as_json()
    np.testing.assert_array_equal(highest_probabilities(np.ones((2, 1), np.float32)), [-1, -1])


# Other places, other steps


@pytest.mark.parametrize("name", ["digits.npz", "DIGITS.NPZ"])
def test_pictures_in_an_npz_are_measured_too(tmp_path, name):
    images = np.zeros((4, 8, 8), np.uint8)
    images[:3, 1:7, 3:5] = 16  # light on dark, and faint; the last one is blank
    with open(tmp_path / name, "wb") as file:
        np.savez(file, images=images, labels=np.array([3, 3, 4, 3]))
    measured = measure_pictures(Recognizer(Always(3), "cnn"), tmp_path / name)
    assert measured.digits.tolist() == [3, 3, 3, -1]
    result = measured.as_json()
    assert (result["correct"], result["count"]) == (2, 4)
    assert list(result["unreadable"]) == ["image 3"]
    assert "nothing to read" in result["unreadable"]["image 3"]
    assert not {"by_source", "mean_of_sources"} & set(result)


def test_a_damaged_npz_is_refused(tmp_path):
    (tmp_path / "digits.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="expected an .npz file"):
        measure_pictures(Recognizer(Always(3), "cnn"), tmp_path / "digits.npz")


def test_steps_of_the_preparation_can_be_replaced(pictures):
    seen = []

    class Sees(Always):
        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            seen.append(images.numpy())
            return super().forward(images)

    recognizer, folder = Recognizer(Sees(3), "cnn"), pictures()
    measure_pictures(recognizer, folder)
    step = {"centre_of_mass_to_middle": lambda ink: np.full((28, 28), 51, np.uint8)}
    measured = measure_pictures(recognizer, folder, step)
    usual, changed = seen
    assert usual.max() == 1 and usual.min() == 0
    np.testing.assert_allclose(changed, 0.2, rtol=1e-6)
    assert measured.digits.tolist() == [3, 3, 3, 3, -1]
    with pytest.raises(UsageError, match="there is no step crop"):
        measure_pictures(recognizer, folder, {"crop": lambda ink: ink})
