def max_pool(pictures):
    count, channels, height, width = pictures.shape
    return pictures.reshape([count, channels, height // 2, width // 2, 4]).max(axis=4)
