"""Files that broke a reader once, or that fuzzing needed to reach all of it, are read or refused.

Each lies in corpus/<format>/. The fuzzers beside this file start from them and find new ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from paddle_mnist.data.idx import read_images, read_labels
from paddle_mnist.data.kaggle import PIXEL_COLUMNS, read_labelled, read_unlabelled
from paddle_mnist.formats.pdparams import read_pdparams
from paddle_mnist.images import load_image
from paddle_mnist.import_weights import refuse_trained_run
from paddle_mnist.ladder.results import finished_run
from paddle_mnist.measure.labelled_pictures import read_labels_csv, read_pictures_npz
from paddle_mnist.runs.folder import MODEL, RECORD, SEEN, Run, load_record
from paddle_mnist.runs.resuming import resumed_config
from paddle_mnist.system.errors import PaddleMnistError

CORPUS = Path(__file__).with_name("corpus")


def written(content: bytes, folder: Path, name: str) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def read_idx(content: bytes, folder: Path) -> None:
    path = written(content, folder, "idx")
    for read in (read_images, read_labels):
        with contextlib.suppress(PaddleMnistError):
            read(path)


# A whole header and whole rows would fill the files, and the fuzzer's time.
ABBREVIATIONS = {
    b"COLUMNS": ",".join(PIXEL_COLUMNS).encode(),
    b"REST": b",0" * 783,
}


def read_kaggle(content: bytes, folder: Path) -> None:
    for short, long in ABBREVIATIONS.items():
        content = content.replace(short, long)
    path = written(content, folder, "train.csv")
    for read in (read_labelled, read_unlabelled):
        with contextlib.suppress(PaddleMnistError):
            read(path)


def read_folder_of_pictures(content: bytes, folder: Path) -> None:
    written(b"", folder, "a.png")
    written(content, folder, "labels.csv")
    read_labels_csv(folder)


def read_arrays(content: bytes, folder: Path) -> None:
    """Reads an archive, or an array as the images of one: a fuzzer cannot guess checksums."""
    if content.startswith(np.lib.format.MAGIC_PREFIX):
        archive = io.BytesIO()
        np.savez(archive, labels=np.zeros(3, int))
        with zipfile.ZipFile(archive, "a") as file:
            file.writestr("images.npy", content)
        content = archive.getvalue()
    read_pictures_npz(written(content, folder, "digits.npz"))


# What a run is made of

_DATA = {"is_mnist": False, "train": 1, "validation": 0, "test": 1, "fingerprint": ""}
_RECORD = {"format": 1, "stage": "linear", "config": {}, "data": {}, "history": []}
_RECIPE = {"parameters": 785, "data": _DATA, "epochs": 1, "early_stopping": 3}
_WEIGHTS = safetensors.numpy.save({"weight": np.zeros(3, np.float32)})


def _sealed(values: object) -> bytes:
    # Whoever changes a value can mend the checksum, too, and no fuzzer guesses one.
    if not isinstance(values, dict):
        return json.dumps(values).encode()
    values.pop("sha256", None)
    text = json.dumps(values, sort_keys=True).encode()
    return json.dumps({**values, "sha256": hashlib.sha256(text).hexdigest()}).encode()


def read_record(content: bytes, folder: Path) -> None:
    (folder / MODEL).write_bytes(_WEIGHTS)
    with contextlib.suppress(ValueError, RecursionError):  # what is not JSON is tried as it is
        content = _sealed(json.loads(content))
    (folder / RECORD).write_bytes(content)
    for use in (
        lambda: resumed_config(folder, {}),
        lambda: refuse_trained_run(folder),
        lambda: finished_run("linear", folder, _RECIPE),
    ):
        with contextlib.suppress(PaddleMnistError):
            use()
    record = load_record(folder)
    Run(folder, record).model()
    Run(folder, record).seen()


def read_tensors(content: bytes, folder: Path) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    record = {**_RECORD, "stored_as": "float16", "files": {MODEL: sha256, SEEN: sha256}}
    (folder / RECORD).write_bytes(_sealed(record))
    for name in (MODEL, SEEN):
        (folder / name).write_bytes(content)
    record = load_record(folder)
    for load in (Run(folder, record).model, Run(folder, record).seen):
        with contextlib.suppress(PaddleMnistError):
            load()


def read_weights(content: bytes, folder: Path) -> None:
    (folder / "weights.pdparams").write_bytes(content)
    read_pdparams(folder / "weights.pdparams")


def read_picture(content: bytes, folder: Path) -> None:
    (folder / "picture").write_bytes(content)
    load_image(folder / "picture")


# From a folder in corpus/ to a function that reads a file's content, in a folder to write into.
READERS: dict[str, Callable[[bytes, Path], object]] = {
    "idx": read_idx,
    "kaggle": read_kaggle,
    "labels": read_folder_of_pictures,
    "arrays": read_arrays,
    "run": read_record,
    "tensors": read_tensors,
    "pdparams": read_weights,
    "pictures": read_picture,
}


def test_each_format_has_a_corpus_and_a_reader():
    assert {folder.name for folder in CORPUS.iterdir()} == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_each_file_is_read_or_refused(tmp_path, name):
    files = sorted((CORPUS / name).iterdir())
    assert files
    for file in files:
        try:
            READERS[name](file.read_bytes(), tmp_path)
        except PaddleMnistError:
            continue
        except Exception as error:
            raise AssertionError(f"{file.name} raises {error!r}") from error
