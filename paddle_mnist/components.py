"""Connected components: the pieces of ink that hang together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Component:
    """One piece of ink.

    Attributes:
        pixels: bool [H, W], where it is.
        ink: the sum of its levels.
        top: its first row.
        bottom: the row after its last.
        left: its first column.
        right: the column after its last.
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
    above: list[tuple[int, int, int]] = []

    def lowest(label: int) -> int:
        while same_as[label] != label:
            label = same_as[label]
        return label

    for row, row_mask in enumerate(mask):
        current = []
        for start, end in _runs(row_mask):
            touched = [
                lowest(label) for left, right, label in above if left <= end and right >= start
            ]
            label = min(touched, default=len(same_as))
            if not touched:
                same_as.append(label)
            for other in touched:
                same_as[other] = label
            labels[row, start:end] = label
            current.append((start, end, label))
        above = current
    _, dense = np.unique([lowest(label) for label in range(len(same_as))], return_inverse=True)
    return dense[labels]


def _runs(row: np.ndarray) -> list[tuple[int, int]]:
    """The runs of true values in a row, as [start, end)."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in zip(changes[::2], changes[1::2])]
