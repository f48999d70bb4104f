"""The trainings: which are started, with which words, and what a failing one does."""

from __future__ import annotations

import sys

import pytest

from paddle_mnist.ladder import training
from paddle_mnist.ladder.results import load_results
from paddle_mnist.ladder.rows import find_row
from paddle_mnist.ladder.training import run_training_process, train_missing
from paddle_mnist.train import build_parser


class Trainings:
    """Stands in for the processes: each call leaves a finished run, or fails as it is told to."""

    def __init__(self, write_run):
        self.write_run = write_run
        self.started = []
        self.failing = {}
        self.leaves_nothing = False

    def __call__(self, command, stdout, stderr):
        assert command[:3] == [sys.executable, "-m", "paddle_mnist.train"]
        asked = build_parser().parse_args(command[3:])
        row = find_row(asked.out.parent.name)
        self.started.append((row, asked.seed, asked.resume, asked.data))
        self.text = self.failing.get((row, asked.seed), "")
        stderr.write(self.text.encode())
        if not self.text and not self.leaves_nothing:
            self.write_run(asked.out.parent.parent, row, asked.seed)
        return self

    def wait(self, timeout=None):
        if self.text == "interrupted":
            raise KeyboardInterrupt
        return 2 if self.text else 0


@pytest.fixture
def trainings(monkeypatch, write_run):
    fake = Trainings(write_run)
    monkeypatch.setattr(training.subprocess, "Popen", fake)
    return fake


def train(out, names, seeds=None, data="sample"):
    return train_missing(names, seeds, out, out, data, sys.stdout)


def measured(out, name):
    return [run["seed"] for run in load_results(out)[name]["runs"]]


def test_each_seed_of_each_row_is_trained_once(tmp_path, trainings, capsys):
    names = ["cnn", "deep-cnn --schedule constant"]
    assert train(tmp_path, names, seeds=2) == 0
    assert [start[:2] for start in trainings.started] == [
        (name, seed) for name in names for seed in (0, 1)
    ]
    assert {start[3] for start in trainings.started} == {"sample"}
    assert (tmp_path / "deep-cnn--schedule-constant" / "seed-1" / "run.json").exists()
    assert measured(tmp_path, names[1]) == [0, 1]
    assert "cnn, seed 0: accuracy 0.9700, 0.2 minutes" in capsys.readouterr().out
    assert train(tmp_path, names, seeds=2) == 0
    assert len(trainings.started) == 4
    assert "cnn: 2 of 2 seeds are measured" in capsys.readouterr().out


def test_without_a_number_there_are_as_many_seeds_as_planned(tmp_path, trainings):
    train(tmp_path, ["dropout-cnn"])
    assert [start[1] for start in trainings.started] == [0, 1, 2]


def test_an_unfinished_run_goes_on_and_one_of_another_recipe_does_not(
    tmp_path, trainings, write_run
):
    write_run(tmp_path, "cnn", 0, epochs=1, finished=False)
    write_run(tmp_path, "cnn", 1, epochs=1, finished=False, recipe={"batch_size": 7})
    assert train(tmp_path, ["cnn"], seeds=2) == 0
    assert [start[2] for start in trainings.started] == [True, False]


def test_what_is_in_the_results_is_not_trained_though_its_run_is_gone(tmp_path, trainings):
    train(tmp_path, ["cnn"], seeds=1)
    (tmp_path / "cnn").rename(tmp_path / "gone")
    train(tmp_path, ["cnn"], seeds=2)
    assert [start[1] for start in trainings.started] == [0, 1]


def test_a_changed_recipe_is_trained_anew_and_said(tmp_path, trainings, monkeypatch, capsys):
    train(tmp_path, ["cnn"], seeds=1)
    changed = training.wanted_recipes("sample")
    changed["cnn"] = {**changed["cnn"], "learning_rate": 0.5}
    monkeypatch.setattr(training, "wanted_recipes", lambda data: changed)
    train(tmp_path, ["cnn"], seeds=1)
    assert len(trainings.started) == 2
    assert "cnn: its recipe has changed; older figures do not count" in capsys.readouterr().out


def test_a_failing_training_is_one_line_and_the_others_go_on(tmp_path, trainings, capsys):
    trainings.failing["cnn", 0] = "Traceback …\n  …\nerror: the loss became nan\n"
    assert train(tmp_path, ["cnn"], seeds=2) == 1
    assert measured(tmp_path, "cnn") == [1]
    assert capsys.readouterr().err == "error: cnn, seed 0: the loss became nan\n"


def test_a_training_that_leaves_no_run_has_failed(tmp_path, trainings, capsys):
    trainings.leaves_nothing = True
    assert train(tmp_path, ["cnn"], seeds=1) == 1
    assert "error: cnn, seed 0: there is no finished run in" in capsys.readouterr().err


def test_what_was_finished_before_an_interruption_is_in_the_results(tmp_path, trainings):
    trainings.failing["cnn", 1] = "interrupted"
    monkeyed = trainings.wait
    trainings.wait = lambda timeout=None: monkeyed() if timeout is None else 0
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, ["cnn"], seeds=3)
    assert measured(tmp_path, "cnn") == [0]
    assert len(trainings.started) == 2


class Stubborn:
    """A process that does not end by itself."""

    def __init__(self, command, stdout, stderr):
        self.ended = False
        Stubborn.last = self

    def wait(self, timeout=None):
        if timeout is not None:
            raise training.subprocess.TimeoutExpired("train", timeout)
        if not self.ended:
            raise KeyboardInterrupt
        return -15

    def terminate(self):
        self.ended = True


def test_no_training_is_left_behind(monkeypatch):
    monkeypatch.setattr(training.subprocess, "Popen", Stubborn)
    with pytest.raises(KeyboardInterrupt):
        run_training_process(["--stage", "cnn"], sys.stdout)
    assert Stubborn.last.ended


def test_a_process_that_says_nothing_has_its_code_told(monkeypatch, tmp_path):
    # Killed from outside, as by a system without memory.
    monkeypatch.setattr(training.sys, "executable", "/bin/false")
    assert run_training_process([], sys.stdout) == "the training ended with code 1"
