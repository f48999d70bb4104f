"""How far a training is, in the terminal."""

from __future__ import annotations

import sys

from paddle_mnist.core.loop import Progress
from paddle_mnist.plots.progress_bar import ProgressBar

ROW = {
    "epoch": 1,
    "loss": 9.0,
    "accuracy": 0.1,
    "validation_loss": 0.3,
    "validation_accuracy": 0.5,
    "seconds": 2.5,
}


def run_an_epoch(history: list[dict], batches: int = 3) -> None:
    bar, progress = ProgressBar(), Progress(epochs=20, batches=batches)
    progress.epoch = 1
    bar.on_epoch_begin(progress)
    for _batch in range(batches):
        progress.loss, progress.accuracy = 0.25, 0.75
        bar.on_batch_end(progress)
    progress.history.extend(history)
    bar.on_epoch_end(progress)


def test_without_a_terminal_each_epoch_is_one_plain_line(capsys):
    run_an_epoch([ROW])
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out == (
        "epoch 1/20: loss 9.0000, accuracy 0.1000; validation loss 0.3000, accuracy 0.5000; 2.5 s\n"
    )


def test_without_validation_the_line_is_shorter(capsys):
    run_an_epoch([{"epoch": 1, "loss": 1.5, "accuracy": 0.5, "seconds": 61.04}])
    assert capsys.readouterr().out == "epoch 1/20: loss 1.5000, accuracy 0.5000; 61.0 s\n"


def test_on_a_terminal_a_bar_shows_loss_and_accuracy(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    callback, progress = ProgressBar(), Progress(epochs=20, batches=3, history=[ROW], epoch=1)
    callback.on_epoch_begin(progress)
    assert "epoch 1/20" in capsys.readouterr().err
    progress.loss, progress.accuracy = 0.25, 0.75
    callback.on_batch_end(progress)
    # tqdm decides when to draw; this is what it draws then.
    assert "loss 0.2500, accuracy 0.7500" in str(callback.bar)
    assert "1/3" in str(callback.bar)
    callback.on_epoch_end(progress)
    assert capsys.readouterr().out.count("\n") == 1
