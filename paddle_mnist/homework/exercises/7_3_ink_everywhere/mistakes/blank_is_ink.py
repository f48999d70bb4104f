import numpy as np
from PIL import Image

from paddle_mnist.images import open_picture


def load_picture(path):
    """From a picture file to uint8 [1, 28, 28], white ink on black as in MNIST."""
    picture = open_picture(path).convert("L")
    small = picture.resize((28, 28), Image.Resampling.LANCZOS)
    grey = np.asarray(small)  # [28, 28]
    paper = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    darkest, lightest = np.percentile(grey, [0.1, 99.9])
    paper_is_light = paper - darkest > lightest - paper
    return (255 - grey if paper_is_light else grey)[np.newaxis]  # [1, 28, 28]
