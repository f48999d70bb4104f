"""Any picture of a digit becomes the same 28×28 pixels, white ink on black."""

from __future__ import annotations

from paddle_mnist.images.opening import open_picture
from paddle_mnist.images.preparation import explain, load_image, load_image_plain

__all__ = ["explain", "load_image", "load_image_plain", "open_picture"]
