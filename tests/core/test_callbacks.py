"""What happens between the steps: validation, learning rate, best weights, early stopping."""

from __future__ import annotations

import numpy as np
import pytest
from paddle import nn
from paddle.optimizer.lr import LRScheduler

from paddle_mnist.core.callbacks import (
    BestWeights,
    EarlyStopping,
    LearningRate,
    Validate,
    best_epoch,
    epochs_without_gain,
)
from paddle_mnist.core.loop import Batches, Progress, evaluate, fit
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.data import Split
from paddle_mnist.system.errors import TrainingError


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


def progress_at(history: list[dict]) -> Progress:
    progress = Progress(epochs=20, batches=4, history=history)
    progress.epoch = len(history)
    return progress


def walk(callback, history: list[dict]):
    """Call on_epoch_end after each row, as `fit` does; yields the progress each time."""
    progress = progress_at([])
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
    assert epochs_without_gain(rows(0.5, 0.5, 0.5)) == 2  # equal is not a gain


def test_best_weights_are_a_copy_of_those_of_the_best_epoch():
    network = nn.Linear(2, 1)
    best = BestWeights(network)
    history = rows(0.4, 0.2, 0.3, accuracies=(0.7, 0.9, 0.8))
    for progress in walk(best, history):
        # The epoch after this one changes the network in place.
        assert set(best.weights) == set(network.state_dict())
        network.weight.set_value(np.full((2, 1), progress.epoch, np.float32))
    # Epoch 2 ended with what was set after epoch 1.
    np.testing.assert_array_equal(best.weights["weight"], [[1], [1]])
    np.testing.assert_array_equal(network.weight.numpy(), [[3], [3]])


def test_best_weights_hold_the_running_averages_too():
    network = nn.BatchNorm2D(3)
    best = BestWeights(network)
    list(walk(best, rows(0.4)))
    assert {"_mean", "_variance"} <= set(best.weights)


def test_best_weights_of_a_resumed_training_stay_until_a_better_epoch():
    network = nn.Linear(2, 1)
    saved = {"weight": np.full((2, 1), 7, np.float32), "bias": np.zeros(1, np.float32)}
    best = BestWeights(network, saved)
    history = rows(0.2, 0.5, 0.1, accuracies=(0.9, 0.8, 0.95))
    progress = progress_at(history[:2])
    best.on_epoch_end(progress)
    np.testing.assert_array_equal(best.weights["weight"], [[7], [7]])
    best.on_epoch_end(progress_at(history))
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


def moving(name: str, steps: int) -> tuple[LearningRate, LRScheduler]:
    """A callback with a schedule that begins at 0.8, of an optimiser that never steps."""
    schedule = build_schedule(name, 0.8, steps)
    optimizer = build_optimizer("sgd", schedule, nn.Linear(2, 1).parameters())
    return LearningRate(optimizer, schedule), schedule


def test_a_plateau_moves_once_an_epoch_by_the_validation_loss():
    callback, schedule = moving("plateau", steps=8)
    rates = []
    # The training loss of these rows never falls; only the validation loss counts.
    for progress in walk(callback, rows(0.5, 0.4, 0.3, 0.3, 0.3, 0.3)):
        for _batch in range(4):
            callback.on_batch_end(progress)
        rates.append(schedule())
    assert rates == [0.8] * 5 + [0.4]


def test_a_plateau_without_validation_goes_by_the_training_loss():
    callback, schedule = moving("plateau", steps=8)
    history = [{"epoch": n, "loss": 1.0, "accuracy": 0.5} for n in range(1, 5)]
    list(walk(callback, history))
    assert schedule() == 0.4


def test_other_schedules_move_once_a_batch():
    callback, schedule = moving("one-cycle", steps=40)
    expected = build_schedule("one-cycle", 0.8, steps=40)
    progress = progress_at(rows(0.5))
    for _batch in range(3):
        callback.on_batch_end(progress)
        expected.step()
    callback.on_epoch_end(progress)
    assert schedule() == expected() != 0.8
    assert schedule.last_epoch == 3
    assert progress.learning_rate == expected()
    assert progress.history[-1]["learning_rate"] == expected()


def test_the_rate_of_an_epoch_is_noted_before_a_plateau_moves_it():
    callback, _schedule = moving("plateau", steps=8)
    progress = progress_at([])
    callback.on_train_begin(progress)
    history = [{"epoch": n, "loss": 1.0} for n in range(1, 6)]
    for row in history:
        progress.history.append(row)
        callback.on_epoch_end(progress)
    assert [row["learning_rate"] for row in history] == [0.8] * 4 + [0.4]
    assert progress.learning_rate == 0.4


def test_a_rate_that_stays_is_noted_too():
    optimizer = build_optimizer("sgd", 0.3, nn.Linear(2, 1).parameters())
    progress = progress_at([{"epoch": 1, "loss": 1.0}])
    callback = LearningRate(optimizer, build_schedule("constant", 0.3, steps=8))
    callback.on_train_begin(progress)
    callback.on_batch_end(progress)
    callback.on_epoch_end(progress)
    assert progress.history[-1]["learning_rate"] == pytest.approx(0.3)


def test_a_loss_that_is_no_number_is_told_with_the_rate_of_the_step():
    network = nn.Linear(784, 10)
    optimizer = build_optimizer("sgd", 0.25, network.parameters())
    batches = Batches(SPLIT, 4, np.random.default_rng(0))
    with pytest.raises(TrainingError, match="try a learning rate below 0.25$"):
        fit(lambda *_: (float("nan"), 0), batches, 1, callbacks=[LearningRate(optimizer)])


SPLIT = Split(np.arange(8 * 784).reshape(8, 28, 28).astype(np.uint8), np.arange(8))


def test_validation_measures_the_network_after_each_epoch():
    network = nn.Linear(784, 10)
    batches = Batches(SPLIT, 4, np.random.default_rng(0))
    validate = Validate(network, cross_entropy, SPLIT)
    progress = fit(lambda *_: (1.0, 0), batches, 2, callbacks=[validate])
    expected = evaluate(network, cross_entropy, SPLIT)
    for row in progress.history:
        assert (row["validation_loss"], row["validation_accuracy"]) == (
            expected.loss,
            expected.accuracy,
        )


def test_validation_is_a_part_of_an_epochs_time(monkeypatch):
    network = nn.Linear(784, 10)
    progress = progress_at([{"epoch": 1, "loss": 1.0, "seconds": 1.0}])
    monkeypatch.setattr(Progress, "seconds", lambda self: 3.5)
    Validate(network, cross_entropy, SPLIT).on_epoch_end(progress)
    assert progress.history[-1]["seconds"] == 3.5
