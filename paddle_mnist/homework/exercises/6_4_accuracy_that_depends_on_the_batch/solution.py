import paddle

from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img


def evaluate(network, images, labels, batch_size):
    """The mean loss and the accuracy on images [N, 28, 28] with their labels [N]."""
    loss, right = 0.0, 0
    with paddle.no_grad():
        for start in range(0, len(images), batch_size):
            batch = norm_img(images[start : start + batch_size])  # [batch_size, 784]
            targets = labels[start : start + batch_size]  # [batch_size]
            logits = network(batch)  # [batch_size, 10]
            mean_loss = float(cross_entropy(logits, paddle.to_tensor(targets)))
            # A mean, times the number of images, is their sum again.
            loss += mean_loss * len(targets)
            digits = logits.numpy().argmax(axis=1)  # [batch_size]
            right += int((digits == targets).sum())
    return loss / len(images), right / len(images)
