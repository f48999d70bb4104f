"""Where digits come from: `load_mnist` gives them as splits of images and labels."""

from __future__ import annotations

from paddle_mnist.data.labelled_pictures import (
    LabelledPicture,
    read_labels_csv,
    read_pictures_npz,
)
from paddle_mnist.data.mnist import Mnist, Source, load_mnist
from paddle_mnist.data.split import Split, fingerprint

__all__ = [
    "LabelledPicture",
    "Mnist",
    "Source",
    "Split",
    "fingerprint",
    "load_mnist",
    "read_labels_csv",
    "read_pictures_npz",
]
