"""The ideas that were tried: networks of the sizes in the log, and which images they practise."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import paddle
import pytest

from paddle_mnist.core.loop import Progress
from paddle_mnist.data import Split


@pytest.fixture(scope="module")
def ideas(load_benchmark):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("MKL_NUM_THREADS", "1")  # the script sets it so
        return load_benchmark("ideas")


def test_the_networks_have_the_numbers_that_were_measured(ideas):
    measured = json.loads(ideas.RESULTS.read_text(encoding="utf-8"))
    assert set(measured) == set(ideas.IDEAS)
    for name, runs in measured.items():
        state = ideas.build(ideas.IDEAS[name]).state_dict()
        size = sum(tensor.size for tensor in state.values())
        assert {run["numbers"] for run in runs.values()} == {size}, name


def passes_over_a_hundred(ideas, **changes):
    idea = replace(ideas.IDEAS["base"], batch_size=10, augment=lambda rows, _: rows, **changes)
    split = Split(np.zeros((100, 28, 28), np.uint8), np.arange(100) % 10)
    return ideas.Passes(idea, split, np.random.default_rng(0))


def test_a_pass_has_each_image_once(ideas):
    passes = passes_over_a_hundred(ideas, epochs=3)
    seen = [passes.chosen for _ in passes]
    assert len(seen) == len(passes) == 30
    for start in (0, 10, 20):
        assert sorted(np.concatenate(seen[start : start + 10])) == list(range(100))


def test_what_was_easy_comes_less_often(ideas):
    passes = passes_over_a_hundred(ideas, epochs=40, practise=0.33)
    counts = np.zeros(100, int)
    for _ in passes:
        np.add.at(counts, passes.chosen, 1)  # a batch may hold the end of a pass and the next
        passes.losses[passes.chosen] = passes.chosen >= 70  # 30 hard ones
    hard, easy = counts[70:], counts[:70]
    assert np.ptp(hard) <= 1  # in each pass
    assert easy.mean() / hard.mean() == pytest.approx(0.33, abs=0.03)


def test_more_candidates_come_in_larger_batches(ideas):
    passes = passes_over_a_hundred(ideas, epochs=3, candidates=2)
    assert [len(labels) for _images, labels in islice(passes, 5)] == [20] * 5


def test_the_moving_average_follows_the_weights(ideas):
    network = paddle.nn.Linear(1, 1)
    network.weight.set_value(np.zeros((1, 1), np.float32))
    average = ideas.MovingAverage(network)
    network.weight.set_value(np.ones((1, 1), np.float32))
    progress = Progress(epochs=1, batches=8)
    for step in range(1, 9):
        progress.losses = [0.0] * step
        average.on_batch_end(progress)
    # Updated after steps 4 and 8; early ones keep step / (step + 10) for each step.
    expected = 1 - (4 / 14) ** 4 * (8 / 18) ** 4
    assert average.weights["weight"].item() == pytest.approx(expected, rel=1e-6)
