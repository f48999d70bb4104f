import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_mnist.core.transforms import norm_img


def build_network():
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def train(images, labels, random):
    """Train on images [N, 28, 28] and labels [N]; return the network and losses."""
    network = build_network()
    optimizer = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    losses = []
    random.permutation(len(images))
    for epoch in range(8):
        order = np.random.default_rng(epoch).permutation(len(images))  # [N]
        images, labels = images[order], labels[order]
        for start in range(0, len(images), 50):
            batch = norm_img(images[start : start + 50])  # [50, 784]
            targets = paddle.to_tensor(labels[start : start + 50])  # [50]
            loss = F.cross_entropy(network(batch), targets)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            losses.append(float(loss))
    return network, losses
