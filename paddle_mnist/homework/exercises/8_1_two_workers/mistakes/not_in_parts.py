def gradient_in_parts(gradient_of, images, labels, workers):
    return gradient_of(images, labels)
