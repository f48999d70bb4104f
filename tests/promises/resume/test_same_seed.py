"""The same seed gives the same bits, on the same number of threads."""

from __future__ import annotations

import pytest

WORDS = "--stage tuned-cnn --epochs 2 --batch-size 16"


@pytest.mark.promise(row=11)
def test_one_thread_gives_equal_bits_each_time(few, fork, tmp_path, outcome, trials, figure):
    runs = [tmp_path / f"run_{number}" for number in range(trials(2, 5))]
    for run in runs:
        assert fork(f"{WORDS} --data {few} --out {run}")[0] == 0
    assert all(outcome(run) == outcome(runs[0]) for run in runs)
    figure("{} runs with 1 thread, {} other bits", len(runs), 0)


@pytest.mark.promise(row=11)
def test_two_threads_give_equal_bits_each_time(few, train, tmp_path, outcome, trials, figure):
    runs = [tmp_path / f"run_{number}" for number in range(trials(2, 5))]
    for run in runs:
        train(f"{WORDS} --data {few} --threads 2 --out {run}")
    assert outcome(runs[0])["threads"] == 2
    assert all(outcome(run) == outcome(runs[0]) for run in runs)
    figure("{} runs with 2 threads, {} other bits", len(runs), 0)


@pytest.mark.promise(row=11, control=True)
def test_another_seed_gives_other_bits(few, fork, tmp_path, outcome, figure):
    for seed in (0, 1):
        assert fork(f"{WORDS} --data {few} --seed {seed} --out {tmp_path / str(seed)}")[0] == 0
    first, second = (outcome(tmp_path / str(seed))["bits"] for seed in (0, 1))
    assert first["model.safetensors"] != second["model.safetensors"]
    assert first["seen.safetensors"] == second["seen.safetensors"]
    figure("{} seeds, {} equal bits", 2, 0)
