import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import set_seed


def build_network():
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def shuffled(values, random):
    """The values in a new random order."""
    return values[random.permutation(len(values))]


def train(images, labels, random):
    """Train on images [N, 28, 28] and labels [N]; return the network and losses."""
    network = build_network()
    optimizer = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    losses = []
    for _epoch in range(8):
        images = shuffled(images, random)
        labels = shuffled(labels, random)
        for start in range(0, len(images), 50):
            batch = norm_img(images[start : start + 50])  # [50, 784]
            targets = paddle.to_tensor(labels[start : start + 50])  # [50]
            loss = F.cross_entropy(network(batch), targets)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            losses.append(float(loss))
    return network, losses


if __name__ == "__main__":
    sample = load_mnist("sample").train.take(slice(1000))
    random = set_seed(0)
    network, losses = train(sample.images, sample.labels, random)
    digits = network(norm_img(sample.images)).numpy().argmax(axis=1)  # [1000]
    print(f"first loss {losses[0]:.3f}, last loss {losses[-1]:.3f}")
    print(f"read right: {(digits == sample.labels).mean():.1%} of the training images")
