"""MNIST as arrays in a folder, from which all frameworks read the same images."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_arrays(folder: Path, images: np.ndarray, labels: np.ndarray) -> str:
    """Write uint8 [N, 28, 28] and int64 [N]; returns the folder's name, as `read_arrays` takes it.

    N comes from the arrays.
    """
    folder.mkdir(exist_ok=True)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    return str(folder)


def read_arrays(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 [N, 28, 28] and labels int64 [N] of a folder."""
    return np.load(f"{folder}/images.npy"), np.load(f"{folder}/labels.npy")
