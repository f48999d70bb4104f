"""Handwritten digits with PaddlePaddle, a step at a time.

Importing this package sets the process up for fast training on a CPU (see `runtime.prepare`), so
import it before `paddle`.
"""

from paddle_mnist._version import __version__
from paddle_mnist.runtime import prepare

__all__ = ["__version__"]

prepare()
