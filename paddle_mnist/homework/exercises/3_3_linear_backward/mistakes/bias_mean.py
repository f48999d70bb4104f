def backward(inputs, weights, upstream):
    return upstream @ weights.T, inputs.T @ upstream, upstream.mean(axis=0)
