import numpy as np

from paddle_mnist.core.transforms import norm_img


def accuracy(network, images, labels):
    digits = np.clip(np.rint(network(norm_img(images)).numpy()), 0, 9)  # [N, 1]
    return float((digits == labels).mean())
