"""How much a network still reads when its pictures are disturbed: noise, rotation, shift, patches.

It is a report: nothing should be chosen by it, as these are test images.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

import numpy as np
from PIL import Image

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.data import Mnist
from paddle_mnist.data.split import SIDE
from paddle_mnist.measure.measurement import check_unseen
from paddle_mnist.runs.recognizer import Recognizer

# So many passes over all of MNIST's test images would take a large network minutes. With 2,000 of
# them, the standard error of an accuracy of 99.5% is 0.16 points, of one of 80% it is 0.9.
COUNT = 2_000
SEED = 0


def add_noise(images: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of a standard deviation of `strength`, where 1 is full ink."""
    noise = random.normal(0, 255 * strength, images.shape)
    noisy: np.ndarray = np.rint((images + noise).clip(0, 255))
    return noisy.astype(np.uint8)


def turn(images: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Turn each image by `strength` degrees, to the left or to the right by chance."""
    angles = strength * random.choice((-1, 1), len(images))
    return np.stack([rotated(image, angle) for image, angle in zip(images, angles)])


def rotated(image: np.ndarray, angle: float) -> np.ndarray:
    """Turn an image, uint8 [28, 28], by so many degrees to the left, around its middle."""
    return np.asarray(Image.fromarray(image).rotate(angle, Image.Resampling.BILINEAR))


def move(images: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Move each image by `strength` pixels, up, down, left or right by chance."""
    ways = random.choice(((-1, 0), (1, 0), (0, -1), (0, 1)), len(images)) * int(strength)  # [N, 2]
    return np.stack([shifted(image, *way) for image, way in zip(images, ways)])


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move an image, uint8 [28, 28], by whole pixels; paper (0) moves in."""
    wide = np.pad(image, SIDE)  # paper on all sides
    return wide[SIDE - down : 2 * SIDE - down, SIDE - right : 2 * SIDE - right]


def erase(images: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Erase a square of `strength` pixels a side in each image, anywhere within it."""
    side = int(strength)
    erased = images.copy()
    corners = random.integers(0, images.shape[1] - side + 1, (len(images), 2))
    for image, (top, left) in zip(erased, corners):
        image[top : top + side, left : left + side] = 0
    return erased


@dataclass(frozen=True)
class Disturbance:
    """One way to disturb images."""

    # From images, uint8 [N, 28, 28], a strength and a source of random numbers to changed copies.
    change: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    strengths: tuple[float, ...]  # from weak to strong, without 0, which changes nothing
    unit: str  # what a strength counts


DISTURBANCES: dict[str, Disturbance] = {
    "noise": Disturbance(
        add_noise, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "standard deviation; 1 is full ink"
    ),
    "rotation": Disturbance(turn, (10, 20, 30, 40, 50, 60), "degrees"),
    "shift": Disturbance(move, (1, 2, 3, 4, 6, 8), "pixels"),
    "patch": Disturbance(erase, (4, 6, 8, 10, 12, 16), "pixels a side"),
}


def disturbed(images: np.ndarray, name: str, strength: float) -> np.ndarray:
    """Disturb images; the same images, name and strength always give the same.

    Every strength gets the same random numbers: what is turned to the left by 10 degrees is so by
    20, and a curve over the strengths shows no chance but that of the choice of images.

    Args:
        images: uint8 [N, 28, 28].
        name: a key of DISTURBANCES.
        strength: 0 or more, in the disturbance's unit; for "shift" and "patch" 28 at most.
    """
    return DISTURBANCES[name].change(images, strength, np.random.default_rng(SEED))


def some_test_images(mnist: Mnist, count: int = COUNT) -> Mnist:
    """Keep only so many of the test images, drawn by chance, always the same ones."""
    chosen = np.random.default_rng(SEED).permutation(len(mnist.test))[:count]
    return dataclasses.replace(mnist, test=mnist.test.take(np.sort(chosen)))


def measure_robustness(recognizer: Recognizer, mnist: Mnist) -> Iterator[tuple[str, float, float]]:
    """Measure on all test images, disturbed in each way of DISTURBANCES.

    Yields:
        The name of the disturbance, its strength, and the accuracy; for each disturbance first
        strength 0: the images as they are.

    Raises:
        UsageError: the run has seen the test images.
    """
    check_unseen(recognizer, mnist)
    images, labels = mnist.test.images, mnist.test.labels
    plain = accuracy_of(recognizer, images, labels)
    for name, disturbance in DISTURBANCES.items():
        yield name, 0.0, plain
        for strength in disturbance.strengths:
            changed = disturbed(images, name, strength)
            yield name, float(strength), accuracy_of(recognizer, changed, labels)


def accuracy_of(recognizer: Recognizer, images: np.ndarray, labels: np.ndarray) -> float:
    """Count what share of images, uint8 [N, 28, 28], is read as their labels, int64 [N], say."""
    return float((predicted_digits(recognizer.outputs(images)) == labels).mean())
