import paddle


def softmax(logits: paddle.Tensor) -> paddle.Tensor:
    """From scores [N, K] to probabilities [N, K]; each row adds up to 1."""
    # The largest score of each row becomes 0, so that no power is larger than 1.
    shifted = logits - logits.max(axis=1, keepdim=True)  # [N, K]
    powers = shifted.exp()  # [N, K]
    return powers / powers.sum(axis=1, keepdim=True)  # [N, K]
