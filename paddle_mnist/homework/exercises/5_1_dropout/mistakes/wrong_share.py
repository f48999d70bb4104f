import paddle


def dropout(values, rate, training):
    if not training:
        return values
    mask = (paddle.rand(values.shape) > rate / 2).astype("float32")
    return values * mask / (1 - rate)
