"""Bad arguments, data, runs and pictures: one clear line each, exit code 2, and no new file."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mnist import __main__ as program
from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import build_network
from paddle_mnist.data.mnist import SAMPLE_FOLDER
from paddle_mnist.runs.folder import save_run, update_record
from paddle_mnist.runs.state import weights_of

ROOT = Path(__file__).parents[1]
STAGES = "linear, mlp, cnn, deep-cnn, dropout-cnn, tuned-cnn, tiny, best"

# The words of a command, and what its error must say. All of them work in a folder that the
# fixture `place` fills.

# These end before Paddle is needed. Each is run as a process.
QUICK = {
    "no command": ("", "a command is missing; the commands are: train, ladder, evaluate, predict"),
    "unknown command": ("trian", "unknown command 'trian'"),
    "unknown option": ("train --epoch-count 3", "unrecognized arguments: --epoch-count 3"),
    "near stage": ("train --stage dep-cnn", f"did you mean 'deep-cnn'? The stages are: {STAGES}"),
    "far stage": ("train --stage xyz", f"unknown stage 'xyz'; the stages are: {STAGES}"),
    "no epochs": ("train --epochs 0", "epochs is 0; it must be 1 or more"),
    "negative epochs": ("train --epochs -1", "epochs is -1; it must be 1 or more"),
    "epochs as a word": ("train --epochs x", "--epochs: invalid int value: 'x'"),
    "empty batches": ("train --batch-size 0", "batch size is 0; it must be 1 or more"),
    "zero learning rate": (
        "train --learning-rate 0",
        "the learning rate is 0.0; it must be a number above 0",
    ),
    "learning rate nan": ("train --learning-rate nan", "the learning rate is nan"),
    "infinite learning rate": ("train --learning-rate inf", "the learning rate is inf"),
    "negative learning rate": ("train --learning-rate=-1", "the learning rate is -1.0"),
    "negative seed": ("train --seed -1", "the seed is -1; it must be from 0 to 4294967295"),
    "no threads": ("train --threads 0", "threads is 0; it must be 1 or more"),
    "unknown device": ("train --device tpu", "unknown device 'tpu'; allowed: auto, cpu, gpu"),
    "unknown optimizer": ("train --optimizer adamm", "unknown optimizer 'adamm'; allowed: sgd, "),
    "unknown schedule": ("train --schedule cosine", "'cosine'; allowed: constant, one-cycle, "),
    "too much held out": ("train --validation 0.9", "the validation share is 0.9; it must be from"),
    "nothing to resume": ("train --stage mlp --resume", "there is no run in runs/mlp"),
    "no picture": ("predict", "the following arguments are required: PICTURE"),
    "no run": (
        "predict seven.png --run none",
        "python -m paddle_mnist.train --stage cnn --out none",
    ),
    "no run to evaluate": (
        "evaluate --run runs/deep-cnn",
        "python -m paddle_mnist.train --stage deep-cnn --out runs/deep-cnn",
    ),
    "a file as a run": ("predict seven.png --run text.txt", "text.txt is a file; name the folder"),
    "damaged run.json": ("predict seven.png --run bad-json", "bad-json/run.json is damaged"),
    "run.json as a list": ("evaluate --run list-json", "it holds list, expected an object"),
    "edited run.json": (
        "predict seven.png --run edited",
        "edited/run.json is damaged or was edited",
    ),
    "damaged to resume": ("train --out bad-json --resume", "bad-json/run.json is damaged"),
}

# These need Paddle.
SLOW = {
    "no gpu": ("train --device gpu --data sample", "no GPU can be used"),
    "no data folder": ("train --data none", "there is no folder"),
    "a file as data": ("train --data text.txt", "text.txt is a file, not a folder"),
    "a part of the data": ("train --data three", "missing: t10k-labels-idx1-ubyte"),
    "no data in it": ("train --data empty", "the folder holds nothing"),
    "wrong magic": ("train --data magic", "begins with the magic number 0x00000803"),
    "cut-off gzip": ("train --data cut", "train-images-idx3-ubyte.gz"),
    "label 77": ("train --data label77", "is 77; expected 0 to 9"),
    "a bad row": ("train --data kaggle", "train.csv, line 3: the row is too short: 3 numbers"),
    "below a file": ("train --data sample --out text.txt/run", "a file is in the way"),
    "a run of another stage": (
        "train --stage mlp --threads 1 --data sample --out run",
        "run holds a run of stage 'cnn', not 'mlp'",
    ),
    "too large steps": (
        "train --stage linear --data sample --learning-rate 1000",
        "try a learning rate below 1000",
    ),
    "damaged tensors": (
        "predict seven.png --run bad-tensors",
        "bad-tensors/model.safetensors is damaged",
    ),
    "missing tensors": ("evaluate --run no-tensors", "no-tensors/model.safetensors is missing"),
    "unknown stage of a run": (
        "predict seven.png --run unknown",
        f"is of stage 'transformer', which this version does not know; the stages are: {STAGES}",
    ),
    "weights of another stage": ("predict seven.png --run mixed", "belong to another network"),
    "missing picture": ("predict --run run none.png", "none.png: there is no such file"),
    "text as a picture": ("predict --run run text.txt", "text.txt: it is not a picture"),
    "empty picture": ("predict --run run empty.png", "empty.png: the file is empty"),
    "folder as a picture": ("predict --run run empty", "empty: it is a folder"),
    "blank picture": ("predict --run run blank.png", "blank.png: nothing to read was found"),
    "svg": ("predict --run run seven.svg", "seven.svg: it is not a picture of a known kind"),
    "cut-off picture": ("predict --run run cut.png", "cut.png: the file is damaged or cut off"),
    "json of a bad picture": ("predict --run run --json text.txt", "text.txt: it is not a picture"),
    "plot over the picture": (
        "predict --run run seven.png --plot ./seven.png",
        "seven.png is one of the pictures to read",
    ),
    "plot over another picture": (
        "predict --run run seven.png --plot blank.png",
        "blank.png is there already",
    ),
    "plot into a folder": ("predict --run run seven.png --plot empty", "empty is not a file"),
    "plot of an unknown kind": (
        "predict --run run seven.png --plot a.xyz",
        "a.xyz has the ending '.xyz'; name a file to draw into that ends in .png, .svg, .pdf",
    ),
    "evaluate no data": ("evaluate --run run --data none", "there is no folder none"),
    "no labels": ("evaluate --run run --images empty", "empty/labels.csv cannot be read"),
    "a bad label": ("evaluate --run run --images bad-label", "line 2: the label is '77'"),
    "no such picture": ("evaluate --run run --images no-picture", "the picture 'x.png' is not in"),
}
# Of these some are run as processes too: one for each part of the program that speaks.
AS_PROCESS = ["cut-off gzip", "too large steps", "damaged tensors", "blank picture", "a bad label"]


def make_run(folder: Path, *, network: str = "cnn", stage: str = "cnn") -> Path:
    """A whole run, of a network that has learnt nothing."""
    config = dataclasses.asdict(configure("cnn", data="sample"))
    data = {"kind": "sample", "path": "", "is_mnist": False}
    record = {"stage": stage, "config": config, "data": data, "history": [{}]}
    save_run(folder, record, weights_of(build_network(network)), {})
    return folder


def make_runs(place: Path) -> None:
    for name in ("run", "bad-tensors", "no-tensors"):
        make_run(place / name)
    make_run(place / "unknown", stage="transformer")
    make_run(place / "mixed", network="mlp")
    for name, content in (("bad-json", '{"format": 1, '), ("list-json", "[]")):
        make_run(place / name)
        (place / name / "run.json").write_text(content)
    make_run(place / "edited")
    record = json.loads((place / "edited" / "run.json").read_bytes())
    (place / "edited" / "run.json").write_text(json.dumps({**record, "stage": "mlp"}))
    tensors = place / "bad-tensors" / "model.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"\x00\x01")
    (place / "no-tensors" / "model.safetensors").unlink()
    update_record(place / "run", {"test": None})


def make_data(place: Path) -> None:
    for name in ("three", "magic", "cut", "label77"):
        shutil.copytree(SAMPLE_FOLDER, place / name)
    (place / "three" / "t10k-labels-idx1-ubyte.gz").unlink()
    images, labels = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
    shutil.copy(SAMPLE_FOLDER / images, place / "magic" / labels)
    whole = (SAMPLE_FOLDER / images).read_bytes()
    (place / "cut" / images).write_bytes(whole[: len(whole) // 2])
    unpacked = bytearray(gzip.decompress((SAMPLE_FOLDER / labels).read_bytes()))
    unpacked[-1] = 77
    (place / "label77" / labels).write_bytes(gzip.compress(unpacked))
    (place / "kaggle").mkdir()
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    rows = [header, ",".join(["5"] + 784 * ["0"]), "5,0,0"]
    (place / "kaggle" / "train.csv").write_text("\n".join(rows))


def make_pictures(place: Path) -> None:
    paper = np.full((60, 60), 255, np.uint8)
    Image.fromarray(paper).save(place / "blank.png")
    paper[15:20, 15:45] = paper[15:50, 40:45] = 0
    Image.fromarray(paper).save(place / "seven.png")
    (place / "cut.png").write_bytes((place / "seven.png").read_bytes()[:60])
    (place / "empty.png").touch()
    (place / "text.txt").write_text("seven")
    (place / "seven.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>'
    )
    (place / "empty").mkdir()
    for name, row in (("bad-label", "seven.png,77"), ("no-picture", "x.png,7")):
        (place / name).mkdir()
        shutil.copy(place / "seven.png", place / name)
        (place / name / "labels.csv").write_text(f"file,label\n{row}\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with one good run, one good picture, and many things that are not as they should."""
    folder = tmp_path_factory.mktemp("place")
    make_runs(folder)
    make_data(folder)
    make_pictures(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files, but for the lock that stays where a training was begun."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def run_process(words: list[str], folder: Path) -> tuple[int, str, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "paddle_mnist", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return finished.returncode, finished.stdout, finished.stderr


def check(code: int, out: str, err: str, expected: str) -> None:
    assert code == 2
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert expected.replace("/", os.sep) in err.replace("/", os.sep)
    # Only a training that had begun may have said what it trains on.
    assert out == "" or (out.startswith("data: ") and len(out.splitlines()) == 1)


@pytest.mark.parametrize("case", [*QUICK, *AS_PROCESS])
def test_as_a_process(place, case):
    words, expected = {**QUICK, **SLOW}[case]
    before = contents(place)
    code, out, err = run_process(words.split(), place)
    check(code, out, err, expected)
    assert contents(place) == before


@pytest.mark.parametrize("case", SLOW)
def test_in_this_process(place, case, capsys, monkeypatch):
    if case == "no gpu":
        skip_where_there_is_a_gpu()
    words, expected = SLOW[case]
    monkeypatch.chdir(place)
    monkeypatch.setenv("MKL_NUM_THREADS", "1")  # Paddle is loaded here, and takes no other number
    before = contents(place)
    code = program.main(words.split())
    out, err = capsys.readouterr()
    check(code, out, err, expected)
    assert contents(place) == before


def skip_where_there_is_a_gpu() -> None:
    import paddle

    if paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count():
        pytest.skip("this machine has a GPU")


def test_the_good_ones_are_good(place, capsys, monkeypatch):
    """Otherwise the errors above could all have another reason."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    assert program.main(["predict", "seven.png", "--run", "run", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
