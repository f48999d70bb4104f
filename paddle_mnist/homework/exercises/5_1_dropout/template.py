import paddle


def dropout(values: paddle.Tensor, rate: float, training: bool) -> paddle.Tensor:
    """In training, drop each value of [N, D] with the probability `rate`: [N, D]."""
    ...
