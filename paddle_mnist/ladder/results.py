"""`ladder.json`: what was measured of each row; the table and the picture are made from it.

It keeps the recipe of each row, so that figures of a recipe that has changed are not shown as those
of the new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mnist.core.stages import STAGES
from paddle_mnist.ladder.recipes import Recipe, check_same_data, recipe_of, same_recipe
from paddle_mnist.ladder.rows import PUBLISHED, ROWS, Row, folder_name, options_of
from paddle_mnist.ladder.table import Results, markdown, points
from paddle_mnist.system.command_line import command_line
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.files import write_file

if TYPE_CHECKING:
    from paddle_mnist.runs.record import Record

RESULTS, TABLE, PICTURE = "ladder.json", "ladder.md", "ladder.png"


def load_results(folder: Path) -> Results:
    """Read what was measured so far; nothing is known where there is no `ladder.json`.

    Raises:
        RunError: the file cannot be read, or is damaged.
        UsageError: something else than the results would be overwritten.
    """
    file = folder / RESULTS
    try:
        results: Results = json.loads(file.read_bytes())
        for row in results.values():
            recipe_of(row["recipe"], row["recipe"]["parameters"], row["recipe"]["data"])
            sorted(run["seed"] for run in row["runs"])
    except FileNotFoundError:
        for other in (folder / TABLE, folder / PICTURE):
            if other.exists():
                raise UsageError(
                    f"{other} is there already, without {RESULTS} beside it; "
                    "name another folder for the results"
                ) from None
        return {}
    except NotADirectoryError:
        raise UsageError(f"{folder} is a file; name a folder for the results") from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{file} is damaged, or not of this command ({error!r}); take it away, "
            "and the finished runs are measured again"
        ) from error
    return results


def update(out: Path, folder: Path, wanted: Mapping[str, Recipe]) -> Results:
    """Bring the results in a folder up to date: those of unchanged recipes, and runs in `out`.

    A finished run counts more than what was written down of its seed. `wanted` has a recipe for
    each row.

    Raises:
        RunError: the results cannot be read or written, or are damaged.
        UsageError: a folder holds what is not of this command, or trainings on other data.
    """
    saved = load_results(folder)
    results: Results = {}
    for name, row in ROWS.items():
        runs = {}
        if name in saved:
            check_same_data(folder / RESULTS, saved[name]["recipe"], wanted[name])
            if same_recipe(saved[name]["recipe"], wanted[name]):
                runs = {run["seed"]: run for run in saved[name]["runs"]}
        for run_folder in (out / folder_name(name)).glob("seed-*"):
            measured = finished_run(name, run_folder, wanted[name])
            if measured:
                runs[measured["seed"]] = measured
        published, split = PUBLISHED.get(row.stage, (None, "test"))
        results[name] = {
            "stage": row.stage,
            "options": dict(row.options),
            "parameters": STAGES[row.stage].parameters,
            "source": row.note or STAGES[row.stage].source,
            "source_accuracy": published,
            "source_split": split,
            "recipe": wanted[name],
            "runs": [runs[seed] for seed in sorted(runs)],
        }
    save_results(folder, results)
    return results


def finished_run(name: str, folder: Path, wanted: Recipe) -> dict[str, Any] | None:
    """Read what the results keep of a run of a row; None: it is not finished, or of another recipe.

    It is finished when it was measured on the test images after all epochs that its recipe asks
    for. One that can stop early may have been ended early too, and is reported as such.

    Raises:
        RunError: the run has the recipe, and something of its training is missing.
        UsageError: it was trained on other data, and would be overwritten.
    """
    record = find_run(folder, wanted)
    if not record or not record.get("test"):
        return None
    if len(record["history"]) < wanted["epochs"] and not wanted["early_stopping"]:
        return None
    try:
        return _measured_run(ROWS[name], record, wanted)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise RunError(
            f"the run in {folder} is damaged: something of its training is missing "
            f"({error!a:.80}); take it away, and it is trained again"
        ) from error


def find_run(folder: Path, wanted: Recipe) -> Record | None:
    """Load the `run.json` of a run in a folder, where it was trained with the wanted recipe.

    Raises:
        UsageError: it was trained on other data, and would be overwritten.
    """
    from paddle_mnist.runs.folder import load_record

    try:
        record = load_record(folder)
        found = recipe_of(record["config"], record["parameters"], record["data"])
    except (RunError, KeyError):  # none, or none that can be used
        return None
    check_same_data(folder, found, wanted)
    return record if same_recipe(found, wanted) else None


def find_seed(row: Mapping[str, Any], seed: int) -> dict[str, Any] | None:
    """Pick what was measured of one seed of a row."""
    return next((run for run in row["runs"] if run["seed"] == seed), None)


def _measured_run(row: Row, record: Record, wanted: Recipe) -> dict[str, Any]:
    history, config = record["history"], record["config"]
    options = options_of(row, config["seed"])
    if config["epochs"] != wanted["epochs"]:
        options["epochs"] = config["epochs"]
    used = next(epoch for epoch in history if epoch["epoch"] == record["used_epoch"])
    return {
        "seed": config["seed"],
        **record["test"],
        "validation_accuracy": used.get("validation_accuracy"),
        "used_epoch": record["used_epoch"],
        "epochs": len(history),
        "epochs_planned": wanted["epochs"],
        "ended_by_hand": ended_by_hand(history, wanted),
        "seconds": record["seconds"],
        # The calmest one: whatever else the machine does meanwhile only makes an epoch longer.
        "seconds_an_epoch": min(epoch["seconds"] for epoch in history),
        "command": command_line("train", options),
        "machine": machine_of(record),
    }


def ended_by_hand(history: Sequence[dict[str, Any]], wanted: Recipe) -> bool:
    """Tell whether a training that can stop early was ended before it would have stopped."""
    if len(history) >= wanted["epochs"]:
        return False
    from paddle_mnist.core.callbacks import epochs_without_gain

    return bool(epochs_without_gain(history) < wanted["early_stopping"])


def machine_of(record: Record) -> str:
    """Describe in one line the machine that a run was trained on."""
    threads = f"{record['threads']} thread{'s' if record['threads'] > 1 else ''}"
    processor = record.get("processor", "unknown processor")  # older runs do not name it
    return machine(f"{threads} of an {processor}", record["device"], record["versions"])


def machine(hardware: str, device: str, versions: Mapping[str, str]) -> str:
    """Describe in one line hardware, such as "2 cores of an AMD EPYC", and what runs on it.

    The device is "cpu" or the name of a graphics processor.
    """
    return (
        f"{hardware}, {'no GPU' if device == 'cpu' else device}; "
        f"Python {versions['python']}, PaddlePaddle {versions['paddle']}"
    )


def save_results(folder: Path, results: Results) -> None:
    """Write `ladder.json`, and the table that is made from it; RunError where that cannot be."""
    write_file(folder / RESULTS, (json.dumps(results, indent=1) + "\n").encode(), RunError)
    write_file(folder / TABLE, (markdown(results, PICTURE) + "\n").encode(), RunError)


def draw_results(folder: Path) -> None:
    """Draw the picture of what `ladder.json` holds; RunError where that cannot be."""
    from paddle_mnist.plots import plot_ladder, save_figure

    save_figure(plot_ladder(points(load_results(folder))), folder / PICTURE)
