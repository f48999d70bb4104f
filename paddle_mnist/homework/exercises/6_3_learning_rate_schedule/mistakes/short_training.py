import math


def learning_rate(step, steps, highest):
    warm_up = steps // 10
    if step < warm_up:
        return highest * (step + 1) / warm_up
    z = (step - warm_up + 1) / (steps - warm_up)
    return highest * (1 + math.cos(math.pi * z)) / 2
