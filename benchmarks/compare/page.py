"""The tables of benchmarks/README.md, made from `compare.json`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compare.goals import (
    Line,
    accuracy,
    lines_of_evaluating,
    lines_of_growth,
    lines_of_linear,
    lines_of_memory,
    lines_of_ninety_nine,
    lines_of_picture,
    lines_of_training,
    whole,
)
from compare.ratios import described

Results = Mapping[str, Any]

HEADS = ("work", "against", "goal", "measured", "reached", "note")
GROWTH_PICTURE = "growth.png"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of_sections(results: Results, needed: Sequence[str], write: Callable[..., str]) -> str:
    """A text made from some sections, or a line that says which of them are to be measured yet."""
    missing = [name for name in needed if name not in results]
    if missing:
        return f"Not measured yet: {', '.join(missing)}."
    return write(*(results[name] for name in needed))


def goal_lines(results: Results) -> list[Line]:
    """All lines of the sections that were measured, but those of growth."""
    makers: dict[tuple[str, ...], Callable[..., list[Line]]] = {
        ("ninety_nine",): lines_of_ninety_nine,
        ("linear",): lines_of_linear,
        ("training",): lines_of_training,
        ("evaluating",): lines_of_evaluating,
        ("picture",): lines_of_picture,
        ("memory", "evaluating"): lines_of_memory,
    }
    return [
        line
        for needed, make in makers.items()
        if all(name in results for name in needed)
        for line in make(*(results[name] for name in needed))
    ]


def render_goals(results: Results) -> str:
    """The table of what was to be reached, and who took part."""
    lines = goal_lines(results)
    if not lines:
        return "Not measured yet."
    counted = [line for line in lines if line.goal is not None]
    reached = sum(line.reached for line in counted)
    texts = [
        f"Measured on {results['machine']}; against {', '.join(sorted(versions(results)))}. "
        f"{reached} of {len(counted)} goals are reached.",
        "",
        table(HEADS, [line.cells for line in lines]),
    ]
    return "\n".join(texts)


def versions(results: Results) -> set[str]:
    """The versions of the peers that took part."""
    found: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, Mapping):
            version = value.get("version", "")
            if version and not version.startswith("PaddlePaddle"):
                found.add(version)
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(results)
    return found


def render_seconds(results: Results) -> str:
    """The seconds behind the ratios."""
    texts = [
        of_sections(results, ["ninety_nine"], seconds_to_99),
        of_sections(results, ["linear", "training", "evaluating"], seconds_of_turns),
    ]
    return "\n\n".join(texts)


def seconds_to_99(found: Results) -> str:
    """Each recipe's training, its process, and where it gets to."""
    recipes = {f"`{name}`": runs for name, runs in found["ours"].items()}
    recipes["`train_mnist_fast`, PyTorch"] = found["torch"]
    rows = []
    for name, runs in recipes.items():
        read = described([100 * run["accuracy"] for run in runs])
        trained = described([run["training_seconds"] for run in runs], ".1f")
        row = [name, f"{100 * accuracy(runs):.2f}", read, trained, described(whole(runs), ".1f")]
        rows.append([*row, str(len(runs))])
    heads = ["recipe", "accuracy, %: mean", "median (range)", "training, s", "whole process, s"]
    return table([*heads, "seeds"], rows)


def seconds_of_turns(linear: Results, training: Results, evaluating: Results) -> str:
    """Each contestant's seconds, with the settings that were quickest for it."""
    works = {"one epoch of `linear`, from the files on": linear}
    works.update({f"one epoch of `{stage}`": rows for stage, rows in training.items()})
    works.update({f"evaluating with `{stage}`": rows for stage, rows in evaluating.items()})
    rows = []
    for work, contestants in works.items():
        for name, row in contestants.items():
            settings = ", ".join(f"{key}: {value}" for key, value in row["settings"].items())
            cells = [work, name, described(row["seconds"], ".3g"), f"{row['peak']:.0f}"]
            rows.append([*cells, settings.replace("_", " ") or "its own"])
    return table(["work", "by", "seconds", "peak, MiB", "quickest settings"], rows)


def render_growth(results: Results) -> str:
    """The slopes and their picture."""
    return of_sections(results, ["growth"], write_growth)


def write_growth(found: Results) -> str:
    """The slopes, and where the picture is."""
    rows = [
        [line.work, line.against, f"{line.values[0]:.2f}", f"≤ {line.goal:g}", line.cells[4]]
        for line in lines_of_growth(found)
    ]
    text = table(["what", "from, to", "slope", "goal", "reached"], rows)
    return f"{text}\n\n![Time and memory against images, batch size and threads]({GROWTH_PICTURE})"


def render_limit(results: Results) -> str:
    """What share of the peak each stage reaches, and what keeps it from the rest."""
    return of_sections(results, ["limit"], write_limit)


def write_limit(found: Results) -> str:
    """A row for each stage, and a line for each on where its step goes."""
    rows, lines = [], []
    for stage, row in found.items():
        step = statistics.median(row["step_seconds"])
        rates = [row["operations"] / seconds / 1e9 for seconds in row["step_seconds"]]
        peaks = [row["product_operations"] / seconds / 1e9 for seconds in row["product_seconds"]]
        shares = [100 * rate / peak for rate, peak in zip(rates, peaks)]
        cells = [f"`{stage}`", str(row["batch_size"]), f"{row['operations'] / 1e6:,.1f}"]
        cells += [f"{1000 * step:.2f}", f"{statistics.median(rates):.3g}"]
        cells += [f"{statistics.median(peaks):.0f}", described(shares, ".0f")]
        rows.append(cells)
        lines.append(f"- `{stage}`: {what_holds_it_back(row)}")
    heads = ["stage", "batch", "million operations a step", "step, ms", "GFLOP/s", "peak, GFLOP/s"]
    return "\n".join([table([*heads, "share of the peak, %"], rows), "", *lines])


def what_holds_it_back(row: Results) -> str:
    """Where a step goes, by its course and by its layers, as shares of the step."""
    step = statistics.median(row["step_seconds"])

    def shares(parts: Mapping[str, float]) -> str:
        ordered = sorted(parts.items(), key=lambda part: -part[1])
        return ", ".join(f"{name} {100 * seconds / step:.0f}%" for name, seconds in ordered)

    ideal = row["operations"] / row["product_operations"]
    ideal *= statistics.median(row["product_seconds"])
    return (
        f"{shares(row['parts'])}. Its layers, each alone, forward and backward: "
        f"{shares(row['kinds'])}. At the peak, the products would take {100 * ideal / step:.0f}%."
    )


def render(results: Results) -> dict[str, str]:
    """The text for each pair of marks on the page."""
    return {
        "goals": render_goals(results),
        "seconds": render_seconds(results),
        "growth": render_growth(results),
        "limit": render_limit(results),
    }
