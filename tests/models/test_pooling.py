"""MaxPool: the same values and gradients as Paddle's own layer, and as NumPy."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.models.layers import MaxPool


def run_with_gradients(layer: nn.Layer, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inputs = paddle.to_tensor(maps, stop_gradient=False)
    outputs = layer(inputs)
    weights = paddle.arange(1, outputs.numel() + 1, dtype="float32").reshape(outputs.shape)
    (outputs * weights).sum().backward()
    return outputs.numpy(), inputs.grad.numpy()


def random_maps(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 3, rows, columns)).astype(np.float32)


def maps_with_ties(rows: int, columns: int) -> np.ndarray:
    # As after ReLU: many zeros side by side.
    return np.maximum(random_maps(rows, columns), 0)


@pytest.mark.parametrize("make", [random_maps, maps_with_ties])
@pytest.mark.parametrize("rows, columns", [(4, 6), (5, 7), (11, 11), (2, 3)])
def test_values_and_gradients_are_those_of_paddles_layer(make, rows, columns):
    maps = make(rows, columns)
    outputs, gradients = run_with_gradients(MaxPool(), maps)
    expected_outputs, expected_gradients = run_with_gradients(nn.MaxPool2D(2), maps)
    np.testing.assert_array_equal(outputs, expected_outputs)
    np.testing.assert_array_equal(gradients, expected_gradients)


def test_values_and_gradients_by_hand():
    maps = np.array([[[[1, 5, 9], [3, 2, 9], [8, 8, 8]]]], np.float32)  # 3×3: the edge is left out
    outputs, gradients = run_with_gradients(MaxPool(), maps)
    np.testing.assert_array_equal(outputs, [[[[5]]]])
    np.testing.assert_array_equal(gradients, [[[[0, 1, 0], [0, 0, 0], [0, 0, 0]]]])


def test_values_are_the_largest_of_each_square():
    maps = random_maps(6, 8)
    expected = maps.reshape(2, 3, 3, 2, 4, 2).max(axis=(3, 5))
    np.testing.assert_array_equal(MaxPool()(paddle.to_tensor(maps)).numpy(), expected)
