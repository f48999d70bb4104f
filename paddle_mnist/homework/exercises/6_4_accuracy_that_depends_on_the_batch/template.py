from functools import partial

import paddle
from paddle import nn

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import set_seed


def evaluate(network, images, labels, batch_size):
    """The mean loss and the accuracy on images [N, 28, 28] with their labels [N]."""
    losses, accuracies = [], []
    with paddle.no_grad():
        for start in range(0, len(images), batch_size):
            batch = norm_img(images[start : start + batch_size])  # [batch_size, 784]
            targets = labels[start : start + batch_size]  # [batch_size]
            logits = network(batch)  # [batch_size, 10]
            losses.append(float(cross_entropy(logits, paddle.to_tensor(targets))))
            digits = logits.numpy().argmax(axis=1)  # [batch_size]
            accuracies.append(float((digits == targets).mean()))
    return sum(losses) / len(losses), sum(accuracies) / len(accuracies)


if __name__ == "__main__":
    mnist = load_mnist("sample")
    train, validation = mnist.train.take(slice(1000)), mnist.validation
    random = set_seed(0)
    network = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    adam = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    step = partial(train_step, network, cross_entropy, adam)
    fit(step, Batches(train, 50, random), epochs=3)
    for batch_size in (500, 498, 332, 128, 100):
        loss, accuracy = evaluate(network, validation.images, validation.labels, batch_size)
        print(f"batches of {batch_size}: loss {loss:.4f}, accuracy {accuracy:.2%}")
