def backward(inputs, weights, upstream):
    return upstream @ weights.T, inputs @ upstream, upstream.sum(axis=0)
