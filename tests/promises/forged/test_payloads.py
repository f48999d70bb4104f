"""Files that run code in the hands of others are read by everything here, and run nothing."""

from __future__ import annotations

import ast
import base64
import builtins
import gzip
import importlib
import io
import json
import operator
import os
import pathlib
import pickle
import struct
import subprocess
import sys
import timeit
import zipfile
from pathlib import Path

import numpy as np
import paddle
import pytest

import paddle_mnist
from paddle_mnist import evaluate, export, import_weights, predict
from paddle_mnist.data import load_mnist
from paddle_mnist.data.idx import read_images, read_labels
from paddle_mnist.data.kaggle import check_submission_file, read_labelled, read_unlabelled
from paddle_mnist.data.mnist_files import read_originals
from paddle_mnist.demo import __main__ as demo
from paddle_mnist.formats.pdparams import read_pdparams
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.outcome import WrongError, parse_outcome
from paddle_mnist.homework.progress import FILE_NAME, load_progress
from paddle_mnist.images import load_image
from paddle_mnist.ladder.results import load_results
from paddle_mnist.measure.labelled_pictures import read_labels_csv, read_pictures_npz
from paddle_mnist.plots import check_plot_file
from paddle_mnist.runs.folder import load_record, read_tensors
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.resuming import resumed_config
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import PaddleMnistError

PACKAGE = Path(paddle_mnist.__file__).parent


class Call:
    """Calls a function when it is unpickled."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def entry(value: bytes) -> bytes:
    """A pickle of {"weight": value}."""
    return b"\x80\x04}" + text("weight") + value + b"s."


def saved_by_paddle(value) -> bytes:
    file = io.BytesIO()
    paddle.save(value, file, protocol=4)
    return file.getvalue()


def pickles(trace: Path) -> dict[str, bytes]:
    """Ways to make the folder or file `trace` when they are unpickled."""
    path = str(trace)
    code = f"__import__('os').mkdir({path!r})"
    weights = {"weight": np.zeros(3, np.float32)}
    objects = np.array([Call(os.mkdir, path)], dtype=object)
    mkdir = Call(getattr, Call(importlib.import_module, "os"), "mkdir")
    by_state = name("functools", "partial") + name("builtins", "len") + b"\x85R"
    by_state += b"(" + name("os", "mkdir") + text(path) + b"\x85}Ntb)R"
    command = f'"{sys.executable}" -c "import os; os.mkdir(r\'{path}\')"'
    return {
        "os.mkdir": pickle.dumps(Call(os.mkdir, path), 4),
        "os.system": pickle.dumps(Call(os.system, command), 0),
        "eval": pickle.dumps(Call(builtins.eval, code), 2),
        "exec": pickle.dumps(Call(builtins.exec, code), 3),
        "subprocess": pickle.dumps({"weight": Call(subprocess.check_call, ["mkdir", path])}, 5),
        "timeit": pickle.dumps(Call(timeit.timeit, code, "pass", timeit.default_timer, 1), 4),
        "a method": pickle.dumps(Call(operator.methodcaller("touch"), pathlib.Path(path)), 4),
        "a pickle in a pickle": pickle.dumps(
            Call(pickle.loads, pickle.dumps(Call(os.mkdir, path))), 4
        ),
        "beside real weights": pickle.dumps({**weights, "more": Call(os.mkdir, path)}, 4),
        "in an array of objects": pickle.dumps({**weights, "more": objects}, 4),
        "inner state": entry(by_state),
        "INST": b"\x80\x02" + f"(S{path!r}\nios\nmkdir\n.".encode(),
        "looked up": entry(pickle.dumps(mkdir, 3)[2:-1] + text(path) + b"\x85R"),
        "of paddle.save": saved_by_paddle({"weight": Call(os.mkdir, path)}),
    }


def archives(trace: Path) -> dict[str, bytes]:
    """Pickles inside of other files: of NumPy, and a zip such as PyTorch writes."""
    objects = np.array([[[Call(os.mkdir, str(trace))]]], dtype=object)
    array, arrays, archive = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(array, objects, allow_pickle=True)
    np.savez(arrays, images=objects, labels=objects[0, 0])
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Call(os.mkdir, str(trace)), 2))
        file.writestr("archive/version", "3\n")
    return {
        "an .npy of objects": array.getvalue(),
        "an .npz of objects": arrays.getvalue(),
        "a zip with a pickle": archive.getvalue(),
    }


def texts(trace: Path) -> dict[str, bytes]:
    """Texts that libraries for JSON and YAML with objects would build objects from."""
    call = {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": [str(trace)]}]}
    record = {"stage": "linear", "config": {}, "data": {}, "history": [], "files": {}}
    reduced = {**record, "format": 1, "__reduce__": ["os.mkdir", [str(trace)]], "more": call}
    return {
        "JSON of objects": json.dumps(reduced).encode(),
        "YAML of objects": f"!!python/object/apply:os.mkdir ['{trace}']\n".encode(),
    }


def payloads(trace: Path) -> dict[str, bytes]:
    return {**pickles(trace), **archives(trace), **texts(trace)}


# Everything in the package that takes a file. Each is a function of what is in the file, a folder
# to write into, and a run to put it into; it reads the file, and says that it is none of its own.

OWN_ERRORS = (PaddleMnistError, WrongError)


def refused(read, *arguments) -> None:
    with pytest.raises(OWN_ERRORS):
        read(*arguments)


def ended_with_an_error(command, *words) -> None:
    assert command.main([str(word) for word in words]) == 2


def written(content: bytes, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def resume(run: Path) -> None:
    run_training(resumed_config(run, {}), run, resume=True)


def load_seen_of_test_images(content: bytes, folder: Path) -> None:
    refused(read_tensors, written(content, folder / "seen.safetensors"))


def load_homework_outcome(content: bytes, _folder: Path) -> None:
    refused(parse_outcome, content, "abc", find_exercise("3-1"))
    packed = {"id": "abc", "number": "3-1", "values": base64.b64encode(content).decode()}
    refused(parse_outcome, json.dumps(packed).encode(), "abc", find_exercise("3-1"))


def load_homework_progress(content: bytes, folder: Path) -> None:
    written(content, folder / FILE_NAME)
    assert load_progress(folder).put_aside


def load_labels(content: bytes, folder: Path) -> None:
    written(content, folder / "labels.csv")
    refused(read_labels_csv, folder)
    run = shipped_run("linear")
    ended_with_an_error(evaluate, "--run", run, "--images", folder)


def load_arrays(content: bytes, folder: Path) -> None:
    path = written(content, folder / "digits.npz")
    refused(read_pictures_npz, path)
    ended_with_an_error(evaluate, "--run", shipped_run("linear"), "--images", path)


def load_idx_files(content: bytes, folder: Path) -> None:
    for packed in (content, gzip.compress(content)):
        path = written(packed, folder / "train-images-idx3-ubyte.gz")
        for read in (read_images, read_labels):
            refused(read, path)
        for file in ("train-labels", "t10k-images", "t10k-labels"):
            number = 3 if file.endswith("images") else 1
            written(packed, folder / f"{file}-idx{number}-ubyte.gz")
        refused(load_mnist, folder)
        refused(read_originals, folder)


def load_kaggle(content: bytes, folder: Path) -> None:
    for read in (read_labelled, read_unlabelled):
        refused(read, written(content, folder / "train.csv"))
    refused(load_mnist, folder)
    path = written(content, folder / "test.csv")
    words = ("--run", shipped_run("linear"), "--kaggle", path, "-o", folder / "new.csv")
    ended_with_an_error(predict, *words)
    refused(check_submission_file, written(content, folder / "old.csv"), path)


def load_picture(content: bytes, folder: Path) -> None:
    path = written(content, folder / "digit.png")
    refused(load_image, path)
    refused(Recognizer.load(shipped_run("linear")).read_picture, path)
    refused(check_plot_file, path)


def load_ladder(content: bytes, folder: Path) -> None:
    refused(load_results, written(content, folder / "ladder.json").parent)


LOADERS = {
    "read_pdparams": lambda content, folder: refused(
        read_pdparams, written(content, folder / "weights.pdparams")
    ),
    "import-weights": lambda content, folder: ended_with_an_error(
        import_weights,
        *(written(content, folder / "w.pdparams"), "--stage", "linear", "-o", folder / "new"),
    ),
    "seen": load_seen_of_test_images,
    "homework's outcomes": load_homework_outcome,
    "homework's progress": load_homework_progress,
    "labels.csv": load_labels,
    "arrays": load_arrays,
    "IDX files": load_idx_files,
    "Kaggle's files": load_kaggle,
    "pictures": load_picture,
    "the ladder's results": load_ladder,
}
# The files of a run, with right checksums, through everything that takes a run.
RUN_LOADERS = {
    "Recognizer.load": lambda run: refused(Recognizer.load, run),
    "predict": lambda run: ended_with_an_error(predict, "--run", run, "picture.png"),
    "evaluate": lambda run: ended_with_an_error(evaluate, "--run", run, "--data", "sample"),
    "export": lambda run: ended_with_an_error(
        export, *("--run", run, "--format", "pdparams", "-o", run.parent / "new.pdparams")
    ),
    "demo": lambda run: ended_with_an_error(demo, "--run", run, "-o", run.parent / "new.html"),
    "resume": lambda run: refused(resume, run),
}
RUN_FILES = ("run.json", "model", "seen", "state")


def loads_into_run(file: str, loader: str, content: bytes, run: Path, forge) -> None:
    record = load_record(run)
    if file == "run.json":
        (run / file).write_bytes(content)
    else:
        forge(run, record, **{file: content})
    RUN_LOADERS[loader](run)
    if file == "run.json":
        forge(run, record)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch, tmp_path):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


# Only resuming reads the state, and only resuming cannot do without the rest.
PLACES = [
    *LOADERS,
    *(f"{loader}, {file}" for loader in RUN_LOADERS for file in RUN_FILES[:3]),
    "resume, state",
]


@pytest.mark.promise(row=1)
def test_no_loader_runs_a_payload(run, tmp_path, forge, figure, capsys):
    trace = tmp_path / "executed"
    found = payloads(trace)
    for place in PLACES:
        for number, content in enumerate(found.values()):
            if place in LOADERS:
                folder = tmp_path / f"{place} {number}"
                folder.mkdir()
                LOADERS[place](content, folder)
            else:
                loader, file = place.split(", ")
                loads_into_run(file, loader, content, run, forge)
            assert not trace.exists(), place
    figure("{} payloads through {} ways to load a file, {} executed", len(found), len(PLACES), 0)


@pytest.mark.promise(row=1, control=True)
def test_others_run_every_payload(tmp_path, figure):
    # Without this the test above would pass with payloads that do nothing.
    kinds = list(pickles(tmp_path))
    for number, kind in enumerate(kinds):
        (tmp_path / f"{number}.pdparams").write_bytes(pickles(tmp_path / kind)[kind])
    for kind in archives(tmp_path):
        (tmp_path / f"{kind}.archive").write_bytes(archives(tmp_path / kind)[kind])
    code = (
        "import contextlib, glob, io, pickle, zipfile, numpy, paddle\n"
        "for path in glob.glob('*.pdparams'):\n"
        "    with contextlib.suppress(Exception):\n"
        "        paddle.load(path)\n"
        "for path in glob.glob('*.archive'):\n"
        "    with contextlib.suppress(Exception):\n"
        "        numpy.load(path, allow_pickle=True)['images']\n"
        "    with contextlib.suppress(Exception):\n"
        "        pickle.loads(zipfile.ZipFile(path).read('archive/data.pkl'))\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, timeout=120
    )
    everything = [*kinds, *archives(tmp_path)]
    assert [kind for kind in everything if not (tmp_path / kind).exists()] == []
    figure("{} of them executed by paddle.load, numpy.load or pickle", len(everything))


# What the package's own source may not hold

FORBIDDEN_MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"),
    *("yaml", "runpy", "code", "jsonpickle", "torch"),
}
# Without allow_pickle=False.
READ_BY_NUMPY = {"np.load", "numpy.load", "np.lib.format.read_array", "format.read_array"}
FORBIDDEN_CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("os.system", "os.popen", "importlib.import_module", "importlib.__import__"),
    *("importlib.util.spec_from_file_location", "paddle.load", "paddle.jit.load"),
    *("inference.create_predictor", "onnx.load"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler"),
    *READ_BY_NUMPY,
}
ALLOWED = {
    ("__main__.py", "importlib.import_module"): "the commands, by the names in its own table",
    ("core/stages.py", "importlib.import_module"): "the networks, by the names in its own table",
    ("homework/ready_made.py", "importlib.import_module"): "modules of its own table, to compare",
    ("homework/answer_file.py", "importlib.util.spec_from_file_location"): (
        "the learner's own answer, in a process of its own"
    ),
    ("homework/exercise.py", "importlib.util.spec_from_file_location"): (
        "the checks that the package brings"
    ),
    ("homework/answer_file.py", "compile"): (
        "tells where the syntax of an answer is wrong; never run"
    ),
    ("formats/inference_model.py", "inference.create_predictor"): (
        "what the export has just written itself"
    ),
    ("formats/pdparams.py", "pickle"): "its unpickler, which finds no names but those of a list",
}


def forbidden(source: str) -> list[str]:
    """The ways to execute data that a source uses."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Call):
            options = {keyword.arg: keyword.value for keyword in node.keywords}
            called = ast.unparse(node.func)
            safe = options.get("allow_pickle")
            if called in READ_BY_NUMPY and isinstance(safe, ast.Constant):
                called = "" if safe.value is False else called
            found.append(f"call {called}")
            if "shell" in options:
                found.append("call eval")
    calls = [text.removeprefix("call ") for text in found if text.startswith("call ")]
    modules = [text for text in found if text.split(".")[0] in FORBIDDEN_MODULES]
    return sorted({*modules, *(call for call in calls if call in FORBIDDEN_CALLS)})


def sources() -> dict[str, str]:
    files = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in files}


@pytest.mark.promise(row=1)
def test_the_package_has_no_call_that_executes_a_file(figure):
    found = {(file, what) for file, source in sources().items() for what in forbidden(source)}
    assert found == set(ALLOWED)
    figure("all source files: {} calls of pickle.load, paddle.load, eval or exec", 0)


@pytest.mark.promise(row=1, control=True)
@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "pickle.load(file)",
        "pickle.Unpickler(file).load()",
        "from torch.serialization import load",
        "def f(x): return eval(x)",
        "paddle.load(path)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(words, shell=True)",
    ],
)
def test_such_a_call_is_found(source):
    assert forbidden(source)
