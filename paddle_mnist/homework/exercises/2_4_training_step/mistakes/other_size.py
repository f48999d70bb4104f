import paddle

from paddle_mnist.core.losses import square_error


def training_step(network, optimizer, images, labels):
    optimizer = paddle.optimizer.SGD(0.001, parameters=network.parameters())
    loss = square_error(network(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    return float(loss)
