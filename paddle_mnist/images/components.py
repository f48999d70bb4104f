"""Connected components: the pieces of ink that hang together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np


# Arrays have no single truth value, so a generated == would fail: equality stays that of objects.
@dataclass(frozen=True, eq=False)
class Component:
    """One piece of ink, in the rows `top` to `bottom` - 1 and the columns `left` to `right` - 1.

    Attributes:
        pixels: bool [H, W], where it is in the whole picture.
        ink: the sum of its levels.
    """

    pixels: np.ndarray
    ink: float
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """How many rows it spans."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """How many columns it spans."""
        return self.right - self.left


def connected_components(levels: np.ndarray, mask: np.ndarray) -> list[Component]:
    """Find the pieces of a mask; pixels that touch, corners too, belong together.

    Args:
        levels: uint8 [H, W], to sum up the ink of each piece.
        mask: bool [H, W].

    Returns:
        The pieces, from above to below.
    """
    labels = label_pieces(mask)
    pieces = []
    for label in range(1, int(labels.max(initial=0)) + 1):
        pixels = labels == label
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        box = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
        pieces.append(Component(pixels, float(levels[pixels].sum()), *box))
    return pieces


def label_pieces(mask: np.ndarray) -> np.ndarray:
    """Number the pieces of a mask, row by row.

    Runs of neighbouring pixels get the number of a run above that they touch. Where a run touches
    several numbers, these are noted to be one piece (Rosenfeld and Pfaltz, Sequential operations
    in digital picture processing, Journal of the ACM 13(4), 1966).

    Args:
        mask: bool [H, W].

    Returns:
        int64 [H, W]: 0 outside of the mask, 1, 2, 3 … in the pieces.
    """
    labels = np.zeros(mask.shape, np.int64)
    same_as = [0]  # same_as[label] is a lower label of the same piece, or the label itself
    above: list[tuple[int, int, int, int]] = []  # row, start, end, label

    def lowest(label: int) -> int:
        while same_as[label] != label:
            label = same_as[label]
        return label

    for row, runs in itertools.groupby(_runs(mask), key=lambda run: run[0]):
        current = []
        for _, start, end in runs:
            touched = [
                lowest(label)
                for above_row, left, right, label in above
                if above_row == row - 1 and left <= end and right >= start
            ]
            label = min(touched, default=len(same_as))
            if not touched:
                same_as.append(label)
            for other in touched:
                same_as[other] = label
            labels[row, start:end] = label
            current.append((row, start, end, label))
        above = current
    _, dense = np.unique([lowest(label) for label in range(len(same_as))], return_inverse=True)
    return dense[labels]


def _runs(mask: np.ndarray) -> list[tuple[int, int, int]]:
    """The runs of true values in each row, as row and [start, end), from above to below."""
    changes = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)  # [H, W + 1]
    rows, starts = np.nonzero(changes == 1)
    _, ends = np.nonzero(changes == -1)
    return list(zip(rows.tolist(), starts.tolist(), ends.tolist()))
