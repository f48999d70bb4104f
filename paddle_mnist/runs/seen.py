"""Which images a training has seen: a hash of each, so that none of them is a test image later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paddle_mnist.data import Mnist, Split
from paddle_mnist.data.split import SIDE
from paddle_mnist.system.errors import DataError, RunError

# From a part of the data to the hashes of its images, uint64 [N].
Seen = Mapping[str, np.ndarray]

# What a run did with the images of each part.
PARTS = {
    "train": "trained on",
    "validation": "chosen with",
    "either": "trained on or chosen with",
}

_BYTES = 8  # 70,000 images: two of them have the same hash with a probability of 1 in 7.5 billion


def image_hashes(images: np.ndarray) -> np.ndarray:
    """Hash each image; images have the same hash only where all their pixels are the same.

    Args:
        images: uint8 [N, 28, 28].

    Returns:
        uint64 [N], the first 8 bytes of each image's BLAKE2b, the lowest byte first.
    """
    rows = np.ascontiguousarray(images).reshape(-1, SIDE * SIDE)  # [N, 784]
    hashes = b"".join(hashlib.blake2b(row.data, digest_size=_BYTES).digest() for row in rows)
    return np.frombuffer(hashes, "<u8").astype(np.uint64)


def seen_images(train: Split, validation: Split) -> dict[str, np.ndarray]:
    """What a run that learns and chooses with these has seen: the part → uint64 [N], rising."""
    parts = {"train": train, "validation": validation}
    return {name: np.sort(image_hashes(split.images)) for name, split in parts.items()}


def count_seen(images: np.ndarray, seen: Seen) -> dict[str, int]:
    """Count the images that have been seen.

    Args:
        images: uint8 [N, 28, 28].
        seen: keys of PARTS → hashes.

    Returns:
        For each part the number of images in it; one that is in two parts counts in the first.
    """
    left, found = image_hashes(images), {}
    for name, hashes in seen.items():
        inside = np.isin(left, hashes)
        found[name] = int(inside.sum())
        left = left[~inside]
    return found


def more_than_by_chance(found: Mapping[str, int], count: int) -> bool:
    """Whether so many of `count` images have been seen that an accuracy on them says nothing."""
    # So many coincide by chance, such as two sheets without any ink; a test set that was trained on
    # has far more. MNIST and Fashion-MNIST have none.
    return sum(found.values()) > 0.001 * count


def describe_seen(found: Mapping[str, int], count: int) -> str:
    """Say what was done with the images, such as "trained on 900 of the 1,000 test images"."""
    parts = [f"{PARTS[name]} {number:,}" for name, number in found.items() if number]
    return f"{' and '.join(parts) or 'trained on none'} of the {count:,} test images"


def refuse_seen_test_images(mnist: Mnist, seen: Seen) -> None:
    """Refuse to train where the result would say nothing, before hours of training.

    Raises:
        DataError: more test images than by chance are among those to learn from or choose with.
    """
    count = len(mnist.test)
    found = count_seen(mnist.test.images, seen)
    if not any(found.values()):
        return
    text = f"the network would be {describe_seen(found, count)} of {mnist.source.path}"
    if more_than_by_chance(found, count):
        raise DataError(
            f"{text}: it would have seen them, so its accuracy there would say nothing; put other "
            "images into the files to test on"
        )
    print(f"note: {text}", flush=True)


def checked_seen(path: Path, seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Refuse, with a RunError, tensors of the file `path` that are not hashes of images."""
    for name, hashes in seen.items():
        if name not in PARTS or hashes.dtype != np.uint64 or hashes.ndim != 1:
            found = f"{name!r}: {hashes.dtype} {list(hashes.shape)}"
            raise RunError(
                f"{path} is damaged: it holds {found}, expected uint64 [N] for one of "
                f"{', '.join(PARTS)}; train again"
            )
    return seen
