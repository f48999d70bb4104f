def gradients(images, labels, weights, bias):
    errors = labels.reshape(-1, 1) - (images @ weights + bias)
    return 2 / len(images) * images.T @ errors, 2 * errors.mean(axis=0)
