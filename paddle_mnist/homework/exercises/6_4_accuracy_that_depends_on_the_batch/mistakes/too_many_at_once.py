import paddle

from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img


def evaluate(network, images, labels, batch_size):
    """The mean loss and the accuracy on images [N, 28, 28] with their labels [N]."""
    with paddle.no_grad():
        logits = network(norm_img(images))  # [N, 10]
        loss = float(cross_entropy(logits, paddle.to_tensor(labels)))
    return loss, float((logits.numpy().argmax(axis=1) == labels).mean())
