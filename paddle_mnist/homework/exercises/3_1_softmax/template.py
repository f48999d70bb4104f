import paddle


def softmax(logits: paddle.Tensor) -> paddle.Tensor:
    """From scores [N, K] to probabilities [N, K]; each row adds up to 1."""
    ...
