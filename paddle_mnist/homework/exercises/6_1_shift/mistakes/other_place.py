import numpy as np


def shift(images, rows, columns):
    down, right = np.clip(rows, -28, 28), np.clip(columns, -28, 28)
    wide = np.pad(images, 28)
    moved = np.zeros_like(images)
    for number in range(len(images)):
        top, left = 28 - down[number], 28 - right[number]
        moved[number] = wide[number, top : top + 28, left : left + 28]
    return moved
