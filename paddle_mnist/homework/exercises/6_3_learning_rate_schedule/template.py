import math


def learning_rate(step: int, steps: int, highest: float) -> float:
    """The learning rate of a step (0 to steps - 1): up to the highest, down to 0."""
    ...
