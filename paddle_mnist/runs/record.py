"""What `run.json` may hold: the kind of every value in it that the package uses.

A run may come from anybody, and who changes a value can mend the checksum, too. So all values are
looked at once, when the file is read, and what uses them later need not expect odd ones.

Knows nothing of files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Optional, get_type_hints

from paddle_mnist.core.config import Config

# Up to here every program reads the same whole number in JSON.
LARGEST_WHOLE = 2**53


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= LARGEST_WHOLE


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (type(value) is float and math.isfinite(value))


_KINDS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: type(value) is str,
    "bool": lambda value: type(value) is bool,
    "int": _is_whole,
    "float": _is_number,
    "list[float]": lambda value: type(value) is list and all(map(_is_number, value)),
}

# From the name of an entry to its kind. An entry may be missing: older runs, and those that were
# imported, have fewer. What only resuming needs is looked at there.
_ENTRIES = {
    "stage": "str",
    "command": "str | None",
    "parameters": "int",
    "device": "str",
    "processor": "str",
    "processes": "int",
    "used_epoch": "int",
    "seconds": "float",
    "stored_as": "str",
    "largest_change": "float",
}
_NAMES = {Optional[int]: "int | None", Optional[float]: "float | None"}
_CONFIG = {name: _NAMES.get(kind) or kind.__name__ for name, kind in get_type_hints(Config).items()}
_DATA = {
    "kind": "str",
    "path": "str",
    "is_mnist": "bool",
    "train": "int",
    "validation": "int",
    "test": "int",
    "fingerprint": "str | None",
}
_EPOCH = {
    "epoch": "int",
    "loss": "float",
    "accuracy": "float",
    "losses": "list[float]",
    "validation_loss": "float",
    "validation_accuracy": "float",
    "learning_rate": "float",
    "seconds": "float",
}
_TEST = {
    "accuracy": "float",
    "loss": "float",
    "correct": "int",
    "count": "int",
    "accuracy_truncated": "float",
}
# Of the test images; who has one of these wants the other.
_MEASURED = ("accuracy", "count")


def wrong_value(record: Mapping[str, Any]) -> str | None:
    """Find a value of another kind than this package writes.

    Args:
        record: a `run.json` whose config and data are dicts and whose history is a list.

    Returns:
        What is wrong with the first one, such as "'epochs' of config is str, expected int"; None:
        nothing is.
    """
    return next(_wrong_values(record), None)


def _wrong_values(record: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrong_entries(record, _ENTRIES, "")
    yield from _wrong_entries(record["config"], _CONFIG, " of config")
    yield from _wrong_entries(record["data"], _DATA, " of data")
    for number, epoch in enumerate(record["history"], 1):
        place = f" of epoch {number}"
        yield from _wrong_entries(epoch, _EPOCH, place)
    test = record.get("test")
    if test is not None:
        yield from _wrong_entries(test, _TEST, " of test")
        yield from (f"{name!r} of test is missing" for name in _MEASURED if name not in test)


def _wrong_entries(entries: Any, kinds: Mapping[str, str], place: str) -> Iterator[str]:
    if not isinstance(entries, dict):
        yield f"the value{place} is {type(entries).__name__}, expected dict"
        return
    for name, kind in kinds.items():
        if name in entries and not is_of_kind(entries[name], kind):
            yield f"{name!r}{place} is {_found(entries[name])}, expected {kind}"


def is_of_kind(value: Any, kind: str) -> bool:
    """Whether a value is one of JSON's kinds, written as in Python: "int", "float | None".

    Whole numbers count as "float" too; what is not finite, or too large, counts as no number.
    """
    kind, _, other = kind.partition(" | ")
    return (value is None and other == "None") or _KINDS[kind](value)


def _found(value: Any) -> str:
    # Of numbers it is not the type that is wrong, but how large they are.
    return "too large or no number" if type(value) in (int, float) else type(value).__name__
