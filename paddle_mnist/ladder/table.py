"""The table of the ladder in Markdown, and what its picture shows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# From the name of a row to what is known of it; its "runs" have an entry for each seed.
Results = dict[str, dict[str, Any]]

# What the table says; benchmarks/figures.py says it in Chinese.
ENGLISH = {
    "heads": "stage | parameters | accuracy on the test images, % | seeds | epochs | minutes "
    "| the recipe's source, and its figure | difference, points",
    "all of MNIST": "all of MNIST, ",
    "data": "On {}{:,} images to train and to choose with, {:,} to test on. Mean, and in brackets "
    "the range over the seeds; minutes: the epochs, each as long as the calmest one.",
    "machine": " Measured on {}.",
    "range": "{} ({}–{})",
    "up to": "{} of up to {}",
    "our validation": "{} ({:.2f} on our validation images)",
    "ended by hand": "Ended by hand, before the recipe would have stopped: {}.",
    "not measured": "Not measured yet: {}.",
    "picture": "error on the test images against parameters, and against minutes",
}


def markdown(results: Results, picture: str, texts: Mapping[str, str] = ENGLISH) -> str:
    """Write the table of the rows that were measured, with what has to be said about it.

    Args:
        results: of all rows.
        picture: where the picture is, seen from the text.
        texts: what is said, with the keys of ENGLISH; names of sources and machines may be, too.
    """
    measured = {name: row for name, row in results.items() if row["runs"]}
    heads = texts["heads"]
    lines = ["".join(_title(measured, texts)), "", f"| {heads} |", "|---" * 8 + "|"]
    lines += [f"| {' | '.join(_cells(name, row, texts))} |" for name, row in measured.items()]
    for note in _notes(results, texts):
        lines += ["", note]
    return "\n".join([*lines, "", f"![{texts['picture']}]({picture})"])


def _title(measured: Results, texts: Mapping[str, str]) -> Iterator[str]:
    for row in list(measured.values())[:1]:
        data = row["recipe"]["data"]
        name = texts["all of MNIST"] if data["is_mnist"] else ""
        yield texts["data"].format(name, data["train"] + data["validation"], data["test"])
    machines = dict.fromkeys(run["machine"] for row in measured.values() for run in row["runs"])
    yield from (texts["machine"].format(texts.get(name, name)) for name in machines)


def _cells(name: str, row: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    runs = row["runs"]
    planned = row["recipe"]["epochs"]
    counts = [run["epochs"] for run in runs]
    epochs = "–".join(map(str, sorted({min(counts), max(counts)})))
    if epochs != str(planned):
        epochs = texts["up to"].format(epochs, planned)
    gain = difference(row)
    compared = "—" if gain is None else f"{100 * gain:+.2f}".replace("-", "−")
    if gain is not None and row["source_split"] == "validation":
        ours = 100 * (gain + row["source_accuracy"])
        compared = texts["our validation"].format(compared, ours)
    return [
        f"`{name}`",
        f"{row['parameters']:,}",
        spread([100 * run["accuracy"] for run in runs], ".2f", texts["range"]),
        str(len(runs)),
        epochs,
        f"{minutes(row):.1f}",
        texts.get(row["source"], row["source"]),
        compared,
    ]


def _notes(results: Results, texts: Mapping[str, str]) -> Iterator[str]:
    notes = {
        "ended by hand": [
            name
            for name, row in results.items()
            if any(run["ended_by_hand"] for run in row["runs"])
        ],
        "not measured": [name for name, row in results.items() if not row["runs"]],
    }
    for key, names in notes.items():
        if names:
            yield texts[key].format(", ".join(f"`{name}`" for name in names))


def spread(values: Sequence[float], form: str, text: str = ENGLISH["range"]) -> str:
    """Write a mean with its range: `99.24 (99.18–99.30)`, or the one value."""
    mean = format(statistics.mean(values), form)
    if len(values) == 1:
        return mean
    return text.format(mean, format(min(values), form), format(max(values), form))


def minutes(row: Mapping[str, Any]) -> float:
    """Count the minutes of a training: its epochs, each as long as the calmest of all seeds."""
    seconds: float = min(run["seconds_an_epoch"] for run in row["runs"])
    epochs: float = statistics.mean(run["epochs"] for run in row["runs"])
    return seconds * epochs / 60


def difference(row: Mapping[str, Any]) -> float | None:
    """Tell how far a row's mean accuracy lies above its source's, on the images of the source.

    It is None where the source gives no figure for these images, or the row has none.
    """
    key = {"test": "accuracy", "validation": "validation_accuracy"}[row["source_split"]]
    values: list[float] = [run[key] for run in row["runs"]]
    source = _source_accuracy(row)
    if source is None or not values or None in values:
        return None
    return statistics.mean(values) - source


def _source_accuracy(row: Mapping[str, Any]) -> float | None:
    # The sources' figures are all of MNIST's.
    return row["source_accuracy"] if row["recipe"]["data"]["is_mnist"] else None


def points(results: Results) -> dict[str, dict[str, Any]]:
    """Collect what `plots.plot_ladder` draws of the results: rows that were measured."""
    found = {}
    for name, row in results.items():
        if row["runs"]:
            # The picture shows errors on test images only.
            source = _source_accuracy(row) if row["source_split"] == "test" else None
            found[name] = {
                "parameters": row["parameters"],
                "minutes": minutes(row),
                "errors": [100 * (1 - run["accuracy"]) for run in row["runs"]],
                "source_error": None if source is None else 100 * (1 - source),
            }
    return found
