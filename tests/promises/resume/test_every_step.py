"""A training that is interrupted at any of its steps goes on to the same bits."""

from __future__ import annotations

import signal

import pytest

EPOCHS, BATCHES = 4, 10
STEPS = EPOCHS * BATCHES
# Augmentation, dropout, batch normalisation, Adam, a rate for each step, best weights.
WORDS = f"--stage tuned-cnn --schedule one-cycle --epochs {EPOCHS} --batch-size 4"
NEEDED = ("random state", "optimizer state")


@pytest.fixture
def words(few):
    return f"{WORDS} --data {few}"


@pytest.fixture
def unbroken(words, fork, tmp_path, outcome):
    """What comes of the training when nobody interrupts it."""
    code, output = fork(f"{words} --out {tmp_path / 'unbroken'}")
    assert code == 0, output
    found = outcome(tmp_path / "unbroken")
    assert found["data"]["train"] == BATCHES * 4
    assert found["used_epoch"] < EPOCHS
    return found


@pytest.mark.promise(row=8)
def test_interrupted_at_any_step_a_training_goes_on_to_the_same_bits(
    words, unbroken, fork, train, tmp_path, outcome, epochs, trials, figure
):
    count = trials(3, STEPS)
    for step in (STEPS * part // count for part in range(1, count + 1)):
        run = tmp_path / f"step_{step}"
        assert fork(f"{words} --out {run}", kill_at_step=step)[0] == -signal.SIGKILL
        saved = epochs(run)
        assert saved == (step - 1) // BATCHES
        train(f"--out {run} --resume" if saved else f"{words} --out {run}")
        assert outcome(run) == unbroken, step
    figure("{} steps, interrupted at each of them: {} went on to other bits", count, 0)


@pytest.mark.promise(row=8, control=True)
@pytest.mark.parametrize("missing", NEEDED)
def test_without_a_part_of_the_state_other_bits_come_of_it(
    words, unbroken, fork, tmp_path, outcome, figure, missing
):
    run = tmp_path / "run"
    assert fork(f"{words} --out {run}", kill_at_step=25)[0] == -signal.SIGKILL
    assert fork(f"--out {run} --resume", without=missing)[0] == 0
    assert outcome(run)["bits"] != unbroken["bits"]
    figure(f"without the {missing}: {{}} of {{}} went on to other bits", 1, 1)
