import paddle


def dropout(values, rate, training):
    if not training:
        return values
    mask = (paddle.rand(values.shape) < rate).astype("float32")
    return values * mask / rate
