import numpy as np
from PIL import Image

from paddle_mnist.images import open_picture


def load_picture(path):
    """From a picture file to uint8 [1, 28, 28], white ink on black as in MNIST."""
    picture = open_picture(path).convert("L")
    small = picture.resize((28, 28), Image.Resampling.LANCZOS)
    grey = np.asarray(small)  # [28, 28]
    grey = np.where(grey > 127, 255 - grey, grey)
    return grey[np.newaxis]  # [1, 28, 28]
