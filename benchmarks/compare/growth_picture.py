"""The picture of growth: time and memory against images, batch size and threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from compare.ratios import slope

LABELS = {"seconds": "seconds", "peak": "peak memory, MiB"}


def draw_growth(found: Mapping[str, Any]) -> Figure:
    """Draw what the section `growth` of the results has; sizes and seconds on logarithmic axes.

    Args:
        found: stage → axis → points with size, seconds and peak.
    """
    axes_names = list(next(iter(found.values())))
    figure = Figure(figsize=(4 * len(axes_names), 6), layout="constrained")
    panels = figure.subplots(len(LABELS), len(axes_names), squeeze=False)
    for row, (what, label) in zip(panels, LABELS.items()):
        for axes, name in zip(row, axes_names):
            for stage, growths in found.items():
                sizes = [point["size"] for point in growths[name]]
                values = [point[what] for point in growths[name]]
                text = f"{stage}: slope {slope(sizes, values):.2f}"
                axes.plot(sizes, values, "o-", markersize=4, label=text)
            axes.set(xscale="log", xlabel=name, ylabel=label)
            if what == "seconds":
                axes.set_yscale("log")
            else:  # it hardly grows, and a part of a decade would have no numbers beside it
                axes.set_ylim(bottom=0)
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30)
            axes.minorticks_off()
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
    return figure
