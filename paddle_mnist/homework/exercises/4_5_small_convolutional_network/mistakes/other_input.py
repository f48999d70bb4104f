import paddle
from paddle import nn

from paddle_mnist.core.losses import cross_entropy


def build_and_train(images, labels):
    network = nn.Sequential(
        nn.Conv2D(1, 4, 5, stride=2),  # [N, 4, 12, 12]
        nn.ReLU(),
        nn.Flatten(),  # [N, 576]
        nn.Linear(576, 10),
    )
    optimizer = paddle.optimizer.Adam(0.005, parameters=network.parameters())
    for start in range(0, 2000, 50):
        pictures = images[start : start + 50, None].astype("float32") / 255  # [50, 1, 28, 28]
        outputs = network(paddle.to_tensor(pictures))  # [50, 10]
        loss = cross_entropy(outputs, paddle.to_tensor(labels[start : start + 50]))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
    return network
