import paddle


def dropout(values: paddle.Tensor, rate: float, training: bool) -> paddle.Tensor:
    """In training, drop each value of [N, D] with the probability `rate`: [N, D]."""
    if not training:
        return values
    # A random number from 0 to 1 is `rate` or more with the probability 1 - rate.
    mask = (paddle.rand(values.shape) >= rate).astype("float32")  # [N, D]
    # The division makes up for what is missing: the expected values stay the same.
    return values * mask / (1 - rate)  # [N, D]
