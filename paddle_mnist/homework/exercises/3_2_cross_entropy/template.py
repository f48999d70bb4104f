import paddle
import paddle.nn.functional as F


def cross_entropy(logits: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """From scores [N, K] and labels [N] to the mean cross-entropy []."""
    ...
