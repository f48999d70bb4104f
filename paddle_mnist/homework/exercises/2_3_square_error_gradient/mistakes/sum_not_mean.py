def gradients(images, labels, weights, bias):
    errors = images @ weights + bias - labels.reshape(-1, 1)
    return 2 * images.T @ errors, 2 * errors.sum(axis=0)
