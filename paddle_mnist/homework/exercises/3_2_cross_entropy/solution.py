import paddle
import paddle.nn.functional as F


def cross_entropy(logits: paddle.Tensor, labels: paddle.Tensor) -> paddle.Tensor:
    """From scores [N, K] and labels [N] to the mean cross-entropy []."""
    # The largest score of each row becomes 0, so that no power is larger than 1.
    shifted = logits - logits.max(axis=1, keepdim=True)  # [N, K]
    # One of the powers is 1, so that the logarithm is never that of 0.
    log_sums = shifted.exp().sum(axis=1).log()  # [N]
    one_hot = F.one_hot(labels, logits.shape[1])  # [N, K]
    true_scores = (shifted * one_hot).sum(axis=1)  # [N]
    return (log_sums - true_scores).mean()  # []
