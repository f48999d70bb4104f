"""Images with their labels: the one form in which digits travel through the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from paddle_mnist.system.errors import DataError

SIDE = 28
CLASSES = 10


def _described(array: object) -> str:
    if isinstance(array, np.ndarray):
        return f"{array.dtype} {list(array.shape)}"
    return f"of the type {type(array).__name__}"


def wrong_label(labels: np.ndarray) -> str | None:
    """Tell which of the labels [N] is the first that is not from 0 to 9; None: all are."""
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if not len(wrong):
        return None
    return (
        f"label number {wrong[0]:,} (counted from 0) is {labels[wrong[0]]}; "
        f"expected 0 to {CLASSES - 1}"
    )


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels, checked when they are put together; there may be none.

    Attributes:
        images: uint8 [N, 28, 28], white ink (255) on black (0).
        labels: int64 [N], each from 0 to 9.

    Raises:
        DataError: a shape, a dtype, the counts or a label do not fit.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        fits = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.ndim == 3
        if not fits or images.shape[1:] != (SIDE, SIDE):
            raise DataError(f"images are {_described(images)}; expected uint8 [N, {SIDE}, {SIDE}]")
        if not isinstance(labels, np.ndarray) or labels.dtype != np.int64 or labels.ndim != 1:
            raise DataError(f"labels are {_described(labels)}; expected int64 [N]")
        if fault := wrong_label(labels):
            raise DataError(fault)
        if len(images) != len(labels):
            raise DataError(
                f"{len(images):,} images but {len(labels):,} labels; "
                "expected one label for each image"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | list[int] | slice) -> Split:
        """Take the images and labels at integers [M], at a slice, or where a mask [N] is True."""
        return Split(self.images[indices], self.labels[indices])


def split_off(split: Split, count: int) -> tuple[Split, Split]:
    """Hold `count` images out: always the same ones of the same N, drawn at random.

    Returns:
        The rest, and the images that are held out, both in the order of `split`.

    Raises:
        DataError: `count` is not from 0 to N.
    """
    if not 0 <= count <= len(split):
        raise DataError(f"cannot hold out {count:,} of {len(split):,} images")
    held_out = np.zeros(len(split), dtype=bool)
    held_out[np.random.default_rng(0).permutation(len(split))[:count]] = True
    return split.take(~held_out), split.take(held_out)


def fingerprint(*splits: Split) -> str:
    """Compute a checksum of splits: the SHA-256 of their contents, shapes, dtypes and order.

    Two runs whose data have the same fingerprint have seen the same images with the same labels.
    """
    digest = hashlib.sha256()
    for split in splits:
        for array in (split.images, split.labels):
            digest.update(f"{array.dtype.str}{array.shape};".encode("ascii"))
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
