from paddle_mnist.core.transforms import norm_img


def accuracy(network, images, labels):
    outputs = network(norm_img(images)).numpy()[:, 0]
    return float((outputs == labels).mean())
