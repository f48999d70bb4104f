"""Where downloaded data lie on this computer: our own cache folder, and Paddle's.

Knows places only: it neither reads nor makes a folder.
"""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "PADDLE_MNIST_CACHE"


def cache_folder() -> Path:
    """Returns the folder into which MNIST is downloaded; it need not exist.

    It is the user's cache folder for `paddle_mnist` (on Linux `~/.cache/paddle_mnist`), or what the
    environment variable PADDLE_MNIST_CACHE says. Where nobody knows the user's home, it begins with
    a `~` and cannot be made.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(os.path.expanduser(named))
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("paddle_mnist"))
    except RuntimeError:  # so newer versions say what older ones say by the ~
        return Path("~", ".cache", "paddle_mnist")


def paddle_cache_folder() -> Path:
    """Returns the folder into which `paddle.vision.datasets.MNIST` downloads; it need not exist.

    Source: `paddle/dataset/common.py` of PaddlePaddle 3.3.1, DATA_HOME.
    """
    return Path(os.path.expanduser("~"), ".cache", "paddle", "dataset", "mnist")
