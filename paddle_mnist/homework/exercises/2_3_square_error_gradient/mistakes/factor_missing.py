def gradients(images, labels, weights, bias):
    errors = images @ weights + bias - labels.reshape(-1, 1)
    return images.T @ errors / len(images), errors.mean(axis=0)
