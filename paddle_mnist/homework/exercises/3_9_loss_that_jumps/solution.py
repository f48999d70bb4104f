import paddle
import paddle.nn.functional as F
from paddle import nn

from paddle_mnist.core.transforms import norm_img


class Network(nn.Layer):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, images):
        hidden = F.relu(self.hidden(images))  # [N, 64]
        return self.output(hidden)  # [N, 10]


def train(images, labels):
    """Train on images [N, 28, 28] and labels [N]; return the network and losses."""
    network = Network()
    optimizer = paddle.optimizer.SGD(0.1, parameters=network.parameters())
    losses = []
    for _epoch in range(8):
        for start in range(0, len(images), 50):
            batch = norm_img(images[start : start + 50])  # [50, 784]
            targets = paddle.to_tensor(labels[start : start + 50])  # [50]
            loss = F.cross_entropy(network(batch), targets)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad()
            losses.append(float(loss))
    return network, losses
