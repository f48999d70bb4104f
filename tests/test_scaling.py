"""The model of scaling: made numbers are given back, and the ends of it are known."""

from __future__ import annotations

import math

import numpy as np
import pytest


@pytest.fixture(scope="module")
def scaling(load_benchmark):
    return load_benchmark("scaling")


SIZES = [4 * 10**power for power in range(8)]


def test_the_fit_of_made_times_gives_back_what_they_were_made_of(scaling):
    seconds = [2e-4 + size / 5e8 for size in SIZES]
    line = scaling.fit_exchange(SIZES, seconds)
    assert line["latency"] == pytest.approx(2e-4)
    assert line["bandwidth"] == pytest.approx(5e8)
    assert line["residual"] < 1e-9


def test_the_residual_is_the_relative_error(scaling):
    seconds = [(2e-4 + size / 5e8) * factor for size in SIZES for factor in (0.9, 1.1)]
    line = scaling.fit_exchange(list(np.repeat(SIZES, 2)), seconds)
    assert line["residual"] == pytest.approx(0.1, abs=0.002)


def test_an_exchange_of_one_costs_nothing_and_of_two_what_was_measured(scaling):
    assert scaling.exchange_seconds(1e6, 1, 1e-3, 1e9) == 0
    assert scaling.exchange_seconds(1e6, 2, 1e-3, 1e9) == pytest.approx(2e-3)
    # Eight: three rounds, and 7/8 of the vector there and back.
    assert scaling.exchange_seconds(1e6, 8, 1e-3, 1e9) == pytest.approx(3e-3 + 1.75e-3)


def test_a_step_is_its_share_of_the_work_and_all_its_exchanges(scaling):
    assert scaling.step_seconds(1.0, 1, [1e6], 1e-3, 1e9) == 1.0
    assert scaling.step_seconds(1.0, 4, [], 1e-3, 1e9) == 0.25
    assert scaling.step_seconds(1.0, 2, [0, 1e9], 0.1, 1e9) == pytest.approx(0.5 + 0.1 + 1.1)
    # Without end of workers the vector still goes there and back.
    step = scaling.step_seconds(1.0, 2**40, [1e9], 0, 1e9)
    assert math.isclose(step, 2.0, rel_tol=1e-9)


def test_the_exchanges_of_a_step_are_gradients_and_two_for_each_normalisation(scaling):
    assert scaling.exchanged_bytes("linear") == [4 * (785 + 3)]
    gradients, *norms = scaling.exchanged_bytes("cnn")
    # 73,714 numbers, of which the running averages of 8 + 32 channels have no gradient.
    assert gradients == 4 * (73_714 - 80 + 3)
    assert norms == [4 * 17, 4 * 16, 4 * 65, 4 * 64]


def test_the_tables_are_of_what_was_measured(scaling):
    found = {
        "machine": {"processor": "P", "cores": 2, "paddle": "3", "rounds": 1},
        "steps": {"cnn": {"alone": 0.02, "half": 0.0125, "whole": 0.025, "DataParallel": 0.012}},
        "sizes": {"cnn": [4000]},
        "exchanges": {str(size // 4): 1e-4 + size / 1e9 for size in SIZES},
    }
    tables = scaling.tables(found)
    assert tables.keys() == scaling.MARKS.keys()
    # 20 / (2 · 12.5), and 20 / 25; the model: 10 + 0.1 + 0.004.
    assert "| `cnn` | 20 | 12.5 | 80 | 10.1 | 25 | 80 | 12 |" in tables["steps"]
    assert "Latency 100 µs, bandwidth 1.00 GB/s" in tables["exchanges"]
    assert all(mark in scaling.PAGE.read_text() for pair in scaling.MARKS.values() for mark in pair)
