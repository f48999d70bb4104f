import paddle
from paddle import nn

from paddle_mnist.core.losses import square_error
from paddle_mnist.data import load_mnist


def train(images, labels):
    """Train on images [N, 28, 28] and labels [N]; return the neuron and losses."""
    neuron = nn.Linear(784, 1)
    optimizer = paddle.optimizer.SGD(0.001, parameters=neuron.parameters())
    losses = []
    for _epoch in range(10):
        for start in range(0, len(images), 16):
            pictures = paddle.to_tensor(images[start : start + 16])  # [N, 28, 28]
            batch = pictures.astype("float32").reshape([-1, 784])  # [N, 784]
            targets = paddle.to_tensor(labels[start : start + 16])  # [N]
            loss = square_error(neuron(batch), targets)
            loss.backward()
            optimizer.step()
            neuron.clear_gradients()
            losses.append(float(loss))
    return neuron, losses


if __name__ == "__main__":
    sample = load_mnist("sample").train.take(slice(1000))
    neuron, losses = train(sample.images, sample.labels)
    for step in range(16):
        print(f"step {step:2d}: loss {losses[step]:.4g}")
