import paddle


def max_pool(pictures: paddle.Tensor) -> paddle.Tensor:
    """The largest of each 2 × 2 square: [N, C, H, W] to [N, C, H // 2, W // 2]."""
    ...
