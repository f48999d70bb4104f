import math


def learning_rate(step, steps, highest):
    warm_up = max(1, steps // 10)
    top = warm_up - 1
    if step <= top:
        return highest * (step + 1) / warm_up
    z = (step - top) / (steps - 1 - top)
    return highest * (1 + math.cos(2 * math.pi * z)) / 2
