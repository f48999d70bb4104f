"""From stored pixels to what a network takes: `norm_img`, and augmentation.

`norm_img` is the one place where pixels are scaled. This file knows nothing of networks or files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
import paddle
import paddle.nn.functional as F

from paddle_mnist.errors import UsageError

# From normalised pictures [N, 784] and a source of random numbers to changed pictures [N, 784].
Augmentation = Callable[[paddle.Tensor, np.random.Generator], paddle.Tensor]


def norm_img(images: np.ndarray | paddle.Tensor) -> paddle.Tensor:
    """Scale a batch of pictures to 0…1 and lay each one out as a row.

    Args:
        images: [N, 28, 28], pixels from 0 to 255, white ink on black.

    Returns:
        A float32 tensor [N, 784], from 0 (paper) to 1 (ink).

    Raises:
        UsageError: the shape is another one; a single picture needs a batch of one, `image[None]`.
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


@dataclass(frozen=True)
class RandomAffine:
    """Turn, zoom and shift each picture of a batch at random, each in its own way.

    The limits are those of Keras' `ImageDataGenerator`: every value is drawn evenly from minus
    the limit to plus the limit; zoom is drawn for rows and columns apart.

    Attributes:
        degrees: the largest rotation, in degrees.
        zoom: the largest change of size, as a part of 1 (0.1: from 0.9 to 1.1).
        shift: the largest shift, as a part of the side (0.1: 2.8 pixels).
    """

    degrees: float = 10.0
    zoom: float = 0.1
    shift: float = 0.1

    def __call__(self, rows: paddle.Tensor, random: np.random.Generator) -> paddle.Tensor:
        """Return changed copies of normalised pictures.

        Args:
            rows: float32 [N, 784], as `norm_img` returns them.
            random: where the random numbers are drawn from.

        Returns:
            float32 [N, 784]; what moves in from outside is paper (0).
        """
        matrices = paddle.to_tensor(self.matrices(rows.shape[0], random))
        pictures = rows.reshape([-1, 1, 28, 28])  # [N, 784] -> [N, 1, 28, 28]
        grid = F.affine_grid(matrices, pictures.shape, align_corners=False)  # [N, 28, 28, 2]
        return F.grid_sample(pictures, grid, align_corners=False).reshape([-1, 784])

    def matrices(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draw `count` matrices that map a place in the new picture to one in the old.

        Returns:
            float32 [count, 2, 3], in units of half a side, rows x and y.
        """
        angle = np.deg2rad(random.uniform(-self.degrees, self.degrees, count))
        zoom = random.uniform(1 - self.zoom, 1 + self.zoom, (count, 2))
        # One side is two units long.
        shift = 2 * random.uniform(-self.shift, self.shift, (count, 2))
        cosine, sine = np.cos(angle), np.sin(angle)
        rows = [
            [cosine * zoom[:, 0], -sine * zoom[:, 1], shift[:, 0]],
            [sine * zoom[:, 0], cosine * zoom[:, 1], shift[:, 1]],
        ]
        return np.moveaxis(np.array(rows, dtype=np.float32), 2, 0)  # [2, 3, N] -> [N, 2, 3]
