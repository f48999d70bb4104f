"""A training that is killed goes on, in a new process, to the same bits."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paddle_mnist.data import load_mnist
from paddle_mnist.data.idx import write_images, write_labels

ROOT = Path(__file__).parents[1]
DEADLINE = 120  # seconds, for a machine that is busy with other work

# So many epochs, and so many images in each, that a kill after the second comes in time.
TRAININGS = {
    # RMSprop, no validation images
    "mlp": "--stage mlp --epochs 8 --data sample",
    # Adam, batch normalisation, a learning rate that follows a plan
    "cnn": "--stage cnn --epochs 6 --data sample",
    # dropout, augmentation, ReduceLROnPlateau, best weights
    "tuned-cnn": "--stage tuned-cnn --epochs 7 --batch-size 16 --data few",
}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def folder(tmp_path):
    """A folder to work in, with a few digits of the sample in the folder few."""
    sample = load_mnist("sample", validation=0.0)
    (tmp_path / "few").mkdir()
    for name, split in (("train", sample.train), ("t10k", sample.test)):
        few = split.take(slice(80))
        write_images(tmp_path / "few" / f"{name}-images-idx3-ubyte.gz", few.images)
        write_labels(tmp_path / "few" / f"{name}-labels-idx1-ubyte.gz", few.labels)
    return tmp_path


def command(words: str) -> list[str]:
    return [sys.executable, "-m", "paddle_mnist.train", *words.split()]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def train(folder, words: str) -> str:
    """Train to the end in a process of its own; return what was printed."""
    finished = subprocess.run(
        command(words),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def history(run) -> list[dict]:
    """The finished epochs, as they are on the disk; a killed process says nothing of them."""
    try:
        return json.loads((run / "run.json").read_bytes())["history"]
    except FileNotFoundError:
        return []


def train_and_signal(folder, words: str, run, number: int) -> tuple[int, str]:
    """Train, and send a signal after the second epoch; return the exit code and the errors."""
    process = subprocess.Popen(
        command(words),
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ends = time.monotonic() + DEADLINE
        while len(history(run)) < 2 and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.005)
        process.send_signal(number)
        _, errors = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    return process.returncode, errors


def bits(run) -> list[str]:
    tensors = [run / name for name in ("model.safetensors", "state.safetensors")]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in tensors]


def check_that_it_is_hard(stage: str, run) -> None:
    """All that must be restored does play a part, or the test would be too easy."""
    record = json.loads((run / "run.json").read_bytes())
    config, rows = record["config"], record["history"]
    if stage == "tuned-cnn":
        assert (config["augment"], config["best_weights"]) == ("affine", True)
        assert record["used_epoch"] < len(rows)
    if stage != "mlp":  # the learning rate falls after the second epoch
        assert rows[-1]["learning_rate"] < rows[1]["learning_rate"]


@pytest.mark.parametrize("stage", TRAININGS)
def test_a_killed_training_goes_on_to_the_same_bits(folder, stage):
    words = TRAININGS[stage]
    unbroken, killed = folder / "unbroken", folder / "killed"
    first = train(folder, f"{words} --out unbroken")
    check_that_it_is_hard(stage, unbroken)
    epochs = len(history(unbroken))
    code, _ = train_and_signal(folder, f"{words} --out killed", killed, signal.SIGKILL)
    assert code == -signal.SIGKILL
    done = len(history(killed))
    assert 2 <= done < epochs
    second = train(folder, "--out killed --resume")
    assert f"going on after epoch {done} of {epochs}" in second
    assert bits(killed) == bits(unbroken)
    # The last line but for the seconds.
    assert first.splitlines()[-1].split(", trained")[0] in second
    assert sorted(path.name for path in killed.iterdir()) == sorted(
        path.name for path in unbroken.iterdir()
    )


def test_ctrl_c_keeps_the_last_epoch_and_says_how_to_go_on(folder):
    run = folder / "run"
    words = f"{TRAININGS['mlp']} --out run"
    code, errors = train_and_signal(folder, words, run, signal.SIGINT)
    assert code == 130
    assert "Traceback" not in errors
    message = "go on with: python -m paddle_mnist.train --stage mlp --out run --resume"
    assert errors.rstrip().endswith(message)
    done = len(history(run))
    assert 2 <= done < 8
    assert f"going on after epoch {done} of 8" in train(folder, "--stage mlp --out run --resume")
    assert len(history(run)) == 8
