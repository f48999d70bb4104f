"""What the trainings of a row have in common, so that figures of different things are not mixed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import STAGES
from paddle_mnist.ladder.rows import ROWS
from paddle_mnist.system.errors import UsageError

# A configuration without what may differ between seeds, with the network's size and the data.
Recipe = dict[str, Any]

_FREE = ("seed", "data", "device", "threads")
# Of `data` in run.json: which images there are, and how they are divided.
_DATA = ("is_mnist", "train", "validation", "test", "fingerprint")
# Values that mean that an option is off.
_OFF = (None, False, 0, "", "none")


def wanted_recipes(data: str) -> dict[str, Recipe]:
    """Work out the recipe that the runs of each row must have, on data as `load_mnist` takes them.

    Raises:
        DataError: the data cannot be used.
    """
    from paddle_mnist.data import fingerprint, load_mnist

    recipes, loaded = {}, {}
    for name, row in ROWS.items():
        config = dataclasses.asdict(configure(row.stage, **row.options))
        share = config["validation"]
        if share not in loaded:
            mnist = load_mnist(data, validation=share)
            loaded[share] = {
                "is_mnist": mnist.source.is_mnist,
                "train": len(mnist.train),
                "validation": len(mnist.validation),
                "test": len(mnist.test),
                "fingerprint": fingerprint(mnist.train, mnist.validation, mnist.test),
            }
        recipes[name] = recipe_of(config, STAGES[row.stage].parameters, loaded[share])
    return recipes


def recipe_of(config: Mapping[str, Any], parameters: int, data: Mapping[str, Any]) -> Recipe:
    """Collect what all trainings of a row have in common, of three entries of `run.json`."""
    fixed = {name: value for name, value in config.items() if name not in _FREE}
    return {**fixed, "parameters": parameters, "data": {name: data[name] for name in _DATA}}


def same_recipe(found: Recipe, wanted: Recipe) -> bool:
    """Tell whether trainings with two recipes may be compared.

    Of a recipe that can stop early, the epochs are only a limit, and a run with a lower one was
    ended early. What only one of them names came with another version, and must be off.
    """
    for name in found.keys() | wanted.keys():
        if name not in found or name not in wanted:
            same = {**found, **wanted}[name] in _OFF
        elif name == "epochs" and wanted["early_stopping"]:
            same = found[name] <= wanted[name]
        else:
            same = found[name] == wanted[name]
        if not same:
            return False
    return True


def check_same_data(place: Path, found: Recipe, wanted: Recipe) -> None:
    """Raise UsageError where trainings had other images: going on would lose what is at a place.

    How the images are divided into those to train on and those held out belongs to the recipe.
    """
    sizes = [
        (data["is_mnist"], data["train"] + data["validation"], data["test"])
        for data in (found["data"], wanted["data"])
    ]
    as_wanted = {**found, "data": wanted["data"]}
    same_prints = found["data"]["fingerprint"] == wanted["data"]["fingerprint"]
    if sizes[0] != sizes[1] or (same_recipe(as_wanted, wanted) and not same_prints):
        raise UsageError(
            f"{place} comes from other data than there is now; "
            "name other folders with --out and --results, or the same data with --data"
        )
