def gradients(images, labels, weights, bias):
    errors = images @ weights + bias - labels  # [N, N]
    weight_gradient = 2 / errors.size * images.T @ errors.sum(axis=1, keepdims=True)
    return weight_gradient, 2 * errors.mean().reshape(1)
