"""Convolution: the same values and gradients as Paddle's own layer, and as loops by hand."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.models.layers import Convolution


def random_array(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def filled(channels_in: int, channels_out: int, kernel: int, padding: int) -> Convolution:
    layer = Convolution(channels_in, channels_out, kernel, padding)
    layer.weight.set_value(random_array(channels_out, channels_in, kernel, kernel, seed=1))
    layer.bias.set_value(random_array(channels_out, seed=2))
    return layer


def run_with_gradients(layer: nn.Layer, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inputs = paddle.to_tensor(maps, stop_gradient=False)
    outputs = layer(inputs)
    # Each output weighs differently, so that no gradient can hide in a sum.
    weights = paddle.to_tensor(random_array(*outputs.shape, seed=3))
    (outputs * weights).sum().backward()
    return outputs.numpy(), inputs.grad.numpy()


@pytest.mark.parametrize("kernel, padding", [(3, 0), (3, 1), (5, 0)])
def test_values_and_gradients_are_those_of_paddles_layer(kernel, padding):
    ours = filled(3, 4, kernel, padding)
    theirs = nn.Conv2D(3, 4, kernel, padding=padding)
    theirs.weight.set_value(ours.weight)
    theirs.bias.set_value(ours.bias)
    maps = random_array(2, 3, 8, 7)

    outputs, by_input = run_with_gradients(ours, maps)
    expected_outputs, expected_by_input = run_with_gradients(theirs, maps)

    near = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(outputs, expected_outputs, **near)
    np.testing.assert_allclose(by_input, expected_by_input, **near)
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad, **near)
    np.testing.assert_allclose(ours.bias.grad, theirs.bias.grad, **near)


def test_values_are_those_of_loops_by_hand():
    layer = filled(2, 3, 3, 0)
    maps = random_array(1, 2, 5, 6)
    weights = layer.weight.numpy().astype(np.float64)
    expected = np.zeros((1, 3, 3, 4))
    for channel in range(3):
        for row in range(3):
            for column in range(4):
                window = maps[0, :, row : row + 3, column : column + 3]
                expected[0, channel, row, column] = (window * weights[channel]).sum()
        expected[0, channel] += layer.bias[channel].item()
    np.testing.assert_allclose(layer(paddle.to_tensor(maps)).numpy(), expected, atol=1e-5)


def test_padding_keeps_the_size():
    assert Convolution(1, 2, 3, padding=1)(paddle.zeros([1, 1, 28, 28])).shape == [1, 2, 28, 28]


def test_weights_start_as_in_keras():
    paddle.seed(0)
    layer = Convolution(8, 64, 3)
    weights = layer.weight.numpy()
    # Glorot and Bengio (2010): evenly from minus to plus sqrt(6 / (inputs + outputs)).
    limit = np.sqrt(6 / (8 * 9 + 64 * 9))
    assert np.abs(weights).max() <= limit
    assert np.abs(weights).max() > 0.99 * limit
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    np.testing.assert_array_equal(layer.bias.numpy(), np.zeros(64))
