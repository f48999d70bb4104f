"""Figures from what the others return. All text is English, so that no font is missing.

Figures are made without pyplot, so that none stays open and no screen is needed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.data.class_names import DIGITS, are_digits
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.files import read_bounded, refuse_overwrite, write_file, writing

ENDINGS = (".png", ".svg", ".pdf")
_SIGNATURE = b"https://matplotlib.org"  # Matplotlib writes it into files of each of these kinds
_LARGEST_DRAWING = 50_000_000  # bytes; some 100,000 are usual
_MARKERS = "os^vDPX*<>"  # of points that belong to different networks
_SHADES = " .:-=+*#%@"  # dark to light, for drawing pixels with characters


def plot_history(history: Sequence[dict[str, Any]], title: str = "") -> Figure:
    """Draw training and validation loss and accuracy, from rows as `loop.fit` returns them."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    epochs = [row["epoch"] for row in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        axes.plot(epochs, [row[name] for row in history], "o-", label="training")
        measured = [row for row in history if f"validation_{name}" in row]
        if measured:
            values = [row[f"validation_{name}"] for row in measured]
            axes.plot([row["epoch"] for row in measured], values, "s--", label="validation")
        if name == "loss":
            _draw_within_epochs(axes, history)
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    return figure


def _draw_within_epochs(axes: Axes, history: Sequence[dict[str, Any]]) -> None:
    places: list[float] = []
    losses: list[float] = []
    for row in history:
        parts = row.get("losses") or ()
        places += [row["epoch"] - 1 + (part + 1) / len(parts) for part in range(len(parts))]
        losses += parts
    if places:
        axes.plot(places, losses, color="tab:blue", alpha=0.4, label="training, within an epoch")


def plot_digits(
    images: np.ndarray, titles: Sequence[str] = (), columns: int = 8, title: str = ""
) -> Figure:
    """Draw a grid of digits, [N, 28, 28], white ink on black, under N titles or none."""
    grey = {"cmap": "gray", "vmin": 0, "vmax": 255}
    figure, _grid = _draw_grid(images, titles, columns, grey)
    figure.suptitle(title)
    return figure


def plot_weights(
    weights: np.ndarray, titles: Sequence[str] = (), columns: int = 8, title: str = ""
) -> Figure:
    """Draw a grid of weights, or of anything else that may be below 0: red above 0, blue below.

    All, [N, H, W] with N at least 1, share one scale of colours, on which white is 0.
    """
    limit = float(np.abs(weights).max()) or 1.0
    # Matplotlib would blur small pictures, and each weight is one square.
    scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    side = max(1.25, 4 / min(columns, len(weights)))  # a single picture may be large
    figure, grid = _draw_grid(weights, titles, columns, scale, side, 0.8)
    figure.colorbar(figure.axes[0].images[0], ax=grid, shrink=0.8)
    figure.suptitle(title)
    return figure


def _draw_grid(
    pictures: np.ndarray,
    titles: Sequence[str],
    columns: int,
    style: dict[str, Any],
    side: float = 1.25,
    room: float = 0,
) -> tuple[Figure, np.ndarray]:
    """Draw pictures `side` inches wide, with room beside them; also return all axes."""
    columns = max(1, min(columns, len(pictures)))
    rows = max(1, -(-len(pictures) // columns))
    size = (side * columns + room, (side + 0.25) * rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:  # the parts of the last row that have no picture stay empty
        axes.axis("off")
    for index, (axes, picture) in enumerate(zip(grid.flat, pictures)):
        axes.imshow(picture, **style)
        if titles:
            axes.set_title(titles[index], fontsize=9)
    return figure, grid


def plot_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    x: Sequence[float] | None = None,
    title: str = "",
) -> Figure:
    """Draw named curves into one picture; their values stand at `x`, or else at 1, 2 and so on."""
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        places = range(1, len(values) + 1) if x is None else x
        # With many points the marks would hide the line.
        axes.plot(places, values, "o-" if len(values) <= 30 else "-", markersize=4, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if x is None:
        axes.locator_params("x", integer=True)
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend()
    return figure


def plot_confusion(
    matrix: np.ndarray, title: str = "", class_names: Sequence[str] = DIGITS
) -> Figure:
    """Draw a matrix of `confusion_matrix`; the darker, the more frequent the mistake."""
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    # The diagonal, what was read right, would outshine everything else.
    mistakes = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1, mistakes.max()))
    for true, row in enumerate(matrix):
        for read, count in enumerate(row):
            style: dict[str, Any] = {"weight": "bold"} if true == read else {}
            if mistakes[true, read] > mistakes.max() / 2:
                style["color"] = "white"  # on a dark field
            text = str(count) if count else ""
            axes.text(read, true, text, ha="center", va="center", fontsize=9, **style)
    names = [_literal(name) for name in class_names]
    axes.set_xticks(range(len(matrix)), names)
    axes.set_yticks(range(len(matrix)), names)
    axes.set(xlabel="read as", ylabel="true digit")
    if not are_digits(class_names):
        axes.set_ylabel("true class")
        axes.tick_params("x", rotation=60)
    figure.suptitle(title)
    return figure


def plot_mistakes(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    count: int = 32,
    class_names: Sequence[str] = DIGITS,
) -> Figure:
    """Draw the worst mistakes: those in which the network gave the truth the least.

    Args:
        images: uint8 [N, 28, 28].
        labels: int64 [N], the true digits.
        probabilities: float32 [N, 10]; of the linear stage, the numbers [N, 1] that it gave.
        count: how many to draw at most.
        class_names: what the ten classes are called.
    """
    digits = predicted_digits(probabilities)
    wrong = np.flatnonzero(digits != labels)
    if probabilities.shape[1] > 1:
        belief = probabilities[wrong, labels[wrong]]
        given = [f"{row.max():.0%}" for row in probabilities]
    else:
        belief = -np.abs(probabilities[wrong, 0] - labels[wrong])
        given = [f"{number:.1f}" for number in probabilities[:, 0]]
    worst = wrong[np.argsort(belief, kind="stable")][:count]
    # Names are longer than digits, and need a line each.
    between = " read as " if are_digits(class_names) else "\nread as "
    titles = [
        _literal(f"{class_names[labels[i]]}{between}{class_names[digits[i]]}\n") + given[i]
        for i in worst
    ]
    title = f"the worst {len(worst)} of {len(wrong)} mistakes" if len(wrong) else "no mistakes"
    return plot_digits(images[worst], titles, title=title)


def plot_readings(
    images: np.ndarray, digits: Sequence[int], probabilities: Sequence[np.ndarray | None]
) -> Figure:
    """Draw what the network saw of each picture, and the probabilities that it gave.

    Args:
        images: uint8 [N, 28, 28].
        digits: N digits that were read.
        probabilities: N arrays [10], or None where a network has none.
    """
    columns = min(3, len(images))
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(4.2 * columns, 1.7 * rows), layout="constrained")
    grid = figure.subplots(rows, 2 * columns, squeeze=False, width_ratios=columns * (1, 1.6))
    for axes in grid.flat:
        axes.axis("off")
    pairs = grid.reshape(-1, 2)  # [rows, 2 * columns] -> [rows * columns, 2]
    for (picture, bars), image, digit, row in zip(pairs, images, digits, probabilities):
        picture.imshow(image, cmap="gray", vmin=0, vmax=255)
        picture.set_title(f"read as {digit}", fontsize=10)
        if row is not None:
            bars.axis("on")
            bars.bar(range(len(row)), row)
            bars.set(xticks=range(len(row)), ylim=(0, 1.02), yticks=(0, 0.5, 1))
            bars.set_title("probability", fontsize=8)
            bars.tick_params(labelsize=7)
    return figure


def plot_preparation(pictures: Sequence[Mapping[str, Any]], titles: Sequence[str] = ()) -> Figure:
    """Draw pictures after every step of their preparation, one row for each picture.

    Args:
        pictures: of each, the name of the step → the picture after it, as `images.explain` returns
            them: Pillow's pictures, or uint8 [H, W]; all with the same steps.
        titles: one at the left of each row, or none.
    """
    names = list(pictures[0])
    size = (1.15 * len(names), 1.3 * len(pictures) + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(pictures), len(names), squeeze=False)
    for index, (row, steps) in enumerate(zip(grid, pictures)):
        for axes, name in zip(row, names):
            # Without transparency, one sees the colours that lie under it.
            step = steps[name]
            pixels = np.asarray(step if isinstance(step, np.ndarray) else step.convert("RGB"))
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            if index == 0:
                in_lines = re.sub("([^_]+_[^_]+)_", r"\1\n", name)  # of two words
                axes.set_title(in_lines, fontsize=7)
        if titles:
            row[0].set_ylabel(_literal(titles[index]), fontsize=7)
    return figure


def _literal(text: str) -> str:
    """Keep Matplotlib from taking what is between two $, in names from elsewhere, for a formula."""
    return text.replace("$", r"\$")


def plot_reliability(curves: Mapping[str, Sequence[Mapping[str, Any]]], title: str = "") -> Figure:
    """Draw accuracy against confidence, and how many readings have each confidence.

    Each curve is a name and rows with count, confidence and accuracy, as `calibration.Bin` has
    them; rows without readings are left out.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="gray", linewidth=1, label="right as often as it says")
    for name, rows in curves.items():
        filled = [row for row in rows if row["count"]]
        confidence = [row["confidence"] for row in filled]
        left.plot(confidence, [row["accuracy"] for row in filled], "o-", markersize=4, label=name)
        right.plot(confidence, [row["count"] for row in filled], "o-", markersize=4, label=name)
    left.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(-0.02, 1.02))
    # Nearly all readings are nearly sure.
    right.set(xlabel="confidence", ylabel="readings", xlim=(0, 1.02), yscale="log")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    return figure


def plot_robustness(
    accuracies: Mapping[str, Mapping[str, Mapping[float, float]]],
    units: Mapping[str, str],
    title: str = "",
) -> Figure:
    """Draw the accuracy under each disturbance, a panel for each, with a line for each network.

    Args:
        accuracies: the name of each network → the name of each disturbance → its strengths, and
            the accuracy at each.
        units: the name of each disturbance, and what its strengths count.
        title: above the figure.
    """
    columns = min(2, len(units))
    rows = -(-len(units) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.1 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (name, unit) in zip(panels, units.items()):
        for network, found in accuracies.items():
            strengths, values = zip(*found[name].items())
            axes.plot(strengths, values, "o-", markersize=3, label=network)
        axes.set(title=name, xlabel=unit, xticks=strengths, ylabel="accuracy", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    lines, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside right center")
    figure.suptitle(title)
    return figure


def plot_ladder(rows: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the error of several recipes against their parameters, and against their minutes.

    Args:
        rows: the name of each, and its parameters, minutes, errors (in %, one for each seed), and
            source_error (in %, or None where the source gives none for the test images).
    """
    figure = Figure(figsize=(10, 6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("parameters", "minutes")):
        for number, (label, row) in enumerate(rows.items(), start=1):
            style = {"color": f"C{number % 10}", "marker": _MARKERS[number % len(_MARKERS)]}
            mean = float(np.mean(row["errors"]))
            # The mean of equal numbers may lie beside them, by a rounding error.
            ends = np.abs([[mean - min(row["errors"])], [max(row["errors"]) - mean]])
            axes.errorbar(
                row[name], mean, yerr=ends, capsize=3, ls="", label=f"{number} {label}", **style
            )
            place = {"xytext": (8, 3), "textcoords": "offset points", "fontsize": 8}
            axes.annotate(str(number), (row[name], mean), color=style["color"], **place)
            # The sources give no training times.
            if name == "parameters" and row["source_error"] is not None:
                hollow = {"markersize": 11, "fillstyle": "none", "ls": ""}
                axes.plot(row[name], row["source_error"], **hollow, **style)
        errors = [error for row in rows.values() for error in row["errors"]]
        axes.set(xscale=_scale_for([row[name] for row in rows.values()]), yscale=_scale_for(errors))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)
        axes.grid(alpha=0.3, which="minor", axis="y")
    panels[0].set(xlabel="parameters", ylabel="error on the test images, %")
    panels[1].set(xlabel="minutes of training")
    panels[1].xaxis.set_major_formatter("{x:g}")
    if rows:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("filled: mean and range over the seeds; hollow: the source's figure")
    return figure


def _scale_for(values: Sequence[float]) -> str:
    # Zero has no place on a logarithmic axis, so one without a positive value cannot be drawn.
    return "log" if any(value > 0 for value in values) else "linear"


def draw_in_terminal(image: np.ndarray) -> str:
    """Draw uint8 [28, 28] with characters, two for each pixel, as a terminal's are narrow."""
    shades = image.astype(int) * (len(_SHADES) - 1) // 255
    return "\n".join("".join(2 * _SHADES[shade] for shade in row).rstrip() for row in shades)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure into a new file or over an old one; its ending is one of ENDINGS.

    Raises:
        RunError: the file cannot be written, or its ending is unknown.
    """
    content = io.BytesIO()
    with writing(path, RunError):
        figure.savefig(content, format=path.suffix[1:] or "png", dpi=120)
    write_file(path, content.getvalue(), RunError)


def check_plot_file(path: Path) -> None:
    """Refuse, by a UsageError, to draw into a file that holds anything but an earlier drawing."""
    refuse_overwrite(path, _is_drawn_by_matplotlib, "a drawing of this command", "steps.png")
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path} has the ending {path.suffix!r}; name a file to draw into that ends in "
            f"{', '.join(ENDINGS)}"
        )


def _is_drawn_by_matplotlib(path: Path) -> bool:
    try:
        return _SIGNATURE in read_bounded(path, _LARGEST_DRAWING)
    except OSError:
        return False
