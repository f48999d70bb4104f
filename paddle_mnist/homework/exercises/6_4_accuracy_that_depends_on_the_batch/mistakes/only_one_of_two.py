import paddle

from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img


def evaluate(network, images, labels, batch_size):
    """The mean loss and the accuracy on images [N, 28, 28] with their labels [N]."""
    losses, right = [], 0
    with paddle.no_grad():
        for start in range(0, len(images), batch_size):
            batch = norm_img(images[start : start + batch_size])  # [batch_size, 784]
            targets = labels[start : start + batch_size]  # [batch_size]
            logits = network(batch)  # [batch_size, 10]
            losses.append(float(cross_entropy(logits, paddle.to_tensor(targets))))
            digits = logits.numpy().argmax(axis=1)  # [batch_size]
            right += int((digits == targets).sum())
    return sum(losses) / len(losses), right / len(images)
