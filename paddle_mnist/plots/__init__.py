"""Pictures of what the other rooms return."""

from __future__ import annotations

from paddle_mnist.plots.figures import (
    check_plot_file,
    draw_in_terminal,
    plot_confusion,
    plot_curves,
    plot_digits,
    plot_history,
    plot_ladder,
    plot_mistakes,
    plot_preparation,
    plot_readings,
    plot_reliability,
    plot_robustness,
    plot_weights,
    save_figure,
)

__all__ = [
    "check_plot_file",
    "draw_in_terminal",
    "plot_confusion",
    "plot_curves",
    "plot_digits",
    "plot_history",
    "plot_ladder",
    "plot_mistakes",
    "plot_preparation",
    "plot_readings",
    "plot_reliability",
    "plot_robustness",
    "plot_weights",
    "save_figure",
]
