"""A run as a training leaves it, and ways to change it that keep its checksums right."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.data import load_mnist
from paddle_mnist.data.folder import write_folder
from paddle_mnist.runs import training
from paddle_mnist.runs.training import run_training

EPOCHS = 3  # of which two are finished


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A folder with a few digits of the sample."""
    folder = tmp_path_factory.mktemp("few")
    sample = load_mnist("sample", validation=0.0)
    write_folder(folder, sample.train.take(slice(40)), sample.test.take(slice(40)))
    return folder


@pytest.fixture(scope="session")
def train_until_interrupted(few):
    """A function: train a stage into a folder, and stop when all but one epoch is saved."""

    def train(stage: str, folder: Path, seed: int = 0) -> Path:
        class Interrupted(training.Checkpoint):
            def on_epoch_end(self, progress):
                super().on_epoch_end(progress)
                if progress.epoch == EPOCHS - 1:
                    raise KeyboardInterrupt

        config = configure(
            stage,
            data=str(few),
            epochs=EPOCHS,
            batch_size=8,
            validation=0.25,
            optimizer="adam",
            schedule="one-cycle",
            best_weights=True,
            seed=seed,
        )
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(training, "Checkpoint", Interrupted)
            with pytest.raises(KeyboardInterrupt):
                run_training(config, folder)
        return folder

    return train


@pytest.fixture(scope="session")
def original(train_until_interrupted, tmp_path_factory):
    """A run that can be resumed; not to be changed."""
    return train_until_interrupted("linear", tmp_path_factory.mktemp("original") / "run")


@pytest.fixture(scope="session")
def other(train_until_interrupted, tmp_path_factory):
    """A run of the same stage, data and options; only the seed is another."""
    return train_until_interrupted("linear", tmp_path_factory.mktemp("other") / "run", seed=1)


@pytest.fixture
def run(original, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(original, tmp_path / "run"))


def seal(record: dict) -> bytes:
    """The text of a `run.json` with its right checksum, as everybody can make it."""
    values = {name: value for name, value in record.items() if name != "sha256"}
    text = json.dumps(values, sort_keys=True).encode()
    return json.dumps({**values, "sha256": hashlib.sha256(text).hexdigest()}).encode()


def write_anew(path: Path, content: bytes) -> None:
    # Some file systems wait for the disk to overwrite a file.
    path.unlink(missing_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="session")
def forge():
    """A function: change `run.json`, and put other files into a run, with the right checksums."""

    def change(folder: Path, record: dict, **contents: bytes) -> None:
        files = dict(record["files"]) if contents else {}
        for stem, content in contents.items():
            name = f"{stem}.safetensors"
            write_anew(folder / name, content)
            files[name] = hashlib.sha256(content).hexdigest()
        record = {**record, "files": files} if contents else record
        write_anew(folder / "run.json", seal(record))

    return change
