"""A run's folder: three files of tensors and `run.json`; saved whole, or not at all.

`model.safetensors` holds the weights to use, `state.safetensors` what is needed to go on, and
`seen.safetensors` hashes of the images that were trained on or chosen with. `run.json` is the point
of commitment. All tensor files are first written beside their places as `….next`; then `run.json`,
which holds their SHA-256, is replaced; then they take their places. A kill before `run.json` leaves
the old run, one after it the new: a `….next` file that fits `run.json` counts as the file itself.
`run.json` holds its own SHA-256 too, so that a damage to any of the four is noticed. Nothing that
is loaded is ever executed: tensors are safetensors, the rest is JSON.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import filelock
import numpy as np
import safetensors
import safetensors.numpy

from paddle_mnist.core.stages import STAGES
from paddle_mnist.runs.record import Record, RecordError, parsed, sealed, sha256
from paddle_mnist.runs.seen import checked_seen
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.files import (
    read_bounded,
    reason_of,
    replace_file,
    sync_folder,
    write_synced,
)

MODEL, STATE, SEEN = "model.safetensors", "state.safetensors", "seen.safetensors"
RECORD = "run.json"
# Bytes. More was never written here, and is not read into memory.
_LARGEST_RECORD = 10_000_000  # some 20 kB are usual
_LARGEST_TENSORS = 500_000_000  # the state of the course's largest network takes 15 MB
# What a killed save or a killed drawing leaves. Nothing else: the folder may hold a user's files.
_LEFTOVERS = ("*.safetensors.next", f"{RECORD}.*.tmp", "history.csv.*.tmp", "*.png.*.tmp")

Tensors = dict[str, np.ndarray]


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


@contextmanager
def _saving(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"the run cannot be saved in {folder}: {error}") from error


def save_run(
    folder: Path, record: Record, model: Tensors, state: Tensors | None, seen: Tensors | None = None
) -> None:
    """Save a run, whole or not at all.

    Args:
        folder: made where it is missing.
        record: JSON values for `run.json`: stage, config, history and what else belongs there;
            `format`, `files` and `sha256` are filled in here.
        model: the weights to use, by name.
        state: what is needed besides to go on training; None: the run is only there to be used.
        seen: hashes of the images that the run has seen, by the part of the data; None: unknown.

    Raises:
        RunError: the folder cannot be written; the run that was there is still whole.
    """
    tensors = {MODEL: model, STATE: state, SEEN: seen}
    contents = {
        name: safetensors.numpy.save(some) for name, some in tensors.items() if some is not None
    }
    hashes = {name: sha256(content) for name, content in contents.items()}
    text = sealed({**record, "files": hashes})
    with _saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        try:
            for name, content in contents.items():
                write_synced(_next(folder / name), content)
            replace_file(folder / RECORD, text)
            for name in contents:
                os.replace(_next(folder / name), folder / name)
            sync_folder(folder)
        except BaseException:
            # A full disk is not to stay full; and what cannot be done now, the next start does.
            with suppress(RunError):
                sweep(folder)
            raise


def update_record(folder: Path, changes: Record) -> None:
    """Change entries of a saved run's `run.json`; its tensor files stay."""
    text = sealed({**load_record(folder), **changes})
    with _saving(folder):
        replace_file(folder / RECORD, text)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a run's folder, keep other trainings out of it, and sweep it.

    The file `.lock` stays there. Who deleted it while it is locked would let two others in: one
    that had opened it before, and one that makes a new one.

    Raises:
        RunError: another training has the folder, or it cannot be written.
    """
    with _saving(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held = filelock.FileLock(folder / ".lock").acquire(timeout=0)
        except filelock.Timeout:
            raise RunError(
                f"another training is writing to {folder}; wait for its end, or give --out "
                "another one"
            ) from None
        except (FileExistsError, NotADirectoryError):
            raise RunError(
                f"{folder} cannot be a run's folder: a file is in the way; give --out another one"
            ) from None
    with held:
        sweep(folder)
        yield


def sweep(folder: Path) -> None:
    """Take away what an interrupted save left behind; do so only where no other training runs.

    Raises:
        RunError: the folder cannot be written.
    """
    try:
        hashes = load_record(folder)["files"]
    except RunError:  # missing or damaged: nothing there that the new run could lose
        hashes = {}
    with _saving(folder):
        # A `.next` that fits run.json is a part of the run, and takes its place.
        for name in (MODEL, STATE, SEEN):
            waiting = _next(folder / name)
            if waiting.is_file() and sha256(waiting.read_bytes()) == hashes.get(name):
                os.replace(waiting, folder / name)
        for pattern in _LEFTOVERS:
            for leftover in folder.glob(pattern):
                leftover.unlink()


def load_record(folder: Path) -> Record:
    """Read a run's `run.json`.

    Raises:
        RunError: there is no run in the folder, or its `run.json` is damaged or of another format.
    """
    path = folder / RECORD
    try:
        return parsed(read_bounded(path, _LARGEST_RECORD))
    except RecordError as error:
        raise RunError(f"{path} {error}") from error
    except FileNotFoundError:
        if folder.is_file():
            raise RunError(
                f"{folder} is a file; name the folder of a run, such as runs/cnn"
            ) from None
        stage = folder.name if folder.name in STAGES else "cnn"
        raise RunError(
            f"there is no run in {folder} (no {RECORD}); this command makes one: "
            f"python -m paddle_mnist.train --stage {stage} --out {folder}"
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {reason_of(error)}; train again") from error


@dataclass(frozen=True, eq=False)
class Run:
    """A saved run: its folder, and its `run.json`. Its tensors are read when they are asked for.

    Then a RunError says that the file is missing, or not the one that `run.json` was saved with.
    """

    folder: Path
    record: Record

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Open the run in a folder; a RunError says that there is none, or a damaged one."""
        return cls(folder, load_record(folder))

    def tensors(self, name: str) -> Tensors:
        """Read one of the tensor files: MODEL, STATE or SEEN."""
        path, expected, found = self.folder / name, self.record["files"].get(name), []
        for candidate in (path, _next(path)):
            try:
                content = read_bounded(candidate, _LARGEST_TENSORS)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise RunError(f"{candidate} cannot be read: {reason_of(error)}") from error
            if sha256(content) == expected:
                return _parsed(path, content)
            found.append(sha256(content))
        if not found:
            raise RunError(f"{path} is missing; train again to make it")
        raise RunError(
            f"{path} is damaged or belongs to another run: its SHA-256 is {found[0][:16]}…, "
            f"and {RECORD} expects {str(expected)[:16]}…; train again"
        )

    def model(self) -> Tensors:
        """Read the weights to use, by name; as float32 even where they are stored as float16."""
        weights = self.tensors(MODEL)
        if self.record.get("stored_as") != "float16":
            return weights
        return {
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in weights.items()
        }

    def state(self) -> Tensors:
        """Read what is needed besides to go on training."""
        return self.tensors(STATE)

    def seen(self) -> Tensors | None:
        """Read the hashes that `seen_images` gave for the run; None: it does not tell."""
        if SEEN not in self.record["files"]:
            return None
        return checked_seen(self.folder / SEEN, self.tensors(SEEN))


def _parsed(path: Path, content: bytes) -> Tensors:
    try:
        return safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"{path} is damaged: not safetensors ({error}); train again") from error


def read_tensors(path: Path) -> Tensors:
    """Read a safetensors file that belongs to no run; a RunError says why it cannot be used."""
    try:
        content = read_bounded(path, _LARGEST_TENSORS)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {reason_of(error)}") from error
    return _parsed(path, content)
