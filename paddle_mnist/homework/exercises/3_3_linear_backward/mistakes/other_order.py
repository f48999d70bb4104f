def backward(inputs, weights, upstream):
    return inputs.T @ upstream, upstream.sum(axis=0), upstream @ weights.T
