"""What happens between the steps: schedules, best weights, early stopping, the progress line."""

from __future__ import annotations

import sys

import numpy as np
from paddle import nn

from paddle_mnist.core.callbacks import (
    BestWeights,
    EarlyStopping,
    Progress,
    ProgressBar,
    Schedule,
    best_epoch,
    epochs_without_gain,
)
from paddle_mnist.core.optimizers import build_schedule


def rows(*losses: float, accuracies: tuple[float, ...] = ()) -> list[dict]:
    accuracies = accuracies or (0.5,) * len(losses)
    return [
        {
            "epoch": number,
            "loss": 9.0,
            "accuracy": 0.1,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "learning_rate": 0.1,
            "seconds": 2.5,
        }
        for number, (loss, accuracy) in enumerate(zip(losses, accuracies), start=1)
    ]


def progress_at(history: list[dict], network: nn.Layer | None = None, batches: int = 4) -> Progress:
    progress = Progress(network or nn.Linear(2, 1), epochs=20, batches=batches, history=history)
    progress.epoch = len(history)
    return progress


def walk(callback, history: list[dict], network: nn.Layer | None = None):
    """Call on_epoch_end after each row, as `fit` does; yields the progress each time."""
    progress = progress_at([], network)
    for row in history:
        progress.history.append(row)
        progress.epoch = row["epoch"]
        callback.on_epoch_end(progress)
        yield progress


def test_the_best_epoch_has_the_highest_accuracy():
    assert best_epoch(rows(0.3, 0.1, 0.2, accuracies=(0.7, 0.8, 0.9))) == 3
    assert best_epoch(rows(0.3, 0.1, 0.2, accuracies=(0.9, 0.8, 0.7))) == 1


def test_of_equally_good_epochs_the_lowest_loss_is_best_and_then_the_first():
    assert best_epoch(rows(0.3, 0.1, 0.2, accuracies=(0.9, 0.9, 0.9))) == 2
    assert best_epoch(rows(0.2, 0.2, 0.2, accuracies=(0.8, 0.9, 0.9))) == 2


def test_without_validation_the_last_epoch_is_taken():
    history = [{"epoch": 1, "loss": 0.1, "accuracy": 1.0}, {"epoch": 2, "loss": 5, "accuracy": 0}]
    assert best_epoch(history) == 2


def test_epochs_without_gain_are_counted_from_the_lowest_loss():
    assert epochs_without_gain(rows(0.5)) == 0
    assert epochs_without_gain(rows(0.5, 0.4, 0.3)) == 0
    assert epochs_without_gain(rows(0.5, 0.3, 0.4, 0.35)) == 2
    assert epochs_without_gain(rows(0.5, 0.5, 0.5)) == 2  # equal is no gain


def test_best_weights_are_a_copy_of_those_of_the_best_epoch():
    network = nn.Linear(2, 1)
    best = BestWeights()
    history = rows(0.4, 0.2, 0.3, accuracies=(0.7, 0.9, 0.8))
    for progress in walk(best, history, network):
        # The epoch after this one changes the network in place.
        assert set(best.weights) == set(network.state_dict())
        network.weight.set_value(np.full((2, 1), progress.epoch, np.float32))
    # Epoch 2 ended with what was set after epoch 1.
    np.testing.assert_array_equal(best.weights["weight"], [[1], [1]])
    np.testing.assert_array_equal(network.weight.numpy(), [[3], [3]])


def test_best_weights_hold_the_running_averages_too():
    network = nn.BatchNorm2D(3)
    best = BestWeights()
    list(walk(best, rows(0.4), network))
    assert {"_mean", "_variance"} <= set(best.weights)


def test_best_weights_of_a_resumed_training_stay_until_a_better_epoch():
    network = nn.Linear(2, 1)
    saved = {"weight": np.full((2, 1), 7, np.float32), "bias": np.zeros(1, np.float32)}
    best = BestWeights(saved)
    history = rows(0.2, 0.5, 0.1, accuracies=(0.9, 0.8, 0.95))
    progress = progress_at(history[:2], network)
    best.on_epoch_end(progress)
    np.testing.assert_array_equal(best.weights["weight"], [[7], [7]])
    best.on_epoch_end(progress_at(history, network))
    np.testing.assert_array_equal(best.weights["weight"], network.weight.numpy())


def test_early_stopping_waits_for_its_patience():
    stopping = EarlyStopping(patience=3)
    reasons = [p.stop_reason for p in walk(stopping, rows(0.5, 0.3, 0.4, 0.4, 0.3))]
    assert reasons[:4] == [""] * 4
    assert "3 epochs" in reasons[4]


def test_early_stopping_begins_anew_after_a_gain():
    losses = (0.5, 0.6, 0.6, 0.4, 0.6, 0.6, 0.3)
    assert [p.stop_reason for p in walk(EarlyStopping(3), rows(*losses))] == [""] * 7


def test_early_stopping_holds_on_resume():
    ended, going = progress_at(rows(0.3, 0.4, 0.4)), progress_at(rows(0.3, 0.4))
    EarlyStopping(2).on_train_begin(ended)
    EarlyStopping(2).on_train_begin(going)
    assert ended.stop_reason
    assert not going.stop_reason
    fresh = progress_at([])
    EarlyStopping(2).on_train_begin(fresh)
    assert not fresh.stop_reason


def test_early_stopping_without_validation_never_stops():
    history = [{"epoch": number, "loss": 1.0, "accuracy": 0.5} for number in range(1, 9)]
    assert not any(progress.stop_reason for progress in walk(EarlyStopping(1), history))


def test_a_plateau_moves_once_an_epoch_by_the_validation_loss():
    schedule = build_schedule("plateau", 0.8, steps=8)
    callback = Schedule(schedule)
    rates = []
    # The training loss of these rows never falls; only the validation loss counts.
    for progress in walk(callback, rows(0.5, 0.4, 0.3, 0.3, 0.3, 0.3)):
        for _batch in range(4):
            callback.on_batch_end(progress)
        rates.append(schedule())
    assert rates == [0.8] * 5 + [0.4]


def test_a_plateau_without_validation_goes_by_the_training_loss():
    schedule = build_schedule("plateau", 0.8, steps=8)
    history = [{"epoch": n, "loss": 1.0, "accuracy": 0.5} for n in range(1, 5)]
    list(walk(Schedule(schedule), history))
    assert schedule() == 0.4


def test_other_schedules_move_once_a_batch():
    schedule = build_schedule("one-cycle", 0.8, steps=40)
    expected = build_schedule("one-cycle", 0.8, steps=40)
    callback, progress = Schedule(schedule), progress_at(rows(0.5))
    for _batch in range(3):
        callback.on_batch_end(progress)
        expected.step()
    callback.on_epoch_end(progress)
    assert schedule() == expected() != 0.8
    assert schedule.last_epoch == 3


def run_an_epoch(history: list[dict], batches: int = 3) -> None:
    bar, progress = ProgressBar(), progress_at([], batches=batches)
    progress.epoch = 1
    bar.on_epoch_begin(progress)
    for _batch in range(batches):
        progress.loss, progress.accuracy = 0.25, 0.75
        bar.on_batch_end(progress)
    progress.history.extend(history)
    bar.on_epoch_end(progress)


def test_without_a_terminal_each_epoch_is_one_plain_line(capsys):
    run_an_epoch(rows(0.3))
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
    callback, progress = ProgressBar(), progress_at(rows(0.3), batches=3)
    callback.on_epoch_begin(progress)
    assert "epoch 1/20" in capsys.readouterr().err
    progress.loss, progress.accuracy = 0.25, 0.75
    callback.on_batch_end(progress)
    # tqdm decides when to draw; this is what it draws then.
    assert "loss 0.2500, accuracy 0.7500" in str(callback.bar)
    assert "1/3" in str(callback.bar)
    callback.on_epoch_end(progress)
    assert capsys.readouterr().out.count("\n") == 1
