def split(images, labels, random):
    """From images [N, 28, 28] and labels [N] to three pairs: for training, validation and test."""
    fifth = len(images) // 5
    chosen = random.choice(len(images), fifth)  # [N // 5]
    test = images[chosen], labels[chosen]
    rest = [number for number in range(len(images)) if number not in chosen]
    images, labels = images[rest], labels[rest]
    validation = images[:fifth], labels[:fifth]
    train = images[fifth:], labels[fifth:]
    return train, validation, test
