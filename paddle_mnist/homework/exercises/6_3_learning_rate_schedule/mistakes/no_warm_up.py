import math


def learning_rate(step, steps, highest):
    z = step / max(1, steps - 1)
    return highest * (1 + math.cos(math.pi * z)) / 2
