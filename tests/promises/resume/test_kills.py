"""A training that is killed at any moment goes on, in a new process, to the same bits."""

from __future__ import annotations

import random
import shutil
import signal
import time

import pytest

SEED = 8  # of the moments; a failure tells its own, which is the same in the next run
DEADLINE = 120  # seconds, for a machine that is busy with other work

# So many epochs of so few steps that much of the time goes into saving.
TRAININGS = {
    # RMSprop, a large network, no images held out
    "mlp": "--stage mlp --epochs 12 --batch-size 16 --augment writing",
    # Adam, batch normalisation, augmentation, a rate that follows a plan, best weights
    "tiny": "--stage tiny --epochs 12 --batch-size 16 --best-weights",
    # dropout, and a rate that follows the validation loss
    "tuned-cnn": "--stage tuned-cnn --epochs 6 --batch-size 16",
}
LAST_WORDS = "test accuracy"
SIGNALS = (signal.SIGKILL, signal.SIGINT)


def count_of_epochs(words: str) -> int:
    return int(words.split("--epochs ")[1].split()[0])


@pytest.fixture
def life(start, lines):
    """A function: train to the end; the seconds of the start, of an epoch, after the last one."""

    def measure(words: str) -> dict[str, float]:
        times, process = [("", time.monotonic())], start(words)
        times += [(line, time.monotonic()) for line in lines(process)]
        assert process.returncode == 0
        epochs = [moment for line, moment in times if line.startswith("epoch ")]
        return {
            "start": times[1][1] - times[0][1],
            "epoch": (epochs[-1] - epochs[0]) / (len(epochs) - 1),
            "end": time.monotonic() - epochs[-1],
        }

    return measure


def random_moment(
    chance: random.Random, seconds: dict[str, float], done: int, count: int
) -> tuple[str, float]:
    """When to kill: after which line of the output ("": after the start), and how much later."""
    part = chance.choices(list(seconds), [15, 70, 15])[0]
    lines = {
        "start": [""],
        "epoch": ["data:", *(f"epoch {number}/" for number in range(done + 1, count))],
        "end": [f"epoch {count}/"],
    }
    return chance.choice(lines[part]), chance.uniform(0, seconds[part])


@pytest.fixture
def kill(start, lines, tmp_path):
    """A function: start a training, and signal it at a moment; returns its exit code."""

    def run(words: str, moment: tuple[str, float], number: signal.Signals) -> int:
        line, delay = moment
        process = start(words)
        if line:
            next((printed for printed in lines(process) if printed.startswith(line)), None)
        time.sleep(delay)
        process.send_signal(number)
        return process.wait(DEADLINE)

    return run


def last_epoch_printed(output: str) -> int:
    numbers = [line.split()[1] for line in output.splitlines() if line.startswith("epoch ")]
    return int(numbers[-1].partition("/")[0]) if numbers else 0


@pytest.mark.promise(row=5)
@pytest.mark.parametrize("name, often", [("mlp", 70), ("tiny", 70), ("tuned-cnn", 60)])
def test_after_a_kill_at_a_random_moment_a_training_goes_on_to_the_same_bits(
    name, often, few, tmp_path, life, kill, fork, outcome, epochs, trials, figure
):
    words = f"{TRAININGS[name]} --data {few}"
    seconds = life(f"{words} --out unbroken")
    unbroken, count = outcome(tmp_path / "unbroken"), count_of_epochs(words)
    chance = random.Random(f"{SEED} {name}")
    run, copy = tmp_path / "run", tmp_path / "copy"
    kills, wanted = 0, trials(2, often)
    while kills < wanted:
        # A run that was killed is gone on with, and killed again, until it is nearly finished.
        before = epochs(run)
        if before >= count - 1 or (before and chance.random() < 0.3):
            shutil.rmtree(run)
            before = 0
        moment, number = random_moment(chance, seconds, before, count), SIGNALS[kills % 2]
        told = f"kill {kills} of {name}, {number.name} {moment[1]:.4f} s after {moment[0]!r}"
        going_on = " --resume" if before else ""
        code = kill(f"{words} --out run{going_on}", moment, number)
        output = (tmp_path / "output").read_text()
        if LAST_WORDS in output:  # there was nothing left to kill
            shutil.rmtree(run)
            continue
        kills += 1
        # Where not even the data are there, Python itself may have been interrupted.
        expected = {-number} if number == signal.SIGKILL else {130} if output else {130, -number, 1}
        assert code in expected, f"{told}: {code}\n{output}{(tmp_path / 'errors').read_text()}"
        saved = epochs(run)
        # An epoch is told before it is saved, and saved before the next one begins.
        assert saved >= max(before, last_epoch_printed(output) - 1), told
        if run.exists():
            shutil.copytree(run, copy)
        going_on = " --resume" if saved else ""
        code, output = fork(f"{words} --out {copy}{going_on}")
        assert code == 0, f"{told}: {output}"
        assert outcome(copy) == unbroken, told
        shutil.rmtree(copy)
    figure("{} random kills, SIGKILL and SIGINT in turn; {} did not go on to equal bits", kills, 0)


def test_ctrl_c_keeps_the_last_epoch_and_says_how_to_go_on(few, tmp_path, kill, fork, epochs):
    run = tmp_path / "run"
    words = f"--stage linear --epochs 999 --data {few} --out run"
    code = kill(words, ("epoch 3/999", 0), signal.SIGINT)
    assert code == 130
    errors = (tmp_path / "errors").read_text()
    assert "Traceback" not in errors
    message = "go on with: python -m paddle_mnist.train --stage linear --out run --resume"
    assert errors.rstrip().endswith(message)
    done = epochs(run)
    assert done >= 2
    code, output = fork(f"--stage linear --out {run} --resume --epochs {done + 1}")
    assert code == 0
    assert f"going on after epoch {done} of {done + 1}" in output
    assert epochs(run) == done + 1
