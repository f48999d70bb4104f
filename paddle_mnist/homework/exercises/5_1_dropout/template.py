import paddle


def dropout(values: paddle.Tensor, rate: float, training: bool) -> paddle.Tensor:
    """In training, set each of the values [N, D] to 0 with the probability `rate`: [N, D]."""
    ...
