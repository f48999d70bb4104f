import paddle


def dropout(values, rate, training):
    if not training:
        return values
    paddle.seed(0)
    mask = (paddle.rand(values.shape) >= rate).astype("float32")
    return values * mask / (1 - rate)
