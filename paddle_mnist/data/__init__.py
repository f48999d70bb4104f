"""Where digits come from: `load_mnist` gives them as splits of images and labels."""

from __future__ import annotations

from paddle_mnist.data.mnist import Mnist, Source, load_mnist
from paddle_mnist.data.split import Split, fingerprint

__all__ = ["Mnist", "Source", "Split", "fingerprint", "load_mnist"]
