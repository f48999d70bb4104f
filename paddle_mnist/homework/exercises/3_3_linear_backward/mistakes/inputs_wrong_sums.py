def backward(inputs, weights, upstream):
    return upstream @ weights, inputs.T @ upstream, upstream.sum(axis=0)
