"""Images with their labels: the one form in which digits travel through the package.

Knows arrays only: no files, no downloads, no scaling of pixels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paddle_mnist.system.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 28
CLASSES = 10


def _described(array: object) -> str:
    if isinstance(array, np.ndarray):
        return f"{array.dtype} {list(array.shape)}"
    return f"of the type {type(array).__name__}"


def _check_images(images: np.ndarray) -> None:
    fits = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.ndim == 3
    if not fits or images.shape[1:] != (SIDE, SIDE):
        raise DataError(f"images are {_described(images)}; expected uint8 [N, {SIDE}, {SIDE}]")


def _check_labels(labels: np.ndarray) -> None:
    if not isinstance(labels, np.ndarray) or labels.dtype != np.int64 or labels.ndim != 1:
        raise DataError(f"labels are {_described(labels)}; expected int64 [N]")
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if len(wrong):
        raise DataError(
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

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_images(self.images)
        _check_labels(self.labels)
        if len(self.images) != len(self.labels):
            raise DataError(
                f"{len(self.images):,} images but {len(self.labels):,} labels; "
                "expected one label for each image"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | list[int] | slice) -> Split:
        """Take the images and labels at some indices, in their order.

        Args:
            indices: whatever NumPy takes as an index that keeps the first dimension: integers [M],
                a boolean mask [N], a slice.

        Raises:
            IndexError: an index is beyond the last image, as NumPy raises it.
        """
        return Split(self.images[indices], self.labels[indices])


def split_off(split: Split, count: int, seed: int = 0) -> tuple[Split, Split]:
    """Hold some images out.

    A permutation of all images is drawn with `np.random.default_rng(seed)`, and its first `count`
    are held out; both parts keep the order of `split`. The same N, count and seed always give the
    same parts.

    Args:
        split: N images.
        count: how many of them to hold out, 0 to N.
        seed: of the permutation.

    Returns:
        The rest, and the images that are held out.

    Raises:
        DataError: `count` is out of range.
    """
    if not 0 <= count <= len(split):
        raise DataError(f"cannot hold out {count:,} of {len(split):,} images")
    permutation = np.random.default_rng(seed).permutation(len(split))
    held_out, rest = np.sort(permutation[:count]), np.sort(permutation[count:])
    return split.take(rest), split.take(held_out)


def fingerprint(*splits: Split) -> str:
    """Compute a checksum of splits: of their contents, shapes, dtypes and order.

    Two runs whose data have the same fingerprint have seen the same images with the same labels.

    Returns:
        The SHA-256, 64 hex digits.
    """
    digest = hashlib.sha256()
    for split in splits:
        for array in (split.images, split.labels):
            digest.update(f"{array.dtype.str}{array.shape};".encode("ascii"))
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
