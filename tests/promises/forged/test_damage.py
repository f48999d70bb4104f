"""Every damage to a run is noticed by what users use: loading it, and resuming it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from paddle_mnist.runs import training
from paddle_mnist.runs.folder import STATE, Run, load_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.resuming import resumed_config
from paddle_mnist.runs.seen import PARTS
from paddle_mnist.runs.state import weights_of
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import RunError

TENSORS = ("model.safetensors", "state.safetensors", "seen.safetensors")
FILES = ("run.json", *TENSORS)


class ResumedError(Exception):
    """A training would go on now."""


@pytest.fixture
def resume(monkeypatch):
    """A function: resume a run up to its first step, and return the weights that it begins with."""

    def stop(step, *_arguments, **_options):
        raise ResumedError(weights_of(step.args[0]))  # train_step's first argument: the network

    monkeypatch.setattr(training, "fit", stop)

    def begin(run: Path):
        with pytest.raises(ResumedError) as stopped:
            run_training(resumed_config(run, {}), run, resume=True)
        return stopped.value.args[0]

    return begin


def noticed(use, run: Path) -> bool:
    try:
        use(run)
    except RunError:
        return True
    return False


def write_anew(path: Path, content: bytes) -> None:
    # Some file systems wait for the disk to overwrite a file.
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def place_in_all(contents: dict[str, bytes], place: int) -> tuple[str, int]:
    """Which file a byte of all files together is in, and where."""
    for name, content in contents.items():
        if place < len(content):
            return name, place
        place -= len(content)
    raise IndexError(place)


def equal(found, expected) -> bool:
    return found.keys() == expected.keys() and all(
        np.array_equal(found[name], array) for name, array in expected.items()
    )


@pytest.mark.promise(row=3)
def test_every_flipped_byte_is_noticed(run, resume, trials, figure):
    count = trials(100, 2000)
    record, contents = load_record(run), {name: (run / name).read_bytes() for name in FILES}
    total, random = sum(map(len, contents.values())), np.random.default_rng(0)
    without_effect = 0
    for number in range(count):
        name, place = place_in_all(contents, int(random.integers(total)))
        damaged = bytearray(contents[name])
        damaged[place] ^= int(random.integers(1, 256)) if number % 2 else 1 << number // 2 % 8
        write_anew(run / name, damaged)
        # Only a training that goes on needs the state.
        uses = [resume] if name == "state.safetensors" else [Recognizer.load, resume]
        found = [noticed(use, run) for use in uses]
        if not all(found):
            # Spaces between values, 1e-5 as 1E-5, or a digit beyond what a number can tell.
            assert name == "run.json"
            assert load_record(run) == record
            without_effect += 1
        write_anew(run / name, contents[name])
    assert without_effect < count / 20
    figure(
        "{} flipped bytes or bits in the files of a run, {} not noticed that changed anything",
        count,
        0,
    )


@pytest.mark.promise(row=3)
def test_every_cut_off_file_is_noticed(run, resume, trials, figure):
    tried = 0
    for name in FILES:
        content = (run / name).read_bytes()
        sizes = np.unique(np.linspace(0, len(content) - 1, trials(10, 100)).astype(int))
        for size in sizes:
            write_anew(run / name, content[:size])
            assert noticed(resume, run)
            tried += 1
        write_anew(run / name, content + b"\0")
        assert noticed(resume, run)
        (run / name).unlink()
        assert noticed(resume, run)
        write_anew(run / name, content)
        tried += 2
    resume(run)
    figure("{} cut off, missing or too long files of a run, {} not noticed", tried, 0)


@pytest.mark.promise(row=3)
def test_files_of_another_run_are_noticed(original, other, resume, tmp_path, figure):
    swapped = 0
    for part in range(1, 2 ** len(FILES) - 1):
        folder = Path(shutil.copytree(original, tmp_path / f"mixed-{part}"))
        taken = [name for bit, name in enumerate(FILES) if part >> bit & 1]
        for name in taken:
            shutil.copyfile(other / name, folder / name)
        # What both have seen is the same, so those two files are, too.
        if {*taken, "seen.safetensors"} in ({"seen.safetensors"}, set(FILES)):
            resume(folder)
        else:
            assert noticed(resume, folder), taken
            swapped += 1
    figure("{} mixtures of the files of two runs, {} not noticed", swapped, 0)


@pytest.mark.promise(row=3, control=True)
def test_without_the_checksum_they_are_not_noticed(original, figure):
    content = (original / "model.safetensors").read_bytes()
    weights = Recognizer.load(original).network.state_dict()
    numbers = sum(tensor.size for tensor in weights.values()) * 4
    expected = safetensors.numpy.load(content)
    random, count = np.random.default_rng(0), 200
    for place in random.integers(len(content) - numbers, len(content), count):
        damaged = bytearray(content)
        damaged[place] ^= 1
        found = safetensors.numpy.load(bytes(damaged))
        assert {name: array.shape for name, array in found.items()} == {
            name: array.shape for name, array in expected.items()
        }
        assert not equal(found, expected)
    figure("without the checksum: {} of {} flipped bits of weights not noticed", count, count)


@pytest.mark.promise(row=3, control=True)
def test_files_that_are_whole_are_not_refused(run, resume):
    assert Recognizer.load(run).seen.keys() <= set(PARTS)
    record = load_record(run)
    state = Run(run, record).tensors(STATE)
    saved = {
        name.partition("/")[2]: array for name, array in state.items() if name.startswith("network")
    }
    assert equal(resume(run), saved)
