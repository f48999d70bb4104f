"""From stored pixels to what a network takes: the one place where pixels are scaled."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_mnist.system.errors import UsageError


def norm_img(images: np.ndarray | paddle.Tensor) -> paddle.Tensor:
    """Scale a batch of pictures to 0…1 and lay each one out as a row.

    Args:
        images: [N, 28, 28], pixels from 0 to 255, white ink on black.

    Returns:
        A float32 tensor [N, 784], from 0 (paper) to 1 (ink).

    Raises:
        UsageError: the shape is another; of a single picture, `image[None]` makes a batch of one.
    """
    shape = list(images.shape)
    if len(shape) != 3 or shape[1:] != [28, 28]:
        raise UsageError(
            f"norm_img takes a batch of pictures [N, 28, 28], and got {shape}; "
            "a single picture [28, 28] becomes a batch of one as image[None]"
        )
    if not isinstance(images, paddle.Tensor):
        images = paddle.to_tensor(images)
    pixels = images.astype("float32")
    return (pixels / 255.0).reshape([-1, 784])  # [N, 28, 28] -> [N, 784]
