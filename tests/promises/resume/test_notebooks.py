"""Many networks in one process: each training is as if it had the process to itself."""

from __future__ import annotations

import contextlib

import paddle
import pytest

from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import build_network
from paddle_mnist.runs import reporting, training
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import RunError

WORDS = "--stage tuned-cnn --epochs 3 --batch-size 16"


@pytest.fixture
def config(few, monkeypatch):
    monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())
    return configure("tuned-cnn", data=str(few), epochs=3, batch_size=16)


@pytest.fixture
def alone(few, fork, tmp_path, outcome):
    """What comes of the training in a process of its own."""
    code, output = fork(f"{WORDS} --data {few} --out {tmp_path / 'alone'}")
    assert code == 0, output
    return outcome(tmp_path / "alone")


def build_others() -> None:
    """What else a notebook does: it builds networks, and trains one a little."""
    for stage in ("cnn", "tuned-cnn", "mlp"):
        network = build_network(stage)
    adam = paddle.optimizer.Adam(0.01, parameters=network.parameters())
    network(paddle.rand([2, 784])).sum().backward()
    adam.step()


def interrupt(config, folder) -> None:
    """Train until the second of three epochs is saved."""

    class Interrupted(training.Checkpoint):
        def on_epoch_end(self, progress):
            super().on_epoch_end(progress)
            if progress.epoch == 2:
                raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(training, "Checkpoint", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_training(config, folder)


@pytest.mark.promise(row=9)
def test_three_builds_in_one_process_and_one_gone_on_with_give_equal_bits(
    config, alone, tmp_path, outcome, figure
):
    builds = 3
    for number in range(builds):
        build_others()
        run_training(config, tmp_path / str(number))
        assert outcome(tmp_path / str(number)) == alone
    interrupt(config, tmp_path / "broken")
    build_others()
    run_training(config, tmp_path / "broken", resume=True)
    assert outcome(tmp_path / "broken") == alone
    figure("{} builds in one process and {} gone on with there, {} other bits", builds, 1, 0)


@pytest.mark.promise(row=9, control=True)
def test_without_own_names_a_notebook_cannot_go_on(config, tmp_path, monkeypatch, figure):
    monkeypatch.setattr(paddle.utils.unique_name, "guard", contextlib.nullcontext)
    interrupt(config, tmp_path / "broken")
    build_others()
    with pytest.raises(RunError, match="is damaged|of another network"):
        run_training(config, tmp_path / "broken", resume=True)
    figure("without names of its own: {} of {} cannot be gone on with", 1, 1)
