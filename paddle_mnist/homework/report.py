"""For teachers: check the homework of a whole class, and make one table of it."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from paddle_mnist.homework.exercise import find_exercise, load_exercises
from paddle_mnist.homework.process import check_file
from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.files import write_file

PASSED = "passed"


@dataclass(frozen=True)
class Line:
    """One learner's results.

    Attributes:
        name: the folder's.
        results: from numbers to "passed" or the key of what is wrong; what was not handed in is not
            there.
    """

    name: str
    results: dict[str, str]


def check_class(
    folders: Sequence[Path], numbers: Sequence[str] | None = None, processes: int | None = None
) -> list[Line]:
    """Check all homework of a class, several answers at a time.

    Args:
        folders: one for each learner, with the learner's files in it or in `work/homework` in it.
        numbers: the exercises to check; None: all.
        processes: how many answers are checked at a time; None: one a core.

    Returns:
        A line for each folder, in their order.

    Raises:
        UsageError: a folder or an exercise does not exist, or `processes` is less than 1.
    """
    chosen = [find_exercise(number) for number in numbers or load_exercises()]
    names = _names(folders)
    jobs = [
        (name, exercise, path)
        for name, folder in zip(names, folders)
        for exercise in chosen
        if (path := _answers_folder(folder) / exercise.file_name).is_file()
    ]
    results: dict[str, dict[str, str]] = {name: {} for name in names}
    if processes is not None and processes < 1:
        raise UsageError(f"the number of processes is {processes}; it must be 1 or more")
    # Processes, which Ctrl-C ends at once; fresh ones, for a copy of this one would share the state
    # of Paddle's threads where that is loaded.
    with ProcessPoolExecutor(
        min(processes or os.cpu_count() or 1, max(len(jobs), 1)),
        mp_context=multiprocessing.get_context("spawn"),
    ) as pool:
        checked = pool.map(_check, [(exercise.number, path) for _, exercise, path in jobs])
        # Results come in the order of the jobs.
        for (name, exercise, _), result in zip(jobs, tqdm(checked, total=len(jobs), disable=None)):
            results[name][exercise.number] = result
    return [Line(name, results[name]) for name in names]


def _check(job: tuple[str, Path]) -> str:
    # By its number: an exercise whose checks are loaded does not pass to another process.
    number, path = job
    outcome = check_file(find_exercise(number), path)
    return PASSED if outcome.passed else str(outcome.key)


def _answers_folder(folder: Path) -> Path:
    inner = folder / "work" / "homework"
    return inner if inner.is_dir() else folder


def _names(folders: Sequence[Path]) -> list[str]:
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder; name one folder for each learner")
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    return names


def as_table(lines: Sequence[Line]) -> list[list[str]]:
    """Return rows for a CSV file: the heads first, then a row for each learner.

    A cell is "passed", the key of what is wrong (such as "columns", see the exercise's feedback,
    or "time"), or empty where nothing was handed in.
    """
    exercises = load_exercises()
    numbers = [number for number in exercises if any(number in line.results for line in lines)]
    rows = [["learner", PASSED, "handed in", *numbers]]
    for line in lines:
        passed = sum(result == PASSED for result in line.results.values())
        cells = [line.results.get(number, "") for number in numbers]
        rows.append([line.name, str(passed), str(len(line.results)), *cells])
    return rows


def as_csv(lines: Sequence[Line]) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    rows = ([_harmless(cell) for cell in row] for row in as_table(lines))
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_csv(lines: Sequence[Line], path: Path) -> None:
    """Write the table into a file, with the mark that makes Excel read Chinese names.

    Raises:
        UsageError: the file cannot be written.
    """
    if path.exists() and not path.is_file():  # such as /dev/null, which is not to be replaced
        raise UsageError(f"{path} is not a file; name a file to write, such as class.csv")
    write_file(path, as_csv(lines).encode("utf-8-sig"), UsageError)


def _harmless(cell: str) -> str:
    # A spreadsheet would take a folder's name such as "=1+1" for a formula.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
