"""ROWS: what the lines of the table are, and how each is trained."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddle_mnist.core.stages import STAGES
from paddle_mnist.system.errors import UsageError


@dataclass(frozen=True)
class Row:
    """One line of the table: a stage, and how it is trained."""

    stage: str
    seeds: int = 3  # trainings, with the seeds 0, 1, 2 …
    options: Mapping[str, Any] = field(default_factory=dict)  # other than the stage's defaults
    note: str = ""  # what is special about them; shown in place of the stage's source


# The accuracy that a stage's source gives, 0 to 1, and the images that it was measured on.
PUBLISHED = {
    "mlp": (0.9804, "test"),
    "deep-cnn": (0.9868, "test"),
    "dropout-cnn": (0.9904, "test"),
    "tuned-cnn": (0.9962, "validation"),
}
_SEEDS = {"linear": 10, "mlp": 10, "cnn": 10, "tuned-cnn": 1}
_VARIANTS = {
    "mlp --schedule constant --learning-rate 0.001": Row(
        "mlp",
        10,
        options={"schedule": "constant", "learning_rate": 0.001},
        note="the same as published: its learning rate stays constant",
    ),
    "deep-cnn --schedule constant": Row(
        "deep-cnn",
        options={"schedule": "constant"},
        note="the same as published: its learning rate stays constant",
    ),
    "deep-cnn --schedule constant --best-weights": Row(
        "deep-cnn",
        options={"schedule": "constant", "best_weights": True, "validation": 0.0834},
        note="the same as published, but the epoch is chosen on 5,004 images held out",
    ),
}


def _all_rows() -> dict[str, Row]:
    rows = {}
    for stage in STAGES:
        rows[stage] = Row(stage, _SEEDS.get(stage, 3))
        rows.update({name: row for name, row in _VARIANTS.items() if row.stage == stage})
    return rows


ROWS = _all_rows()


def find_row(name: str) -> str:
    """Look up the full name of a row, from that or from the name of its folder.

    Raises:
        UsageError: there is none; the text has the nearest one and all of them.
    """
    by_folder = {folder_name(row): row for row in ROWS}
    if name in ROWS or name in by_folder:
        return by_folder.get(name, name)
    nearest = difflib.get_close_matches(name, ROWS, n=1, cutoff=0.4)
    guess = f"did you mean {nearest[0]!r}? The" if nearest else "the"
    allowed = ", ".join(map(repr, ROWS))
    raise UsageError(f"unknown row {name!r}; {guess} rows are: {allowed}")


def folder_name(name: str) -> str:
    """Turn "deep-cnn --schedule constant" into "deep-cnn--schedule-constant"."""
    return name.replace(" --", "--").replace(" ", "-")


def options_of(row: Row, seed: int) -> dict[str, Any]:
    """Collect the options of the command train for a row."""
    return {"stage": row.stage, **row.options, "seed": seed}
