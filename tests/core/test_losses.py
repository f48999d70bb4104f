"""The two losses, against sums by hand."""

from __future__ import annotations

import math

import numpy as np
import paddle
import pytest

from paddle_mnist.core.losses import LOSSES, cross_entropy, square_error


def labels(*digits: int) -> paddle.Tensor:
    return paddle.to_tensor(np.array(digits, np.int64))


def test_square_error_by_hand():
    predictions = paddle.to_tensor([[3.5], [-1.0], [7.0]])
    loss = square_error(predictions, labels(3, 1, 9))
    assert loss.shape == []
    assert float(loss) == pytest.approx((0.25 + 4 + 4) / 3)


def test_square_error_of_one_image():
    # A column against a row would broadcast to a table of all pairs.
    assert float(square_error(paddle.to_tensor([[2.0]]), labels(5))) == 9


def test_cross_entropy_is_log_sum_exp_minus_the_true_logit():
    random = np.random.default_rng(0)
    logits = random.normal(scale=5, size=(20, 10))
    digits = random.integers(0, 10, 20)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(20), digits]
    loss = cross_entropy(paddle.to_tensor(logits.astype(np.float32)), labels(*digits))
    assert loss.shape == []
    assert float(loss) == pytest.approx(expected.mean(), rel=1e-5)


def test_cross_entropy_of_equal_logits_is_that_of_ten_equal_chances():
    logits = paddle.full([4, 10], 3.0)
    assert float(cross_entropy(logits, labels(0, 3, 8, 9))) == pytest.approx(math.log(10))


def test_cross_entropy_of_a_certain_answer_goes_to_0():
    # Through a second softmax it could not fall below ln(1 + 9/e).
    logits = np.zeros((1, 10), np.float32)
    logits[0, 4] = 50
    assert float(cross_entropy(paddle.to_tensor(logits), labels(4))) < 1e-6


def test_extreme_logits_do_not_overflow():
    logits = np.zeros((2, 10), np.float32)
    logits[:, 0], logits[:, 1] = 1e4, -1e4
    tensor = paddle.to_tensor(logits)
    assert float(cross_entropy(tensor, labels(0, 0))) == 0
    # Paddle takes no single loss for larger than 64, the -ln of 1.6e-28.
    assert float(cross_entropy(tensor, labels(1, 1))) == 64
    assert float(cross_entropy(tensor, labels(0, 1))) == 32


def test_the_gradient_of_extreme_logits_is_still_that_of_a_mistake():
    logits = np.zeros((1, 10), np.float32)
    logits[0, 0], logits[0, 1] = 1e4, -1e4
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    cross_entropy(tensor, labels(1)).backward()
    np.testing.assert_allclose(tensor.grad.numpy(), np.eye(10)[[0]] - np.eye(10)[[1]], atol=1e-6)


def test_the_gradient_of_cross_entropy_is_softmax_minus_truth():
    random = np.random.default_rng(1)
    logits = random.normal(size=(3, 10))
    tensor = paddle.to_tensor(logits.astype(np.float32), stop_gradient=False)
    cross_entropy(tensor, labels(2, 0, 9)).backward()
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.eye(10)[[2, 0, 9]]
    np.testing.assert_allclose(tensor.grad.numpy(), (softmax - truth) / 3, atol=1e-6)


def test_smoothed_labels_by_hand():
    # One of two ways to the same number: the labels are changed, and the formula stays.
    logits = np.array([[2.0, -1.0, 0.5] + [0.0] * 7, [0.0] * 9 + [3.0]], np.float32)
    labels = np.array([0, 3])
    log_softmax = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    smoothed = 0.9 * np.eye(10)[labels] + 0.01  # 0.91 for the label, 0.01 for each other class
    expected = -(smoothed * log_softmax).sum(axis=1).mean()
    loss = cross_entropy(paddle.to_tensor(logits), paddle.to_tensor(labels), smoothing=0.1)
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    plain = -log_softmax[[0, 1], labels].mean()
    assert float(cross_entropy(paddle.to_tensor(logits), paddle.to_tensor(labels))) == (
        pytest.approx(plain, rel=1e-6)
    )


def test_with_smoothing_a_perfect_answer_is_the_smoothed_one():
    # The loss is lowest, and its gradient 0, where the softmax is the smoothed label.
    smoothed = np.full((1, 10), 0.02, np.float32)
    smoothed[0, 4] = 0.82
    logits = paddle.to_tensor(np.log(smoothed), stop_gradient=False)
    cross_entropy(logits, paddle.to_tensor([4]), smoothing=0.2).backward()
    np.testing.assert_allclose(logits.grad.numpy(), 0, atol=1e-6)


def test_losses_are_found_by_name():
    assert set(LOSSES) == {"square_error", "cross_entropy"}
    assert LOSSES["square_error"] is square_error
    assert LOSSES["cross_entropy"] is cross_entropy
