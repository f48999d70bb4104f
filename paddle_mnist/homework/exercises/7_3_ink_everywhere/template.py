import numpy as np
from PIL import Image

from paddle_mnist.images import open_picture
from paddle_mnist.runs.course import course_folder


def load_picture(path):
    """From a picture file to uint8 [1, 28, 28], white ink on black as in MNIST."""
    picture = open_picture(path).convert("L")
    small = picture.resize((28, 28), Image.Resampling.LANCZOS)
    grey = np.asarray(small)  # [28, 28]
    return grey[np.newaxis]  # [1, 28, 28]


if __name__ == "__main__":
    image = load_picture(str(course_folder() / "work" / "example_7.jpg"))
    print("mean", round(float(image.mean())), "and border", image[0, 0, 0])
    for row in image[0, ::2, ::2]:
        print(*(f"{level:3}" for level in row))
