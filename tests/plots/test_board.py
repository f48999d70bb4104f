"""The board: what VisualDL's own reader finds, and that no training is another one for it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import paddle
import pytest
import safetensors.numpy
from paddle import nn

from paddle_mnist import train
from paddle_mnist.core.callbacks import Callback, Progress
from paddle_mnist.core.config import configure
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.data.folder import write_folder
from paddle_mnist.plots import board
from paddle_mnist.plots.board import Board
from paddle_mnist.runs import reporting, training
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import RunError, TrainingError, UsageError

ROOT = Path(__file__).parents[2]
HAS_VISUALDL = importlib.util.find_spec("visualdl") is not None
needs_visualdl = pytest.mark.skipif(
    not HAS_VISUALDL, reason="visualdl is not installed; it is in the extra [visualdl]"
)
LOSS, ACCURACY = "curves/loss_by_epoch", "curves/accuracy_by_epoch"
BATCH_LOSS, LEARNING_RATE = "curves/loss_by_batch", "curves/learning_rate_by_batch"


@pytest.fixture(scope="module", autouse=True)
def another_home(tmp_path_factory):
    """VisualDL writes settings into the user's folder when it is imported."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module", autouse=True)
def no_pictures_of_the_run():
    """Drawing them takes longer than these trainings."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with 80 digits to train on, ten of which are held out, and 20 to test on."""
    sample = load_mnist("sample", validation=0.0)
    folder = tmp_path_factory.mktemp("data")
    write_folder(folder, sample.train.take(slice(80)), sample.test.take(slice(20)))
    return str(folder)


def small(stage: str, data: str, **changes):
    return configure(
        stage, **{"data": data, "epochs": 2, "batch_size": 16, "validation": 0.125, **changes}
    )


class LossesOfBatches:
    """Stands for a loss function, and notes its values while a network is trained."""

    def __init__(self, loss_function):
        self.loss_function = loss_function
        self.values, self.counts = [], []

    def __call__(self, outputs, labels):
        loss = self.loss_function(outputs, labels)
        if not outputs.stop_gradient:
            self.values.append(float(loss))
            self.counts.append(len(labels))
        return loss


@pytest.fixture(scope="module")
def watched(data, tmp_path_factory):
    """A run with a board, and the losses of its batches."""
    folder = tmp_path_factory.mktemp("watched")
    losses = LossesOfBatches(LOSSES["cross_entropy"])
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(LOSSES, "cross_entropy", losses)
        run_training(small("tuned-cnn", data), folder / "run", visualdl=folder / "board")
    return folder, losses


def recorded(folder):
    return json.loads((folder / "run.json").read_bytes())


def read(folder, component: str = "scalar") -> dict[str, list]:
    """What VisualDL's own reader finds: the name of each chart, and its records in order."""
    from visualdl import LogReader

    reader = LogReader(file_path=str(folder / "vdlrecords.log"))
    return {tag: reader.get_data(component, tag) for tag in reader.get_tags().get(component, ())}


def points(folder) -> dict[str, dict[int, float]]:
    """The points of each chart; each step must be there once."""
    charts = {}
    for tag, items in read(folder).items():
        charts[tag] = {item.id: item.value for item in items}
        assert len(charts[tag]) == len(items)
    return charts


# A training stays what it was


@needs_visualdl
def test_a_board_changes_no_bit_of_a_training(watched, data, tmp_path):
    folder, _losses = watched
    # It has dropout, batch normalisation, augmentation and a plan that waits for a loss.
    run_training(small("tuned-cnn", data), tmp_path / "run")
    for name in ("model.safetensors", "state.safetensors"):
        assert (folder / "run" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    seen, unseen = recorded(folder / "run"), recorded(tmp_path / "run")
    assert seen["random"] == unseen["random"]
    assert seen["test"] == unseen["test"]


@needs_visualdl
@pytest.mark.parametrize("stage", STAGES)
def test_the_graph_of_a_network_that_stays_as_it_was(tmp_path, stage, capfd):
    network = build_network(stage)
    state = paddle.get_rng_state()[0].__getstate__()
    following = paddle.utils.unique_name.generate("board")
    progress = Progress(epochs=1, batches=1)
    sample = load_mnist("sample", validation=0.0)
    optimizer = paddle.optimizer.SGD(parameters=network.parameters())
    loss_function = LOSSES[STAGES[stage].loss]
    with Board(tmp_path, sample, network, optimizer, loss_function, 16) as callback:
        callback.on_train_begin(progress)
    assert capfd.readouterr() == ("", "")
    (path,) = tmp_path.glob("vdlgraph.*.log")
    graph = json.loads(path.read_text())
    shapes = {item["name"]: item["shape"] for item in graph["vars"]}
    for name, weights in network.named_parameters():
        if not weights.stop_gradient:
            assert shapes[name] == list(weights.shape)
    assert shapes["images"] == [-1, 784]
    (last,) = (node for node in graph["nodes"] if node["type"] == "fetch")
    (output,) = last["input_vars"]["X"]
    assert shapes[output] == [-1, 1 if stage == "linear" else 10]
    # Its layers are there too, and not only what Paddle made of them.
    kinds = {node["type"] for node in graph["nodes"]}
    assert {type(layer).__name__ for layer in network.sublayers()} <= kinds

    assert network.training
    assert paddle.get_rng_state()[0].__getstate__() == state
    number = int(re.search(r"\d+$", following)[0])
    assert paddle.utils.unique_name.generate("board") == f"board_{number + 1}"
    assert paddle.in_dynamic_mode()
    for layer in network.sublayers(include_self=True):
        assert "forward" not in vars(layer)
        assert not layer._forward_pre_hooks
        assert not layer._forward_post_hooks


@needs_visualdl
def test_a_graph_that_cannot_be_drawn_is_told(data, tmp_path, monkeypatch, capsys):
    import visualdl

    def fails(*_arguments):
        raise RuntimeError("no pdmodel")

    monkeypatch.setattr(visualdl.LogWriter, "add_graph", fails)
    run_training(small("mlp", data), tmp_path / "run", visualdl=tmp_path / "board")
    assert "note: VisualDL cannot draw the network's graph (no pdmodel)" in capsys.readouterr().out
    assert points(tmp_path / "board" / "run" / "training")[LOSS]


# What is written


@needs_visualdl
def test_losses_and_accuracies_are_those_of_the_history(watched):
    folder, _losses = watched
    history = recorded(folder / "run")["history"]
    for part, prefix in (("training", ""), ("validation", "validation_")):
        charts = points(folder / "board" / "run" / part)
        for tag, name in ((LOSS, "loss"), (ACCURACY, "accuracy")):
            expected = {row["epoch"]: row[prefix + name] for row in history}
            assert charts[tag] == pytest.approx(expected, rel=1e-6)


@needs_visualdl
def test_each_batch_has_its_own_loss(watched):
    folder, losses = watched
    assert losses.counts == 2 * [16, 16, 16, 16, 6]
    found = points(folder / "board" / "run" / "training")
    assert found[BATCH_LOSS] == pytest.approx(dict(enumerate(losses.values, 1)), rel=1e-4)


@needs_visualdl
def test_many_batches_are_put_together(data, tmp_path, monkeypatch):
    losses = LossesOfBatches(LOSSES["cross_entropy"])
    monkeypatch.setitem(LOSSES, "cross_entropy", losses)
    monkeypatch.setattr(board, "POINTS_OF_AN_EPOCH", 3)
    run_training(small("mlp", data), tmp_path / "run", visualdl=tmp_path / "board")
    found = points(tmp_path / "board" / "run" / "training")
    weights = [16, 16, 16, 16, 6]
    expected = {}
    for epoch in (0, 1):
        values = losses.values[5 * epoch : 5 * epoch + 5]
        for start, stop in ((0, 2), (2, 4), (4, 5)):
            mean = np.average(values[start:stop], weights=weights[start:stop])
            expected[5 * epoch + stop] = mean
    assert found[BATCH_LOSS] == pytest.approx(expected, rel=1e-4)
    assert list(found[LEARNING_RATE]) == list(expected)


@needs_visualdl
def test_the_learning_rate_is_the_one_that_a_step_was_made_with(data, tmp_path, monkeypatch):
    used = []
    step = paddle.optimizer.Adam.step

    def noted(optimizer):
        used.append(optimizer.get_lr())
        step(optimizer)

    monkeypatch.setattr(paddle.optimizer.Adam, "step", noted)
    config = small("cnn", data, epochs=1)
    assert config.schedule == "one-cycle"
    run_training(config, tmp_path / "run", visualdl=tmp_path / "board")
    found = points(tmp_path / "board" / "run" / "training")[LEARNING_RATE]
    assert len(set(used)) == 5
    assert found == pytest.approx(dict(enumerate(used, 1)), rel=1e-6)


@needs_visualdl
def test_histograms_hold_every_weight(watched):
    folder, _losses = watched
    histograms = read(folder / "board" / "run" / "training", "histogram")
    state = safetensors.numpy.load_file(folder / "run" / "state.safetensors")
    trained = {name for name, weights in build_network("tuned-cnn").named_parameters()}
    trained = {name for name in trained if not name.endswith(("._mean", "._variance"))}
    assert set(histograms) == {f"weights/{name}" for name in trained}
    for name in trained:
        items = {item.id: item.histogram for item in histograms[f"weights/{name}"]}
        last = state[f"network/{name}"]
        assert items[2].bin_edges[0] == pytest.approx(last.min())
        assert items[2].bin_edges[-1] == pytest.approx(last.max())
        assert sum(items[2].hist) == last.size
    # The start is there, but for what is all 0 or all 1.
    steps = {name: [item.id for item in items] for name, items in histograms.items()}
    assert steps["weights/classifier.1.weight"] == [0, 1, 2]
    assert steps["weights/classifier.1.bias"] == [1, 2]


@needs_visualdl
def test_mistakes_are_pictures_of_the_validation_run(watched):
    folder, _losses = watched
    pictures = read(folder / "board" / "run" / "validation", "image")
    assert list(pictures) == ["mistakes"]
    assert [item.id for item in pictures["mistakes"]] == [1, 2]
    assert pictures["mistakes"][0].image.encoded_image_string.startswith(b"\x89PNG")
    assert read(folder / "board" / "run" / "training", "image") == {}


@needs_visualdl
def test_linear_and_a_training_without_validation(data, tmp_path):
    run_training(small("linear", data), tmp_path / "run", visualdl=tmp_path / "board")
    pictures = read(tmp_path / "board" / "run" / "validation", "image")["mistakes"]
    assert [item.id for item in pictures] == [1, 2]
    # The old records of this run are replaced, and nothing is left of its validation.
    config = small("linear", data, epochs=1, validation=0.0)
    run_training(config, tmp_path / "run", visualdl=tmp_path / "board")
    charts = points(tmp_path / "board" / "run" / "training")
    assert list(charts[LOSS]) == list(charts[ACCURACY]) == [1]
    assert not list((tmp_path / "board" / "run").glob("validation/*"))
    assert len(list((tmp_path / "board" / "run").glob("vdlgraph*"))) == 1


@needs_visualdl
def test_weights_that_are_no_numbers_end_nothing(tmp_path):
    network = nn.Linear(784, 10)
    network.weight.set_value(np.full((784, 10), np.inf, np.float32))
    network.bias.set_value(np.array([np.nan, 0, 1, 2, 3, 4, 5, 6, 7, 8], np.float32))
    optimizer = paddle.optimizer.SGD(parameters=network.parameters())
    mnist = load_mnist("sample", validation=0.0)
    with Board(tmp_path, mnist, network, optimizer, LOSSES["cross_entropy"], 16) as callback:
        callback.on_train_begin(Progress(epochs=1, batches=1))
    ((tag, items),) = read(tmp_path / "training", "histogram").items()
    assert tag == "weights/bias"
    assert sum(items[0].histogram.hist) == 9


# Going on


def without_steps_before(charts: dict[str, dict[int, float]], first: int) -> dict:
    """Of the charts by batch, only what follows."""
    return {
        tag: {step: value for step, value in chart.items() if step >= first or "epoch" in tag}
        for tag, chart in charts.items()
    }


@needs_visualdl
def test_a_resumed_training_has_the_curves_of_the_epochs_before(data, tmp_path, capsys):
    places = {"folder": tmp_path / "run", "visualdl": tmp_path / "board"}
    run_training(small("mlp", data, epochs=2, schedule="constant"), **places)
    run_training(small("mlp", data, epochs=3, schedule="constant"), resume=True, **places)
    run_training(
        small("mlp", data, epochs=3, schedule="constant"),
        tmp_path / "once",
        visualdl=tmp_path / "board",
    )
    for part in ("training", "validation"):
        broken, unbroken = (points(tmp_path / "board" / name / part) for name in ("run", "once"))
        assert broken == without_steps_before(unbroken, first=11)
        assert list(broken[LOSS]) == [1, 2, 3]
    assert len(list((tmp_path / "board" / "run").glob("vdlgraph*"))) == 1
    assert "VisualDL will add" not in capsys.readouterr().out


class Killed(Callback):
    """Ends a training in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.batch = 0

    def on_batch_end(self, progress: Progress) -> None:
        self.batch += 1
        if progress.epoch == self.epoch and self.batch % progress.batches == 3:
            raise KeyboardInterrupt


@needs_visualdl
@pytest.mark.parametrize("torn", [False, True])
def test_an_unfinished_epoch_is_no_part_of_the_charts(data, tmp_path, monkeypatch, torn):
    places = {"folder": tmp_path / "run", "visualdl": tmp_path / "board"}
    config = small("mlp", data, epochs=3)
    real_fit = training.fit

    def interrupted(*arguments, callbacks, **options):
        return real_fit(*arguments, callbacks=[*callbacks, Killed(epoch=2)], **options)

    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_training(config, **places)
    charts = tmp_path / "board" / "run" / "training"
    assert list(points(charts)[BATCH_LOSS]) == [1, 2, 3, 4, 5, 6, 7, 8]
    if torn:
        path = charts / "vdlrecords.log"
        path.write_bytes(path.read_bytes()[:-5])
    run_training(config, resume=True, **places)
    run_training(config, tmp_path / "once", visualdl=tmp_path / "board")
    unbroken = points(tmp_path / "board" / "once" / "training")
    assert points(charts) == without_steps_before(unbroken, first=6)


@needs_visualdl
def test_a_board_may_begin_with_a_resumed_training(data, tmp_path):
    run_training(small("mlp", data, schedule="constant"), tmp_path / "run")
    config = small("mlp", data, epochs=3, schedule="constant")
    run_training(config, tmp_path / "run", resume=True, visualdl=tmp_path / "board")
    history = recorded(tmp_path / "run")["history"]
    for part, name in (("training", "loss"), ("validation", "validation_loss")):
        expected = {row["epoch"]: row[name] for row in history}
        found = points(tmp_path / "board" / "run" / part)[LOSS]
        assert found == pytest.approx(expected, rel=1e-6)


# Refusals, and failures


def test_without_visualdl_one_sentence_says_how_to_get_it(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "visualdl", None)
    with pytest.raises(
        UsageError, match=r"pip install -c requirements/lock\.txt -e '\.\[visualdl\]'"
    ):
        run_training(small("mlp", data), tmp_path / "run", visualdl=tmp_path / "board")
    assert list(tmp_path.iterdir()) == []


@needs_visualdl
@pytest.mark.parametrize("below", ["", "below"])
def test_a_folder_that_cannot_be_written(data, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError, match="the board cannot be written in .* give --visualdl another"):
        run_training(small("mlp", data), tmp_path / "run", visualdl=tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"
    # The lock of a run is never taken away.
    assert {path.name for path in tmp_path.rglob("*")} == {"file", "run", ".lock"}


@needs_visualdl
def test_a_training_that_fails_closes_the_board(data, tmp_path):
    config = small("linear", data, learning_rate=1e6, epochs=9)
    with pytest.raises(TrainingError):
        run_training(config, tmp_path / "run", visualdl=tmp_path / "board")
    # Each writer has a thread of its own.
    assert "_AsyncWriterThread" not in {type(thread).__name__ for thread in threading.enumerate()}
    assert read(tmp_path / "board" / "run" / "training", "histogram")


@needs_visualdl
def test_the_command_writes_a_board_and_says_how_to_see_it(data, tmp_path):
    # In a fresh process, for much is told only once.
    words = f"--stage linear --epochs 1 --batch-size 20 --data {data} --visualdl my_board"
    done = subprocess.run(
        [sys.executable, "-m", "paddle_mnist.train", *words.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *others = done.stdout.splitlines()
    assert first.startswith("data: ")
    assert second.endswith(": visualdl --disable-telemetry --logdir my_board")
    assert [line.split()[0] for line in others] == ["epoch", "the", "test"]
    assert list(points(tmp_path / "my_board" / "linear" / "training")[LOSS]) == [1]


def test_who_interrupts_a_training_is_told_of_the_board():
    text = train.how_to_resume("cnn", Path("runs/cnn"), Path("board"))
    assert text.endswith("--stage cnn --out runs/cnn --resume --visualdl board")
