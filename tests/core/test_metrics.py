"""What is counted, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.core.metrics import (
    Average,
    accuracy_by_class,
    confusion_matrix,
    means_of_parts,
    most_confused,
    predicted_digits,
    softmax,
)


def column(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)[:, None]


def test_of_ten_scores_the_largest_wins():
    scores = np.zeros((3, 10), np.float32)
    scores[0, 7], scores[1, 0], scores[2] = 0.1, 5, -np.arange(10, 0, -1)
    digits = predicted_digits(scores)
    np.testing.assert_array_equal(digits, [7, 0, 9])
    assert digits.dtype == np.int64


def test_a_number_is_rounded_to_the_nearest_digit():
    digits = predicted_digits(column(0.4, 0.6, 4.9, 5.2, 8.51))
    np.testing.assert_array_equal(digits, [0, 1, 5, 5, 9])
    assert digits.dtype == np.int64


def test_a_number_can_be_cut_off_instead():
    digits = predicted_digits(column(0.4, 0.6, 4.9, 5.2, 8.99, -0.9), truncate=True)
    np.testing.assert_array_equal(digits, [0, 0, 4, 5, 8, 0])


@pytest.mark.parametrize("truncate", [False, True])
def test_numbers_beyond_the_digits_become_the_first_or_last(truncate):
    digits = predicted_digits(column(-3.2, -0.4, 9.7, 12, 1e30, -1e30), truncate=truncate)
    np.testing.assert_array_equal(digits, [0, 0, 9, 9, 9, 0])


def test_softmax_by_hand():
    logits = np.log(np.array([[1, 2, 3, 4, 0.5, 0.5, 1, 1, 1, 1], [1] * 10]))
    np.testing.assert_allclose(softmax(logits)[0], np.exp(logits[0]) / 15)
    np.testing.assert_allclose(softmax(logits)[1], 0.1)


def test_softmax_of_extreme_logits_does_not_overflow():
    logits = np.zeros((2, 10), np.float32)
    logits[0, 3], logits[1, 3] = 1e4, -1e4
    probabilities = softmax(logits)
    np.testing.assert_array_equal(probabilities[0], np.eye(10)[3])
    np.testing.assert_allclose(probabilities[1], np.where(np.arange(10) == 3, 0, 1 / 9), rtol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_confusion_matrix_has_a_row_for_each_true_digit():
    labels, digits = np.array([0, 0, 3, 9, 9, 9]), np.array([0, 5, 3, 4, 4, 9])
    expected = np.zeros((10, 10), np.int64)
    expected[0, 0] = expected[0, 5] = expected[3, 3] = expected[9, 9] = 1
    expected[9, 4] = 2
    np.testing.assert_array_equal(confusion_matrix(labels, digits), expected)


def test_confusion_matrix_counts_every_image():
    random = np.random.default_rng(0)
    labels, digits = random.integers(0, 10, (2, 500))
    matrix = confusion_matrix(labels, digits)
    assert matrix.sum() == 500
    assert np.trace(matrix) == (labels == digits).sum()
    np.testing.assert_array_equal(matrix.sum(axis=1), [(labels == d).sum() for d in range(10)])
    np.testing.assert_array_equal(matrix.sum(axis=0), [(digits == d).sum() for d in range(10)])


def test_confusion_matrix_of_nothing():
    nothing = np.zeros(0, np.int64)
    np.testing.assert_array_equal(confusion_matrix(nothing, nothing), np.zeros((10, 10)))


def test_accuracy_by_class_leaves_out_digits_that_do_not_occur():
    labels, digits = np.array([1, 1, 1, 1, 6]), np.array([1, 1, 1, 7, 0])
    assert accuracy_by_class(labels, digits) == {1: 0.75, 6: 0.0}


def test_most_confused_are_the_most_frequent_mistakes():
    labels = np.array([4, 4, 4, 9, 9, 2, 8, 8, 8, 8])
    digits = np.array([9, 9, 9, 4, 4, 7, 8, 8, 8, 8])
    matrix = confusion_matrix(labels, digits)
    assert most_confused(matrix) == [(4, 9, 3), (9, 4, 2), (2, 7, 1)]
    assert most_confused(matrix, 1) == [(4, 9, 3)]
    assert most_confused(np.diag(np.arange(10))) == []


def test_an_average_is_weighted_by_count():
    average = Average()
    assert average.value == 0.0
    average.add(1.0, 3)
    average.add(5.0, 1)
    assert average.value == 2.0
    assert average.count == 4


def test_means_of_parts_are_those_of_consecutive_values():
    assert means_of_parts([1.0, 3.0, 5.0, 7.0], parts=2) == [2.0, 6.0]
    assert means_of_parts([1.0, 2.0, 6.0], parts=2) == [1.5, 6.0]


def test_fewer_values_than_parts_stay_as_they_are():
    assert means_of_parts([4.0, 2.0], parts=20) == [4.0, 2.0]
