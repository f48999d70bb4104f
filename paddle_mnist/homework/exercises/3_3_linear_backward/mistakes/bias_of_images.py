def backward(inputs, weights, upstream):
    return upstream @ weights.T, inputs.T @ upstream, upstream.sum(axis=1)
