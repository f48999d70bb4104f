import paddle

from paddle_mnist.core.transforms import norm_img


def evaluate(network, images, labels):
    """The share of images [N, 28, 28] that are read as their labels [N] say."""
    paddle.seed(0)
    right = 0
    with paddle.no_grad():
        for start in range(0, len(images), 100):
            outputs = network(norm_img(images[start : start + 100]))  # [100, 10]
            digits = outputs.numpy().argmax(axis=1)  # [100]
            right += int((digits == labels[start : start + 100]).sum())
    return right / len(images)
