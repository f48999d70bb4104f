import paddle
from paddle import nn


def training_step(
    network: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    images: paddle.Tensor,
    labels: paddle.Tensor,
) -> float:
    """One step on images [N, 784] and labels [N]; return the loss before it."""
    ...
