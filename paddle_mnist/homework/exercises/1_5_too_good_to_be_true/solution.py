def split(images, labels, random):
    """Divide [N, 28, 28] and [N] into three pairs: training, validation and test."""
    fifth = len(images) // 5
    order = random.permutation(len(images))  # [N]
    images, labels = images[order], labels[order]
    validation = images[:fifth], labels[:fifth]
    train = images[fifth:-fifth], labels[fifth:-fifth]
    test = images[-fifth:], labels[-fifth:]
    return train, validation, test
