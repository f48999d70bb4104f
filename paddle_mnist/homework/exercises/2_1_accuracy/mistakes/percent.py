from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.core.transforms import norm_img


def accuracy(network, images, labels):
    digits = predicted_digits(network(norm_img(images)).numpy())
    return float((digits == labels).mean() * 100)
