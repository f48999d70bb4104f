"""What the ten labels of a data set mean: digits, unless the images are known to be others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_mnist.data.idx import content_sha256

DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

# Source: https://github.com/zalandoresearch/fashion-mnist, "Labels".
CLASS_NAMES = {
    "Fashion-MNIST": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
}

# SHA-256 of the unpacked files of images to train on and to test on, as they were published.
IMAGES_SHA256 = {
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888": "Fashion-MNIST",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b": "Fashion-MNIST",
}


def known_data_set(*parts: np.ndarray) -> str | None:
    """Find the data set in CLASS_NAMES that images belong to; None: not known, taken for digits.

    One known part is enough, so that a copy with fewer images to train on is known by its test
    images.

    Args:
        parts: images to train on or to test on, as they were published; each uint8 [N, 28, 28].
    """
    names = (IMAGES_SHA256.get(content_sha256(images)) for images in parts)
    return next(filter(None, names), None)


def class_names(data_set: str | None) -> tuple[str, ...]:
    """Name a data set's ten classes, for the labels 0 to 9; None: those of digits."""
    return CLASS_NAMES[data_set] if data_set else DIGITS


def are_digits(names: Sequence[str]) -> bool:
    """Tell whether the classes are the digits, for which the pictures' preparation was made."""
    return tuple(names) == DIGITS
