"""Every write of the package: how it is done, and how what is there afterwards is read.

What needs Paddle or Matplotlib imports it where it is needed: a process without them forks five
times as fast.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import hashlib
import io
import json
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from paddle_mnist import export as export_command
from paddle_mnist.data import download, idx, kaggle
from paddle_mnist.data import folder as data_folder
from paddle_mnist.data import mnist_files as originals
from paddle_mnist.data.split import Split
from paddle_mnist.formats import export
from paddle_mnist.formats.inference_model import FILES
from paddle_mnist.homework import __main__ as homework
from paddle_mnist.homework import progress, report
from paddle_mnist.ladder import results as ladder
from paddle_mnist.runs.folder import RECORD, STATE, Run, save_run, sweep, update_record
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.system.errors import DataError, UsageError

OLD, NEW = 1, 2
# What a command tells of its work, where it tells errors too.
NOTES = ("weights: ", "data: ")
MINE = "def softmax(rows):\n    return rows  # an evening's work\n"
LADDER = Path(__file__).parents[3] / "benchmarks"


@dataclass(frozen=True)
class Write:
    """One way in which the package changes the disk.

    Attributes:
        write: given a folder and OLD or NEW, writes other content into it.
        read: what of it is there now, by name; each is None where it is missing, and reading
            raises where it is damaged.
        sweep: what the next start of the same command begins with; None: with the same write.
        makes_folder: whether it makes the folder, too.
    """

    write: Callable[[Path, int], None]
    read: Callable[[Path], dict[str, Any]]
    sweep: Callable[[Path], object] | None = None
    makes_folder: bool = True


def bytes_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def command(main: Callable[[list[str]], int], *words: object) -> None:
    """Run a command; an error has to be one line, and the exit code 2."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        code = main([str(word) for word in words])
    if code == 130:
        raise KeyboardInterrupt
    lines = [line for line in errors.getvalue().splitlines() if not line.startswith(NOTES)]
    if code == 2 and len(lines) == 1 and lines[0].startswith("error: "):
        raise UsageError(lines[0])
    assert code == 0, f"exit code {code}: {errors.getvalue()}"


# A run


def weights(value: int) -> dict[str, np.ndarray]:
    return {"weight": np.full((30, 40), value, np.float32)}


def save_a_run(folder: Path, value: int) -> None:
    record = {"stage": "mlp", "config": {}, "data": {}, "history": [], "value": value}
    seen = {"train": np.full(9, value, np.uint64)}
    save_run(folder, record, weights(value), weights(value), seen)


def read_run(folder: Path) -> dict[str, Any]:
    if not (folder / RECORD).exists():
        return {"run": None}
    run = Run.load(folder)
    arrays = (run.model()["weight"], run.tensors(STATE)["weight"], run.seen()["train"])
    found = {run.record["value"], *(int(value) for array in arrays for value in array.ravel())}
    return {"run": [sorted(found), run.record.get("measured")]}


def measure_run(folder: Path, value: int) -> None:
    if value == OLD:
        save_a_run(folder, OLD)
    else:
        update_record(folder, {"measured": True})


def write_history(folder: Path, value: int) -> None:
    from paddle_mnist.runs.reporting import write_history as write

    rows = [{"epoch": epoch, "loss": value / epoch, "losses": []} for epoch in range(1, 99)]
    write(folder / "history.csv", rows)


def read_history(folder: Path) -> dict[str, Any]:
    path = folder / "history.csv"
    if not path.exists():
        return {"history": None}
    with open(path, newline="") as file:
        return {
            "history": [[int(row["epoch"]), float(row["loss"])] for row in csv.DictReader(file)]
        }


def draw(folder: Path, value: int) -> None:
    from matplotlib.figure import Figure

    from paddle_mnist.plots import save_figure

    figure = Figure(figsize=(1, 1))
    figure.text(0.5, 0.5, str(value))
    save_figure(figure, folder / "curves.png")


def read_picture(folder: Path) -> dict[str, Any]:
    path = folder / "curves.png"
    if path.exists():
        Image.open(path).load()
    return {"picture": bytes_of(path)}


# Data


def images(value: int) -> np.ndarray:
    return np.random.default_rng(value).integers(0, 256, (20, 28, 28), dtype=np.uint8)


IDX_READERS = {
    "train-images-idx3-ubyte": idx.read_images,
    "train-labels-idx1-ubyte": idx.read_labels,
}


def write_idx(folder: Path, value: int) -> None:
    split = Split(images(value), images(value)[:, 0, 0].astype(np.int64) % 10)
    # Two of the four files: the others are written as they are.
    with mock.patch.object(data_folder, "IDX_NAMES", tuple(IDX_READERS)):
        data_folder.write_folder(folder, split, split)


def read_idx(folder: Path) -> dict[str, Any]:
    paths = {name: folder / f"{name}.gz" for name in IDX_READERS}
    return {
        name: int(IDX_READERS[name](path).sum()) if path.exists() else None
        for name, path in paths.items()
    }


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing of a download that was broken off."""


class Mirror(SimpleHTTPRequestHandler):
    """Serves small files that pass as MNIST's."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PUBLISHED[self.path])))
        self.end_headers()
        self.wfile.write(PUBLISHED[self.path])


def publish() -> dict[str, bytes]:
    """Make small files that pass as MNIST's, by their addresses."""
    files = {}
    for name in originals.SHA256:
        array = images(9) if "images" in name else images(9)[:, 0, 0].astype(np.int64) % 10
        originals.SHA256[name] = idx.content_sha256(array)
        header, body = idx.encode(array)
        files[f"/{name}.gz"] = gzip.compress(header + body.tobytes())
    return files


PUBLISHED = publish()
# A busy machine is not to fail the tests.
PATIENT = download.Limits(connect_seconds=60, read_seconds=60, pace_seconds=60)


def download_files(folder: Path, value: int) -> None:
    server = Server(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        mirror = f"http://127.0.0.1:{server.server_port}/"
        download.download(folder, mirrors=[mirror], limits=PATIENT)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read_downloaded(folder: Path) -> dict[str, Any]:
    paths = {name: folder / f"{name}.gz" for name in originals.SHA256}
    return {
        name: int(originals.read_original(path, name).sum()) if path.exists() else None
        for name, path in paths.items()
    }


def sweep_downloads(folder: Path) -> None:
    with contextlib.suppress(DataError):  # it cannot fetch what is missing from nowhere
        download.download(folder, mirrors=[])


def write_submission(folder: Path, value: int) -> None:
    kaggle.write_submission(folder / "submission.csv", np.full(500, value))


def read_submission(folder: Path) -> dict[str, Any]:
    return {"submission": bytes_of(folder / "submission.csv")}


# Homework


def save_progress(folder: Path, value: int) -> None:
    records = {"3-1": progress.Record(tries=value)}
    progress.save_progress(folder, progress.Progress("en", records))


def read_progress(folder: Path) -> dict[str, Any]:
    if not (folder / progress.FILE_NAME).exists():
        return {"progress": None}
    found = progress.load_progress(folder)
    return {"progress": {**asdict(found), "put_aside": str(found.put_aside)}}


def start_exercise(folder: Path, value: int) -> None:
    command(homework.main, "start", "3-1", "--lang", "zh", "--folder", folder)


def reset_exercise(folder: Path, value: int) -> None:
    if value == OLD:
        save_progress(folder, OLD)
        (folder / "3_1_softmax.py").write_text(MINE)
    else:
        command(homework.main, "reset", "3-1", "--folder", folder)


def read_exercise(folder: Path) -> dict[str, Any]:
    answers = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    return {
        "exercise": bytes_of(folder / "3_1_softmax.py"),
        "my answer is there": MINE in answers,
        **read_progress(folder),
    }


def write_report(folder: Path, value: int) -> None:
    report.write_csv([report.Line("李雷", {"3-1": f"key {value}"})], folder / "class.csv")


def read_report(folder: Path) -> dict[str, Any]:
    return {"report": bytes_of(folder / "class.csv")}


# What is written for others


def write_page(folder: Path, value: int) -> None:
    from paddle_mnist.demo import page
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(shipped_run("linear"))
    stages = page.stages_of([recognizer] * value, [None, Path("mine")][:value])
    page.write_page(stages, folder / "page.html")


def read_page(folder: Path) -> dict[str, Any]:
    return {"page": bytes_of(folder / "page.html")}


def write_pdparams(folder: Path, value: int) -> None:
    from paddle_mnist.formats import pdparams

    pdparams.write_pdparams(folder / "model.pdparams", weights(value))


def read_pdparams(folder: Path) -> dict[str, Any]:
    from paddle_mnist.formats import pdparams

    path = folder / "model.pdparams"
    if not path.exists():
        return {"weights": None}
    return {"weights": sorted({int(v) for v in pdparams.read_pdparams(path)["weight"].ravel()})}


def place_model(folder: Path, value: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name in FILES:
            Path(scratch, name).write_bytes(bytes([value]) * 5000)
        export.place(Path(scratch), folder / "model")


def read_model(folder: Path) -> dict[str, Any]:
    sweep_model(folder)  # between two renames, only the next start gives the old one its place
    path = folder / "model"
    return {"model": {name: bytes_of(path / name) for name in FILES} if path.exists() else None}


def sweep_model(folder: Path) -> None:
    export.sweep(folder / "model")


def save_ladder(folder: Path, value: int) -> None:
    results = ladder.load_results(LADDER)
    ladder.save_results(folder, dict(list(results.items())[:value]))


def read_ladder(folder: Path) -> dict[str, Any]:
    if (folder / ladder.RESULTS).exists():
        ladder.load_results(folder)
    return {name: bytes_of(folder / name) for name in (ladder.RESULTS, ladder.TABLE)}


WRITES = {
    "a run": Write(save_a_run, read_run, sweep),
    "what a run was measured with": Write(measure_run, read_run, sweep),
    "history.csv": Write(write_history, read_history, sweep, makes_folder=False),
    "a picture": Write(draw, read_picture, sweep),
    "IDX files": Write(write_idx, read_idx, makes_folder=False),
    "a download": Write(download_files, read_downloaded, sweep_downloads),
    "a submission": Write(write_submission, read_submission),
    "progress.json": Write(save_progress, read_progress),
    "homework start": Write(start_exercise, read_exercise),
    "homework reset": Write(reset_exercise, read_exercise),
    "a class's report": Write(write_report, read_report, makes_folder=False),
    "the page": Write(write_page, read_page),
    "model.pdparams": Write(write_pdparams, read_pdparams, makes_folder=False),
    "an inference model": Write(place_model, read_model, sweep_model),
    "ladder.json": Write(save_ladder, read_ladder),
}


# Exports: drafts in the folder for temporary files, and what they are for, both on one disk.


def export_as(kind: str, folder: Path, value: int) -> None:
    stage = "linear" if value == OLD else "tiny"
    words = ["--stage", stage, "--format", kind, "-o", folder / f"model{export.FORMATS[kind]}"]
    with mock.patch.object(tempfile, "tempdir", str(folder)):
        command(export_command.main, *words)


def read_export(kind: str, folder: Path) -> dict[str, Any]:
    if kind == "paddle":
        found = read_model(folder)["model"]
        if found:
            json.loads((folder / "model" / "model.json").read_bytes())
            del found["model.json"]  # Paddle numbers what is in it anew each time
        return {"model": found}
    return {"model": bytes_of(folder / f"model{export.FORMATS[kind]}")}


EXPORTS = {
    f"export --format {kind}": Write(
        partial(export_as, kind), partial(read_export, kind), makes_folder=False
    )
    for kind in export.FORMATS
}


# What the package does not do: the controls.


def write_in_place(folder: Path, value: int) -> None:
    (folder / "file").write_bytes(bytes([value]) * 5000)


def read_in_place(folder: Path) -> dict[str, Any]:
    return {"file": bytes_of(folder / "file")}


def save_with_paddle(folder: Path, value: int) -> None:
    import paddle

    tensors = {name: paddle.to_tensor(array) for name, array in weights(value).items()}
    paddle.save(tensors, str(folder / "model.pdparams"))


CONTROLS = {
    "open(path, 'wb').write": Write(write_in_place, read_in_place, makes_folder=False),
    "paddle.save": Write(save_with_paddle, read_pdparams, makes_folder=False),
}
EVERY = {**WRITES, **EXPORTS, **CONTROLS}


def names(folder: Path) -> list[str]:
    """What is there, but for old answers that were kept: each start anew keeps one more."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not path.match("3_1_softmax.old*.py")
    )


def make_folder(name: str, folder: Path) -> None:
    if not EVERY[name].makes_folder:
        folder.mkdir(exist_ok=True)


def look(name: str, folder: Path) -> dict[str, Any]:
    """What is there after a fault, after the next start, and after the same write once more."""
    one = EVERY[name]
    left, found = names(folder), one.read(folder)
    swept, after = None, found
    if one.sweep:
        one.sweep(folder)
        swept, after = names(folder), one.read(folder)
    make_folder(name, folder)
    one.write(folder, NEW)
    return {
        "left": left,
        "found": found,
        "swept": swept,
        "after": after,
        "again": one.read(folder),
        "names": names(folder),
    }
