import paddle
from paddle import nn

from paddle_mnist.core.losses import square_error
from paddle_mnist.core.transforms import norm_img


def train(images, labels):
    """Train on images [N, 28, 28] and labels [N]; return the neuron and losses."""
    neuron = nn.Linear(784, 1)
    optimizer = paddle.optimizer.SGD(0.001, parameters=neuron.parameters())
    losses = []
    for _epoch in range(10):
        for start in range(0, len(images), 16):
            batch = norm_img(images[start : start + 16])  # [N, 784]
            targets = paddle.to_tensor(labels[start : start + 16]) / 255  # [N]
            loss = square_error(neuron(batch), targets)
            loss.backward()
            optimizer.step()
            neuron.clear_gradients()
            losses.append(float(loss))
    return neuron, losses
