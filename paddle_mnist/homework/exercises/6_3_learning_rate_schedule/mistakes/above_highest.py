import math


def learning_rate(step, steps, highest):
    warm_up = max(1, steps // 10)
    if step <= warm_up:
        return highest * (step + 1) / warm_up
    z = (step - warm_up) / (steps - 1 - warm_up)
    return highest * (1 + math.cos(math.pi * z)) / 2
