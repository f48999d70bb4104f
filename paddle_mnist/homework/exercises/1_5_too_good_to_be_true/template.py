import numpy as np

from paddle_mnist.data import load_mnist


def split(images, labels, random):
    """Divide [N, 28, 28] and [N] into three pairs: training, validation and test."""
    fifth = len(images) // 5
    order = random.permutation(len(images))  # [N]
    images, labels = images[order], labels[order]
    validation = images[:fifth], labels[:fifth]
    train = images[fifth:], labels[fifth:]
    test = images[-fifth:], labels[-fifth:]
    return train, validation, test


def accuracy(train, part):
    """The share of a part that is read right by the nearest training picture."""
    train_images, train_labels = train
    images, labels = part
    rows = train_images.reshape(-1, 784).astype("float32")  # [M, 784]
    right = 0
    for image, label in zip(images, labels):
        distances = ((rows - image.reshape(784)) ** 2).sum(axis=1)  # [M]
        right += train_labels[distances.argmin()] == label
    return right / len(images)


if __name__ == "__main__":
    sample = load_mnist("sample").train.take(slice(1003))
    random = np.random.default_rng(0)
    train, validation, test = split(sample.images, sample.labels, random)
    print(f"{len(train[0])}, {len(validation[0])} and {len(test[0])} pictures")
    print(f"validation pictures read right: {accuracy(train, validation):.1%}")
    print(f"test pictures read right:       {accuracy(train, test):.1%}")
