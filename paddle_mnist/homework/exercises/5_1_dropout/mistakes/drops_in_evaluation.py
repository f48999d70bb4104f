import paddle


def dropout(values, rate, training):
    mask = (paddle.rand(values.shape) >= rate).astype("float32")
    return values * mask / (1 - rate)
