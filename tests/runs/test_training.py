"""One training, from its configuration to a run's folder: what is saved, refused, gone on with."""

from __future__ import annotations

import csv
import hashlib
import json
import shlex

import filelock
import numpy as np
import pytest

from paddle_mnist import train
from paddle_mnist.core.config import configure
from paddle_mnist.core.loop import evaluate
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.data.class_names import CLASS_NAMES, DIGITS, IMAGES_SHA256
from paddle_mnist.data.folder import write_folder
from paddle_mnist.data.idx import content_sha256
from paddle_mnist.runs import reporting, training
from paddle_mnist.runs.folder import MODEL, Run, load_record, save_run, update_record
from paddle_mnist.runs.reporting import command_of
from paddle_mnist.runs.state import load_weights
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import DataError, RunError, TrainingError

TRAIN, TEST = 80, 20
PICTURES = {"confusion.png", "curves.png", "mistakes.png"}
FILES = {
    "model.safetensors",
    "state.safetensors",
    "seen.safetensors",
    "run.json",
    "history.csv",
}


def few_digits(folder, train: slice) -> str:
    sample = load_mnist("sample", validation=0.0)
    write_folder(folder, sample.train.take(train), sample.test.take(slice(TEST)))
    return str(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a few digits of the sample."""
    return few_digits(tmp_path_factory.mktemp("few"), slice(TRAIN))


@pytest.fixture(scope="module")
def other_data(tmp_path_factory):
    return few_digits(tmp_path_factory.mktemp("others"), slice(100, 180))


def small(stage: str, data: str, **changes):
    return configure(stage, **{"data": data, "epochs": 2, "batch_size": 16, **changes})


@pytest.fixture
def real_pictures():
    """For tests that look at the pictures."""


@pytest.fixture(autouse=True)
def quick_pictures(request, monkeypatch):
    """Drawing takes longer than these trainings, so most tests only note which files there are."""
    if "real_pictures" not in request.fixturenames:
        monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())


def bits(folder) -> list[str]:
    """The weights to use, and the last weights with the optimiser's averages."""
    tensors = [folder / name for name in ("model.safetensors", "state.safetensors")]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in tensors]


def names(folder) -> set[str]:
    """What is in a run's folder, but the lock, which stays where a training was."""
    return {path.name for path in folder.iterdir()} - {".lock"}


def recorded(folder):
    return json.loads((folder / "run.json").read_bytes())


def test_the_folder_of_a_run(data, tmp_path, real_pictures):
    folder = tmp_path / "runs" / "cnn"
    config = small("cnn", data)
    test = run_training(config, folder)
    assert names(folder) == FILES | PICTURES
    for name in PICTURES:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    record = recorded(folder)
    assert record["stage"] == "cnn"
    assert record["config"] == vars(config)
    assert record["parameters"] == STAGES["cnn"].parameters
    assert [record["data"][name] for name in ("train", "validation", "test")] == [70, 10, 20]
    assert record["data"]["path"] == data
    assert record["data"]["is_mnist"] is False
    assert [row["epoch"] for row in record["history"]] == [1, 2]
    assert record["seconds"] == pytest.approx(sum(row["seconds"] for row in record["history"]))
    assert record["test"]["accuracy"] == test.correct / TEST == record["test"]["correct"] / TEST
    assert record["test"]["loss"] == test.loss
    assert record["test"]["count"] == TEST
    assert set(record["versions"]) == {"python", "paddle", "numpy"}


def test_the_names_of_the_classes_are_kept_and_drawn(data, tmp_path, monkeypatch):
    fashion = CLASS_NAMES["Fashion-MNIST"]
    drawn = []

    def draw(_matrix, _title, names):
        drawn.append(names)

    monkeypatch.setattr(reporting, "plot_confusion", draw)
    run_training(small("mlp", data, epochs=1), tmp_path / "digits")
    known = content_sha256(load_mnist(data).test.images)
    monkeypatch.setitem(IMAGES_SHA256, known, "Fashion-MNIST")
    run_training(small("mlp", data, epochs=1), tmp_path / "fashion")
    assert recorded(tmp_path / "digits")["data"]["classes"] == list(DIGITS)
    assert recorded(tmp_path / "fashion")["data"]["classes"] == list(fashion)
    assert drawn == [DIGITS, fashion]


def test_history_csv_has_the_rows_of_run_json(data, tmp_path):
    run_training(small("cnn", data), tmp_path)
    with open(tmp_path / "history.csv", newline="") as file:
        rows = [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]
    history = recorded(tmp_path)["history"]
    assert all(row.pop("losses") for row in history)  # a list, which no column can hold
    assert rows == history


def test_the_best_weights_are_saved_and_measured(data, tmp_path):
    # On so few images the validation loss only rises.
    test = run_training(small("tuned-cnn", data, epochs=3), tmp_path)
    record = load_record(tmp_path)
    assert record["used_epoch"] < 3
    network = build_network("tuned-cnn")
    load_weights(network, Run(tmp_path, record).tensors(MODEL))
    network.eval()
    mnist = load_mnist(data, validation=record["config"]["validation"])
    again = evaluate(network, LOSSES["cross_entropy"], mnist.test)
    assert (again.correct, again.loss) == (test.correct, test.loss)
    validated = evaluate(network, LOSSES["cross_entropy"], mnist.validation)
    used = record["history"][record["used_epoch"] - 1]
    assert validated.loss == used["validation_loss"]
    assert validated.accuracy == used["validation_accuracy"]
    assert validated.accuracy == max(row["validation_accuracy"] for row in record["history"])


def test_linear_is_measured_truncated_too(data, tmp_path):
    test = run_training(small("linear", data), tmp_path)
    labels = load_mnist(data).test.labels
    cut = np.clip(np.trunc(test.outputs[:, 0]), 0, 9)
    record = recorded(tmp_path)
    assert record["test"]["accuracy_truncated"] == (cut == labels).mean()
    rounded = np.clip(np.rint(test.outputs[:, 0]), 0, 9)
    assert record["test"]["accuracy"] == (rounded == labels).mean()
    # One neuron gives no probabilities, so no mistake is worse than another.
    assert names(tmp_path) == FILES | PICTURES - {"mistakes.png"}


@pytest.mark.parametrize("stage", ["linear", "tuned-cnn"])
def test_a_resumed_run_equals_an_unbroken_one(data, tmp_path, stage):
    run_training(small(stage, data, epochs=3), tmp_path / "unbroken")
    run_training(small(stage, data, epochs=1), tmp_path / "broken")
    assert bits(tmp_path / "broken") != bits(tmp_path / "unbroken")
    run_training(small(stage, data, epochs=3), tmp_path / "broken", resume=True)
    assert bits(tmp_path / "broken") == bits(tmp_path / "unbroken")
    kept = ("epoch", "loss", "accuracy", "learning_rate")
    rows = [
        [[row[name] for name in kept] for row in recorded(tmp_path / folder)["history"]]
        for folder in ("unbroken", "broken")
    ]
    assert rows[0] == rows[1]


def test_a_finished_run_is_only_measured_again(data, tmp_path, capsys):
    config = small("tuned-cnn", data, epochs=3)
    first = run_training(config, tmp_path)
    weights, record = bits(tmp_path), recorded(tmp_path)
    (tmp_path / "history.csv").unlink()
    (tmp_path / "curves.png").unlink()
    second = run_training(config, tmp_path, resume=True)
    assert (second.correct, second.loss) == (first.correct, first.loss)
    assert bits(tmp_path) == weights
    assert recorded(tmp_path) == record
    assert names(tmp_path) == FILES | PICTURES
    assert "going on after epoch 3 of 3" in capsys.readouterr().out


def test_leftovers_of_a_kill_are_swept_at_the_next_start(data, tmp_path):
    config = small("mlp", data)
    run_training(config, tmp_path)
    for name in ("run.json.77.tmp", "history.csv.77.tmp", "curves.png.77.tmp"):
        (tmp_path / name).write_text("half")
    # A kill right after run.json was replaced leaves this.
    (tmp_path / "state.safetensors").rename(tmp_path / "state.safetensors.next")
    run_training(config, tmp_path, resume=True)
    assert names(tmp_path) == FILES | PICTURES


COMMANDS = {
    "": {},
    " --seed 3": {"seed": 3},
    " --data sample --epochs 9": {"data": "sample", "epochs": 9},
    " --data '/a folder/x'": {"data": "/a folder/x"},
    " --optimizer sgd": {"optimizer": "sgd"},
    " --optimizer sgd --learning-rate 0.5": {"optimizer": "sgd", "learning_rate": 0.5},
    " --best-weights --validation 0.25": {"best_weights": True, "validation": 0.25},
    " --amp": {"amp": True},
}


@pytest.mark.parametrize("words", COMMANDS)
def test_the_command_is_that_of_the_training(words):
    command = command_of(configure("cnn", **COMMANDS[words]))
    assert command.startswith("python -m paddle_mnist.train --stage cnn")
    arguments = train.build_parser().parse_args(shlex.split(command)[3:])
    asked = shlex.split(words)
    assert sorted(shlex.split(command)[5:]) == sorted(asked)
    options = {name: getattr(arguments, name) for name in train._OPTIONS}
    assert configure(**options) == configure("cnn", **COMMANDS[words])


def test_the_command_of_several_processes_says_so():
    command = command_of(configure("cnn", seed=3), processes=2)
    assert command.endswith(" --stage cnn --seed 3 --processes 2")


def test_no_command_asks_for_what_only_a_program_can():
    assert command_of(configure("cnn", early_stopping=3)) is None
    command = command_of(configure("tuned-cnn", best_weights=False))
    assert command.endswith(" --stage tuned-cnn --no-best-weights")


def test_the_record_has_the_command(data, tmp_path):
    run_training(small("linear", data), tmp_path)
    words = f"--stage linear --data {data} --epochs 2"  # its batches are of 16 anyway
    assert recorded(tmp_path)["command"] == f"python -m paddle_mnist.train {words}"


# Refusals


def test_other_data_are_refused_to_resume(data, other_data, tmp_path):
    run_training(small("mlp", data), tmp_path)
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(RunError, match="trained on other data") as error:
        run_training(small("mlp", other_data, epochs=3), tmp_path, resume=True)
    assert f"resume it with --data {data}," in str(error.value)
    assert (tmp_path / "run.json").read_bytes() == before


def test_the_sample_is_named_as_it_is_chosen(data, tmp_path):
    run_training(small("linear", "sample", epochs=1, batch_size=500), tmp_path)
    with pytest.raises(RunError, match="resume it with --data sample,"):
        run_training(small("linear", data), tmp_path, resume=True)


def test_another_part_held_out_is_other_data(data, tmp_path):
    run_training(small("mlp", data), tmp_path)
    with pytest.raises(RunError, match="other data"):
        run_training(small("mlp", data, validation=0.5), tmp_path, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_of_another_stage_is_refused(data, tmp_path, resume):
    run_training(small("mlp", data), tmp_path)
    before = bits(tmp_path)
    with pytest.raises(RunError, match="holds a run of stage 'mlp', not 'linear'"):
        run_training(small("linear", data), tmp_path, resume=resume)
    assert bits(tmp_path) == before


def test_a_second_training_in_the_same_folder_is_refused(data, tmp_path):
    refused = []

    class Second(training.ProgressBar):
        def on_epoch_end(self, progress):
            super().on_epoch_end(progress)
            with pytest.raises(RunError, match="another training is writing to"):
                run_training(small("mlp", data), tmp_path)
            refused.append(progress.epoch)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(training, "ProgressBar", Second)
        run_training(small("mlp", data), tmp_path)
    assert refused == [1, 2]
    run_training(small("mlp", data), tmp_path)  # the lock is free again


def test_the_lock_is_one_that_other_processes_see(data, tmp_path):
    with filelock.FileLock(tmp_path / ".lock"), pytest.raises(RunError, match="another training"):
        run_training(small("mlp", data), tmp_path)


@pytest.mark.parametrize("below", ["", "below", "below/it"])
def test_a_file_in_the_way_is_refused(data, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match="a file is in the way"):
        run_training(small("mlp", data), tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_name_that_is_too_long_is_refused(data, tmp_path):
    with pytest.raises(RunError, match="cannot be saved in"):
        run_training(small("mlp", data), tmp_path / ("a" * 300))


@pytest.mark.parametrize(
    "name", ["run.json", "model.safetensors", "state.safetensors", "seen.safetensors"]
)
def test_a_damaged_run_is_replaced_but_not_gone_on_with(data, tmp_path, name):
    config = small("mlp", data)
    run_training(config, tmp_path)
    good = bits(tmp_path)
    (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(RunError, match=f"{name} is damaged"):
        run_training(config, tmp_path, resume=True)
    run_training(config, tmp_path)
    load_record(tmp_path)
    assert bits(tmp_path) == good


def test_nothing_to_resume_is_refused(data, tmp_path):
    with pytest.raises(RunError, match="there is no run in"):
        run_training(small("mlp", data), tmp_path / "run", resume=True)
    assert names(tmp_path / "run") == set()


def test_bad_data_leave_no_folder_behind(tmp_path):
    with pytest.raises(DataError):
        run_training(small("mlp", str(tmp_path / "none")), tmp_path / "runs" / "mlp")
    assert names(tmp_path) == set()


def test_a_useless_training_leaves_no_run_behind(data, tmp_path):
    with pytest.raises(TrainingError, match="learning rate"):
        run_training(small("linear", data, learning_rate=1e6, epochs=9), tmp_path / "run")
    assert names(tmp_path / "run") == set()


def test_a_useless_training_leaves_the_old_run(data, tmp_path):
    config = small("mlp", data)
    run_training(config, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fails(*_arguments, **_options):
        raise TrainingError("the loss became nan")

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(training, "fit", fails)
        with pytest.raises(TrainingError):
            run_training(config, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["random", "schedule"])
def test_a_record_without_what_resuming_needs_is_refused(data, tmp_path, name):
    config = small("linear", data)
    run_training(config, tmp_path)
    update_record(tmp_path, {name: {"unknown": 1}})
    if name == "schedule":  # a constant rate has no plan: nothing is taken from there
        update_record(tmp_path, {"schedule": None, "random": None})
    with pytest.raises(RunError, match="is damaged"):
        run_training(config, tmp_path, resume=True)


def test_a_full_disk_ends_the_training_and_keeps_the_last_epoch(data, tmp_path):
    real, saved = save_run, []

    def full_at_the_second(folder, *arguments):
        if saved:
            raise RunError(f"the run cannot be saved in {folder}: No space left on device")
        saved.append(real(folder, *arguments))

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(training, "save_run", full_at_the_second)
        with pytest.raises(RunError, match="No space left"):
            run_training(small("mlp", data), tmp_path)
    assert len(recorded(tmp_path)["history"]) == 1
    run_training(small("mlp", data), tmp_path, resume=True)
    run_training(small("mlp", data), tmp_path / "unbroken")
    assert bits(tmp_path) == bits(tmp_path / "unbroken")
