def backward(inputs, weights, upstream):
    count = len(inputs)
    return upstream @ weights.T, inputs.T @ upstream / count, upstream.mean(axis=0)
