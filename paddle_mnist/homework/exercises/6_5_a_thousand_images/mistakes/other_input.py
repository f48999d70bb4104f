import paddle
from paddle import nn

from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.stages import build_network
from paddle_mnist.core.transforms import norm_img


class Reader(nn.Layer):
    def __init__(self):
        super().__init__()
        self.network = build_network("cnn")

    def forward(self, images):
        return self.network(norm_img(images))  # [N, 10]


def build_and_train(images, labels):
    network = Reader()
    optimizer = paddle.optimizer.Adam(0.003, parameters=network.parameters())
    for start in range(0, len(images), 50):
        outputs = network(images[start : start + 50])  # [50, 10]
        loss = cross_entropy(outputs, paddle.to_tensor(labels[start : start + 50]))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
    return network
