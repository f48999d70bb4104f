"""`run.json`: how a record is sealed, and what it may hold.

A record holds its own SHA-256, so that a damage is noticed. But a run may come from anybody, and
who changes a value can mend the checksum, too. So all values are looked at once, when the record
is read, and what uses them later need not expect odd ones.

Knows nothing of files.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any, Callable, Optional, get_type_hints

from paddle_mnist.core.config import Config

Record = dict[str, Any]

FORMAT = 1
# Up to here every program reads the same whole number in JSON.
_LARGEST_WHOLE = 2**53
_FRAME = {"format": int, "stage": str, "config": dict, "data": dict, "history": list, "files": dict}


class RecordError(Exception):
    """Bytes are not a record; the text says why, after the file's name."""


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _hash_of(record: Record) -> str:
    # Of the values, whatever their order and spacing.
    values = {name: value for name, value in record.items() if name != "sha256"}
    return sha256(json.dumps(values, sort_keys=True, allow_nan=False).encode())


def sealed(record: Record) -> bytes:
    """The bytes of `run.json`, with `format` and `sha256` filled in."""
    values = json.loads(json.dumps({"format": FORMAT, **record}))  # as they will be read again
    return json.dumps({**values, "sha256": _hash_of(values)}, indent=1).encode()


def parsed(content: bytes) -> Record:
    """From the bytes of `run.json` to the record.

    Raises:
        RecordError: they are something else, or damaged, or of another format.
    """
    try:
        record: Record = json.loads(content)
        wrong = next(_faults(record), None)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"is damaged: not JSON ({error}); train again") from error
    if wrong:
        raise RecordError(f"{wrong} train again")
    return record


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= _LARGEST_WHOLE


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


def _faults(record: Any) -> Iterator[str]:
    """What is wrong with a record; only the first is asked for, so each may rely on those above."""
    if not isinstance(record, dict):
        yield f"is damaged: it holds {type(record).__name__}, expected an object;"
    for name, kind in _FRAME.items():
        if not isinstance(record.get(name), kind):
            found = type(record.get(name)).__name__
            yield f"is damaged: {name!r} is {found}, expected {kind.__name__};"
    if record["format"] != FORMAT:
        yield (
            f"has format {record['format']}; this version reads format {FORMAT}; use the version "
            "that wrote it, or"
        )
    if record.get("sha256") != _hash_of(record):
        yield "is damaged or was edited: its values have another SHA-256 than it names;"
    yield from _wrong_entries(record, _ENTRIES, "")
    yield from _wrong_entries(record["config"], _CONFIG, " of config")
    yield from _wrong_entries(record["data"], _DATA, " of data")
    for number, epoch in enumerate(record["history"], 1):
        yield from _wrong_entries(epoch, _EPOCH, f" of epoch {number}")
    test = record.get("test")
    if test is not None:
        yield from _wrong_entries(test, _TEST, " of test")
        for name in ("accuracy", "count"):  # who has one of them wants the other
            if name not in test:
                yield f"is damaged: {name!r} of test is missing;"


def _wrong_entries(entries: Any, kinds: dict[str, str], place: str) -> Iterator[str]:
    if not isinstance(entries, dict):
        yield f"is damaged: the value{place} is {type(entries).__name__}, expected dict;"
    for name, kind in kinds.items():
        if name in entries and not is_of_kind(entries[name], kind):
            found = type(entries[name]).__name__
            if found in ("int", "float"):  # not the type is wrong, but how large it is
                found = "too large or no number"
            yield f"is damaged: {name!r}{place} is {found}, expected {kind};"


def is_of_kind(value: Any, kind: str) -> bool:
    """Whether a value is one of JSON's kinds, written as in Python: "int", "float | None".

    Whole numbers count as "float" too; what is not finite, or too large, counts as no number.
    """
    kind, _, other = kind.partition(" | ")
    return (value is None and other == "None") or _KINDS[kind](value)
