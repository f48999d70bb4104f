"""norm_img: which pixels come out, and what is refused."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.system.errors import UsageError


def test_norm_img_scales_and_lays_out():
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 0, 1] = 255
    images[1, 27, 26] = 51
    rows = norm_img(images)
    assert rows.shape == [2, 784]
    assert rows.dtype == paddle.float32
    expected = np.zeros((2, 784), np.float32)
    expected[0, 1] = 1.0
    expected[1, 27 * 28 + 26] = 0.2
    np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-6)
    assert float(rows[0, 0]) == 0.0
    assert float(rows[0, 1]) == 1.0


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_norm_img_takes_arrays_and_tensors(dtype):
    images = np.arange(784).reshape(1, 28, 28) % 256
    expected = (np.arange(784) % 256 / 255).astype(np.float32)[None]
    for batch in (images.astype(dtype), paddle.to_tensor(images.astype(dtype))):
        rows = norm_img(batch)
        assert rows.dtype == paddle.float32
        np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-6)


def test_norm_img_takes_an_empty_batch():
    assert norm_img(np.zeros((0, 28, 28), np.uint8)).shape == [0, 784]


@pytest.mark.parametrize(
    "shape", [(28, 28), (2, 784), (2, 1, 28, 28), (2, 28, 28, 1), (2, 27, 28), (2, 28, 27), (784,)]
)
def test_norm_img_refuses_other_shapes(shape):
    for images in (np.zeros(shape, np.uint8), paddle.zeros(shape)):
        with pytest.raises(UsageError) as error:
            norm_img(images)
        assert str(list(shape)) in str(error.value)
        assert "[N, 28, 28]" in str(error.value)
        assert "image[None]" in str(error.value)


def test_norm_img_leaves_the_images_alone():
    images = np.full((1, 28, 28), 255, np.uint8)
    tensor = paddle.full([1, 28, 28], 255.0)
    norm_img(images)
    norm_img(tensor)
    assert (images == 255).all()
    assert (tensor.numpy() == 255).all()
