from paddle_mnist.metrics import predicted_digits
from paddle_mnist.transforms import norm_img


def accuracy(network, images, labels):
    digits = predicted_digits(network(norm_img(images)).numpy())
    return int((digits == labels).sum())
