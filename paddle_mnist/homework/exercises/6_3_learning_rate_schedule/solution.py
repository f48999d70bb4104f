import math


def learning_rate(step: int, steps: int, highest: float) -> float:
    """The learning rate of a step (0 to steps - 1): up to the highest, down to 0."""
    warm_up = max(1, steps // 10)
    top = warm_up - 1  # the last step of the warm-up
    if step <= top:
        # + 1, because a first step with the rate 0 would be wasted.
        return highest * (step + 1) / warm_up
    z = (step - top) / (steps - 1 - top)
    return highest * (1 + math.cos(math.pi * z)) / 2
