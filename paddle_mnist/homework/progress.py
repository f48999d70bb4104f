"""What a learner has done: one JSON file beside the answers."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from paddle_mnist.homework.texts import LANGUAGES
from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.files import write_file

FILE_NAME = "progress.json"


@dataclass
class Record:
    """What was done with one exercise.

    Attributes:
        tries: how often it was checked.
        passed: whether a check has passed.
        hints: how many hints were shown.
        solution_asked: how often the solution was asked for before passing.
    """

    tries: int = 0
    passed: bool = False
    hints: int = 0
    solution_asked: int = 0


@dataclass
class Progress:
    """All records of a learner.

    Attributes:
        language: the one that was asked for last; None: the environment's.
        exercises: from numbers to records.
        put_aside: where a damaged file was moved to; None: there was none.
    """

    language: str | None = None
    exercises: dict[str, Record] = field(default_factory=dict)
    put_aside: Path | None = None

    def of(self, number: str) -> Record:
        """Return the record of an exercise, a new one if there is none."""
        return self.exercises.setdefault(number, Record())


def load_progress(folder: Path) -> Progress:
    """Read a learner's progress; a file that is damaged is put aside, never lost.

    Raises:
        UsageError: the file cannot be read at all.
    """
    path = folder / FILE_NAME
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Progress()
    except (ValueError, RecursionError):  # the latter: brackets in brackets without end
        return Progress(put_aside=_put_aside(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _put_aside(path: Path) -> Path:
    aside = unused(path.with_name(f"{path.stem}.damaged{path.suffix}"))
    try:
        path.replace(aside)
    except OSError as error:
        raise UsageError(f"{path} cannot be put aside: {error.strerror}") from error
    return aside


def unused(path: Path) -> Path:
    """Return a path, or the first with a number in its name that no file has yet."""
    numbers = itertools.count(1)
    candidate = path
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}{next(numbers)}{path.suffix}")
    return candidate


def save_progress(folder: Path, progress: Progress) -> None:
    """Write a learner's progress, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    exercises = {number: asdict(record) for number, record in progress.exercises.items()}
    content = json.dumps({"language": progress.language, "exercises": exercises}, indent=1)
    write_file(folder / FILE_NAME, content.encode(), UsageError)


def _parse(data: object) -> Progress:
    if not isinstance(data, dict) or not isinstance(data.get("exercises"), dict):
        raise ValueError("not a progress file")
    if data.get("language") not in (None, *LANGUAGES):
        raise ValueError("an unknown language")
    exercises = {number: _parse_record(part) for number, part in data["exercises"].items()}
    return Progress(data.get("language"), exercises)


def _parse_record(data: object) -> Record:
    if not isinstance(data, dict):
        raise ValueError("a record is not a dict")
    for part in fields(Record):
        if type(data.get(part.name)) is not type(part.default):
            raise ValueError(f"{part.name} is missing or of another type")
    return Record(**{part.name: data[part.name] for part in fields(Record)})
