def backward(inputs, weights, upstream):
    return upstream @ weights.T, upstream.T @ inputs, upstream.sum(axis=0)
