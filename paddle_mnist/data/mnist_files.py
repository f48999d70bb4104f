"""The four published files of MNIST: their names, their checksums, and whether a file is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddle_mnist.data.idx import StrPath, content_sha256, read_images, read_labels
from paddle_mnist.data.split import Split
from paddle_mnist.system.errors import DataError

TRAIN_IMAGES = "train-images-idx3-ubyte"

# SHA-256 of the unpacked files, since each mirror wraps them in another gzip file. They were
# computed from files whose MD5 are those of the published ones: 6bbc9ace898e44ae57da46a324031adb,
# a25bea736e30d166cdddb491f175f624, 2646ac647ad5339dbf082846283269ea and
# 27ae3e4e09519cfbb04c329615203637, in this order.
SHA256 = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def read_original(path: Path, name: str) -> np.ndarray:
    """Read one file of MNIST, named as in SHA256, and make sure that it is the published one.

    Returns:
        Images uint8 [N, 28, 28] or labels int64 [N].

    Raises:
        DataError: the file cannot be read, or its unpacked content has another SHA-256.
    """
    array = read_images(path) if "images" in name else read_labels(path)
    found = content_sha256(array)
    if found != SHA256[name]:
        raise DataError(
            f"{path} is not MNIST's {name}: its unpacked content has the SHA-256 {found[:12]}…, "
            f"expected {SHA256[name][:12]}…; delete it, and it is fetched again"
        )
    return array


def read_originals(folder: StrPath) -> tuple[Split, Split]:
    """Read all of MNIST, to train on and to test on, from the four gzipped files in a folder.

    Raises:
        DataError: a file is missing or is not the published one.
    """
    arrays = [read_original(Path(folder, f"{name}.gz"), name) for name in SHA256]
    return Split(*arrays[:2]), Split(*arrays[2:])
