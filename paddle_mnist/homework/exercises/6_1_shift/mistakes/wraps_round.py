import numpy as np


def shift(images, rows, columns):
    moved = np.zeros_like(images)
    for number in range(len(images)):
        down = np.roll(images[number], rows[number], axis=0)
        moved[number] = np.roll(down, columns[number], axis=1)
    return moved
