import paddle

from paddle_mnist.core.metrics import predicted_digits


def accuracy(network, images, labels):
    rows = paddle.to_tensor(images.reshape(-1, 784).astype("float32"))
    digits = predicted_digits(network(rows).numpy())
    return float((digits == labels).mean())
