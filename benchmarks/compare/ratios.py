"""What is made of measured times: ratios of neighbours, and the slope of a growth."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """How many times as much theirs is as ours, round by round.

    Whatever slows the machine down for a while slows both sides of a round down, so that a ratio
    within a round is calmer than one of two medians.

    Args:
        theirs: one number a round, above 0.
        ours: as many.

    Raises:
        ValueError: the counts differ, or there are none.
    """
    if len(theirs) != len(ours) or not ours:
        raise ValueError(f"{len(theirs)} and {len(ours)} rounds; expected as many, and at least 1")
    return [their / our for their, our in zip(theirs, ours)]


def described(values: Sequence[float], form: str = ".2f") -> str:
    """The median of some values with their range, as the tables have it."""
    low, high = format(min(values), form), format(max(values), form)
    middle = format(statistics.median(values), form)
    return middle if low == high else f"{middle} ({low}–{high})"


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent p of values = c · sizes^p, by least squares on logarithmic axes.

    1: twice the size takes twice as much; 0: it takes no more.

    Args:
        sizes: at least two different ones, above 0.
        values: one for each size, above 0.
    """
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    middle_x, middle_y = statistics.mean(x), statistics.mean(y)
    products = [(a - middle_x) * (b - middle_y) for a, b in zip(x, y)]
    return sum(products) / sum((a - middle_x) ** 2 for a in x)
