"""Augmentation: training images are changed at random, so that no image is seen twice.

`RandomAffine` moves a picture as a whole. Handwriting differs in more ways: pens are thick or
thin, writers slant, and lines are not quite straight; `RandomWriting` imitates that too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
import paddle
import paddle.nn.functional as F

from paddle_mnist.data.split import SIDE

# From normalised pictures [N, 784] and a source of random numbers to changed pictures [N, 784].
Augmentation = Callable[[paddle.Tensor, np.random.Generator], paddle.Tensor]


@dataclass(frozen=True)
class RandomAffine:
    """Turn, zoom and shift each picture of a batch at random, each in its own way.

    The limits are those of Keras' `ImageDataGenerator`: every value is drawn evenly from minus
    the limit to plus the limit; zoom is drawn separately for width and height.

    Attributes:
        degrees: the largest rotation, in degrees.
        zoom: the largest change of size, as a part of 1 (0.1: from 0.9 to 1.1).
        shift: the largest shift, as a part of the side (0.1: 2.8 pixels).
    """

    degrees: float = 10.0
    zoom: float = 0.1
    shift: float = 0.1

    def __call__(self, rows: paddle.Tensor, random: np.random.Generator) -> paddle.Tensor:
        """From normalised pictures [N, 784] to changed ones; what moves in is paper (0)."""
        matrices = paddle.to_tensor(self.matrices(rows.shape[0], random))
        pictures = rows.reshape([-1, 1, SIDE, SIDE])  # [N, 784] -> [N, 1, 28, 28]
        grid = F.affine_grid(matrices, pictures.shape, align_corners=False)  # [N, 28, 28, 2]
        return F.grid_sample(pictures, grid, align_corners=False).reshape([-1, SIDE * SIDE])

    def matrices(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draw `count` matrices that map a place in the new picture to one in the old.

        Returns:
            float32 [count, 2, 3], in units of half a side; first row for x, second for y.
        """
        angle = np.deg2rad(random.uniform(-self.degrees, self.degrees, count))
        zoom = random.uniform(1 - self.zoom, 1 + self.zoom, (count, 2))
        # Places go from -1 to 1 across the picture, so a side is two units long.
        shift = 2 * random.uniform(-self.shift, self.shift, (count, 2))
        cosine, sine = np.cos(angle), np.sin(angle)
        rows = [
            [cosine * zoom[:, 0], -sine * zoom[:, 1], shift[:, 0]],
            [sine * zoom[:, 0], cosine * zoom[:, 1], shift[:, 1]],
        ]
        return np.moveaxis(np.array(rows, dtype=np.float32), 2, 0)  # [2, 3, N] -> [N, 2, 3]


@dataclass(frozen=True)
class RandomWriting:
    """Change the pen, the slant, the size, the place and the lines of each picture at random.

    Every value is drawn evenly between its limits, separately for each picture.

    Attributes:
        degrees: the largest rotation, in degrees.
        zoom: the largest change of width and of height, as a part of 1.
        shift: the largest shift, as a part of the side.
        slant: how far the top is moved against the bottom at most, as a part of the height.
        thicker: how much thicker strokes get at most, 0 to 1; 1 adds a pixel on each side.
        thinner: how much thinner they get at most, 0 to 1; 1 takes a pixel from each side.
        bend: the largest standard deviation of the elastic distortion, in pixels. It is that of
            Simard, Steinkraus and Platt (Best practices for convolutional neural networks applied
            to visual document analysis, ICDAR 2003): noise, smoothed, moves each pixel.
        smoothness: the standard deviation of the smoothing, in pixels; theirs was 4.
    """

    degrees: float = 7.0
    zoom: float = 0.1
    shift: float = 0.07
    slant: float = 0.2
    thicker: float = 1.0
    thinner: float = 0.5
    bend: float = 0.7
    smoothness: float = 4.0

    def __call__(self, rows: paddle.Tensor, random: np.random.Generator) -> paddle.Tensor:
        """From normalised pictures [N, 784] to changed ones; what moves in is paper (0)."""
        pictures = rows.reshape([-1, 1, SIDE, SIDE])  # [N, 784] -> [N, 1, 28, 28]
        count = pictures.shape[0]
        pictures = change_strokes(pictures, random.uniform(-self.thinner, self.thicker, count))
        matrices = paddle.to_tensor(self.matrices(count, random))  # [N, 2, 3]
        grid = F.affine_grid(matrices, pictures.shape, align_corners=False)  # [N, 28, 28, 2]
        grid = grid + paddle.to_tensor(self.bends(count, random))
        return F.grid_sample(pictures, grid, align_corners=False).reshape([-1, SIDE * SIDE])

    def matrices(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draw `count` matrices [count, 2, 3], as `RandomAffine` does, and add a slant."""
        matrices = RandomAffine(self.degrees, self.zoom, self.shift).matrices(count, random)
        slant = random.uniform(-self.slant, self.slant, count).astype(np.float32)
        matrices[:, :, 1] += slant[:, np.newaxis] * matrices[:, :, 0]
        return matrices

    def bends(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draw how far each place is moved; neighbours move nearly alike.

        Returns:
            float32 [count, 28, 28, 2], in units of half a side, x and y.
        """
        noise = random.standard_normal((count, 2, SIDE, SIDE), np.float32)
        size = random.uniform(0, self.bend, (count, 1, 1, 1)).astype(np.float32)
        smoothing = _smoothing(self.smoothness)
        # One product smooths along the columns, the other along the rows.
        bends = smoothing @ (noise * size) @ smoothing.T / (SIDE / 2)  # [N, 2, 28, 28]
        return np.ascontiguousarray(np.moveaxis(bends, 1, 3))  # [N, 28, 28, 2]


def _smoothing(deviation: float) -> np.ndarray:
    """A matrix [28, 28] that smooths a row of noise, and keeps the variance of its values at 1."""
    places = np.arange(SIDE, dtype=np.float32)
    bells = np.exp(-0.5 * ((places[:, np.newaxis] - places) / deviation) ** 2)  # [28, 28]
    smoothing: np.ndarray = bells / np.sqrt((bells**2).sum(axis=1, keepdims=True))
    return smoothing


def change_strokes(pictures: paddle.Tensor, changes: np.ndarray) -> paddle.Tensor:
    """Make strokes thicker or thinner: grey dilation and erosion, mixed with the picture.

    The highest value around each pixel widens a stroke by a pixel on each side (dilation), the
    lowest narrows it (erosion); see Serra, Image Analysis and Mathematical Morphology, 1982.

    Args:
        pictures: float32 [N, 1, 28, 28], 0 to 1.
        changes: float [N], -1 to 1: 0 leaves a picture as it is, 1 widens by a pixel on each side,
            -1 narrows by one. Between them the pictures are mixed.

    Returns:
        float32 [N, 1, 28, 28], 0 to 1; the brightest ink is as bright as before, unless
        nearly nothing is left of it.
    """
    changes = changes.astype(np.float32).reshape(-1, 1, 1, 1)
    wide, narrow = (paddle.to_tensor(np.clip(part, 0, 1)) for part in (changes, -changes))
    dilated = F.max_pool2d(pictures, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-pictures, 3, stride=1, padding=1)
    changed = pictures + wide * (dilated - pictures) + narrow * (eroded - pictures)
    # Erosion fades thin strokes, and the preparation of a picture makes the brightest ink 255.
    before = pictures.max(axis=[1, 2, 3], keepdim=True)
    after = changed.max(axis=[1, 2, 3], keepdim=True)
    return changed * (before / after.clip(min=0.2))


def build_augmentation(name: str) -> Augmentation | None:
    """Build the augmentation of that name, with its default limits.

    Args:
        name: one of `stages.AUGMENTATIONS`.

    Returns:
        A function for `loop.Batches`; None for "none".
    """
    augmentations = {"none": None, "affine": RandomAffine(), "writing": RandomWriting()}
    return augmentations[name]
