import paddle
from paddle import nn


def training_step(
    network: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    images: paddle.Tensor,
    labels: paddle.Tensor,
) -> float:
    """One step on images [N, 784] and labels [N]; return the loss before it."""
    predictions = network(images)  # [N, 1]
    # float32 and a column, as the predictions are: then each meets its own label.
    targets = labels.astype("float32").reshape([-1, 1])  # [N, 1]
    loss = ((predictions - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
    # The next backward would add its gradients to these.
    optimizer.clear_grad()
    return float(loss)
