def split(images, labels, random):
    """From images [N, 28, 28] and labels [N] to three pairs: for training, validation and test."""
    fifth = len(images) // 5
    order = random.permutation(len(images))  # [N]
    images, labels = images[order], labels[order]
    validation = images[:fifth], labels[:fifth]
    train = images[fifth:], labels[fifth:]
    test = images[-fifth:], labels[-fifth:]
    return train, validation, test
