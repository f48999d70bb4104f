import paddle


def max_pool(pictures: paddle.Tensor) -> paddle.Tensor:
    """The largest of each 2 × 2 square: [N, C, H, W] to [N, C, H // 2, W // 2]."""
    count, channels, height, width = pictures.shape
    rows, columns = height // 2, width // 2
    # An odd last row or column belongs to no square.
    even = pictures[:, :, : 2 * rows, : 2 * columns]  # [N, C, 2 · rows, 2 · columns]
    squares = even.reshape([count, channels, rows, 2, columns, 2])
    # One axis after the other: over both at once, Paddle's gradient is wrong.
    return squares.max(axis=5).max(axis=3)  # [N, C, rows, columns]
