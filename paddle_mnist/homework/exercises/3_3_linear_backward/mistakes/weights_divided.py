def backward(inputs, weights, upstream):
    return upstream @ weights.T, inputs.T @ upstream / len(inputs), upstream.sum(axis=0)
