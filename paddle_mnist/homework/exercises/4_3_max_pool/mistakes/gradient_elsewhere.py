def max_pool(pictures):
    count, channels, height, width = pictures.shape
    rows, columns = height // 2, width // 2
    even = pictures[:, :, : 2 * rows, : 2 * columns]
    squares = even.reshape([count, channels, rows, 2, columns, 2])
    largest = squares.max(axis=5).max(axis=3)
    mean = squares.mean(axis=[3, 5])
    return mean + (largest - mean).detach()
