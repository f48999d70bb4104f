"""Several processes that train one network: the same steps as one, in real processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mnist import train
from paddle_mnist.core.loop import train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.stages import build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.data import load_mnist
from paddle_mnist.parallel import launch as processes
from paddle_mnist.parallel.group import Group, join, part_of
from paddle_mnist.parallel.step import parallel_step
from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.runtime import set_seed

ROOT = Path(__file__).parents[2]
SAME_LOSSES = ROOT / "tests" / "promises" / "processes" / "same_losses.py"
TRAININGS = ("linear", "mlp", "cnn", "deep-cnn", "affine")
DEADLINE = 120  # seconds, for a machine that is busy with other work

needs_gloo = pytest.mark.skipif(sys.platform != "linux", reason="Paddle has gloo on Linux only")
KILL = getattr(signal, "SIGKILL", None)  # Windows has none


# What each process does by itself


@pytest.mark.parametrize("members", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [7, 8, 100, 128])
def test_the_parts_of_a_batch_are_the_batch(members, count):
    rows = np.arange(count)
    parts = [rows[part_of(rank, members, count)] for rank in range(members)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_fewer_images_than_processes_are_for_all_of_them():
    assert [part_of(rank, 3, 2) for rank in range(3)] == 3 * [slice(0, 2)]


def test_one_process_talks_to_nobody():
    group = join(0, 1, "cpu")
    numbers = paddle.to_tensor([1.5, 2.5])
    group.add_up(numbers)
    assert numbers.tolist() == [1.5, 2.5]
    assert [each.tolist() for each in group.collect(numbers)] == [[1.5, 2.5]]
    group.check_same("name", "0123")


class TwoThatFoundTheSame(Group):
    """Stands for two processes, both of which have computed what this one has."""

    def __init__(self) -> None:
        super().__init__(0, 2)

    def add_up(self, tensor) -> None:
        tensor.set_value(2 * tensor)


def test_a_part_that_all_have_counts_once():
    # One image cannot be divided, so both processes learn from it.
    alone, _ = steps(parallel_step, Group(), images=1)
    together, _ = steps(parallel_step, TwoThatFoundTheSame(), images=1)
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def steps(build, *arguments, images: int = 30) -> tuple[list[tuple[float, int]], np.ndarray]:
    """What three steps return, and the weights after them."""
    set_seed(0)
    network = build_network("mlp")
    optimizer = paddle.optimizer.SGD(0.1, network.parameters())
    sample = load_mnist("sample").train.take(slice(images))
    batch = norm_img(sample.images), paddle.to_tensor(sample.labels)
    step = build(network, cross_entropy, optimizer, *arguments)
    found = [step(*batch) for _ in range(3)]
    return found, np.concatenate([p.numpy().ravel() for p in network.parameters()])


def plain_step(*arguments):
    return partial(train_step, *arguments)


def test_the_step_for_several_is_the_plain_one_where_there_is_one_process():
    found, weights = steps(plain_step)
    other, other_weights = steps(parallel_step, Group())
    np.testing.assert_allclose(other, found, rtol=1e-6)
    np.testing.assert_allclose(other_weights, weights, atol=1e-6)


class Scaler:
    """A GradScaler without a GPU: the loss times 1024, the gradients divided by it."""

    def __init__(self, enable: bool) -> None:
        self.factor = 1024.0 if enable else 1.0

    def scale(self, loss):
        return loss * self.factor

    def step(self, optimizer) -> None:
        for parameter in optimizer._parameter_list:
            parameter.grad = parameter.grad / self.factor
        optimizer.step()

    def update(self) -> None:
        pass


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_mixed_precision_scales_the_loss_and_not_the_result(monkeypatch, precision):
    asked = []

    def auto_cast(enable, dtype):
        asked.append((enable, dtype))
        return contextlib.nullcontext()

    expected = steps(plain_step)
    monkeypatch.setattr(paddle.amp, "GradScaler", Scaler)
    monkeypatch.setattr(paddle.amp, "auto_cast", auto_cast)
    found, weights = steps(parallel_step, Group(), precision)
    np.testing.assert_allclose(found, expected[0], rtol=1e-6)
    np.testing.assert_allclose(weights, expected[1], atol=1e-6)
    assert set(asked) == {(True, precision)}


# The place of a process, and what is refused


@pytest.mark.parametrize("rank, count", [("0", "1"), ("1", "2")])
def test_paddles_variables_tell_the_place(monkeypatch, rank, count):
    assert processes.place_of_process() == (0, 1)
    monkeypatch.setenv("PADDLE_TRAINER_ID", rank)
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", count)
    assert processes.place_of_process() == (int(rank), int(count))


@pytest.mark.parametrize("rank, count", [("2", "2"), ("x", "2"), ("0", "-1")])
def test_variables_that_make_no_sense_are_refused(monkeypatch, rank, count):
    monkeypatch.setenv("PADDLE_TRAINER_ID", rank)
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", count)
    with pytest.raises(UsageError, match="PADDLE_TRAINERS_NUM"):
        processes.place_of_process()


@pytest.mark.parametrize(
    "words, message",
    [
        ("--processes 0", "number of processes is 0; it must be 1 or more"),
        ("--processes -1", "number of processes is -1"),
        ("--processes 17 --stage linear", "17 processes cannot share a batch of 16 images"),
    ],
)
def test_impossible_numbers_of_processes_are_refused(tmp_path, capsys, words, message):
    assert train.main([*words.split(), "--out", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_system_without_gloo_is_told_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(processes.sys, "platform", "darwin")
    assert train.main(["--processes", "2", "--out", str(tmp_path / "run")]) == 2
    assert "gloo, which Paddle has on Linux only" in capsys.readouterr().err


def test_a_process_of_several_starts_no_others(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PADDLE_TRAINER_ID", "0")
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    assert train.main(["--processes", "3", "--out", str(tmp_path / "run")]) == 2
    assert "one of 2 processes already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "codes, message",
    [
        ([processes.LOST, -9], "process 1 of 2 was killed by SIGKILL"),
        ([-9, processes.LOST], "process 0 of 2 was killed by SIGKILL"),
        ([processes.LOST, 2], "process 1 of 2: the cause$"),
        ([processes.LOST, processes.LOST], "lost each other"),
    ],
)
def test_the_cause_is_told(tmp_path, codes, message):
    with open(tmp_path / "errors", "w+") as file:
        file.write("a warning\nerror: the cause\n")
        with pytest.raises(processes.ProcessEndedError, match=message):
            processes._tell_failure(codes, [file, file])


@pytest.mark.parametrize("codes", [[0, 0], [2, processes.LOST], [2, 2], [130, processes.LOST]])
def test_what_the_first_process_told_is_not_told_again(codes):
    processes._tell_failure(codes, [])


# Two real processes


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What one process, and each of two, found in the same trainings."""
    folder = tmp_path_factory.mktemp("same")
    command = [sys.executable, "-W", "ignore", str(SAME_LOSSES)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        done = subprocess.run([*command, str(folder / "one"), *TRAININGS], timeout=DEADLINE)
        assert done.returncode == 0
        assert processes.run_together([*command, str(folder / "two"), *TRAININGS], 2) == 0
    return [json.loads((folder / name).read_text()) for name in ("one.0", "two.0", "two.1")]


@needs_gloo
@pytest.mark.parametrize("name", TRAININGS)
def test_two_processes_have_the_losses_of_one(trained, name):
    one, first, second = (found[name] for found in trained)
    assert len(one["losses"]) == 50
    np.testing.assert_allclose(first["losses"], one["losses"], atol=1e-5)
    np.testing.assert_allclose(first["validation"], one["validation"], atol=1e-5)
    np.testing.assert_allclose(first["averages"], one["averages"], atol=1e-4)
    np.testing.assert_allclose(first["accuracy"], one["accuracy"], atol=1e-12)
    np.testing.assert_allclose(first["one image"], one["one image"], atol=1e-4)
    for key in ("losses", "validation", "accuracy", "averages", "one image"):
        assert first[key] == second[key]  # they decide alike


@needs_gloo
@pytest.mark.parametrize("name", TRAININGS)
def test_every_image_is_trained_on_once_in_an_epoch(trained, name):
    one, first, second = (found[name]["seen"] for found in trained)
    # A batch of a single image, at the end of these epochs, is for both.
    assert first[-1] == second[-1] == one[-1]
    assert Counter(first[:-1]) + Counter(second) == Counter(one)
    assert abs(len(first) - len(second)) <= 13


@needs_gloo
def test_shared_normalization_is_that_of_the_whole_batch(trained):
    for found in trained[1:]:
        differences = found["differences"]
        assert len(differences) == 15
        assert max(differences.values()) < 1e-5, differences


# Momentum has a state to be saved, and does not make much of a rounding as RMSprop does.
WORDS = "--stage mlp --optimizer momentum --schedule constant --data sample --out {folder}/{out}"


def run(folder: Path, out: str, words: str) -> tuple[int, str, str]:
    """The command train in a process of its own: exit code, output, errors."""
    command = WORDS.format(folder=folder, out=out).split() + words.split()
    done = subprocess.run(
        [sys.executable, "-m", "paddle_mnist.train", *command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=DEADLINE,
    )
    return done.returncode, done.stdout, done.stderr


def run_here(folder: Path, out: str, words: str) -> None:
    """The same with one process, which needs no new one."""
    assert train.main(WORDS.format(folder=folder, out=out).split() + words.split()) == 0


def record(folder: Path, out: str) -> dict:
    return json.loads((folder / out / "run.json").read_bytes())


def assert_close(one: dict, other: dict) -> None:
    for name in ("loss", "losses", "accuracy"):
        expected = [row[name] for row in one["history"]]
        np.testing.assert_allclose([row[name] for row in other["history"]], expected, atol=1e-5)
    assert one["test"]["loss"] == pytest.approx(other["test"]["loss"], abs=1e-4)
    assert one["test"]["correct"] == pytest.approx(other["test"]["correct"], abs=2)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of two epochs: by one process, by two, and the first epoch of each."""
    folder = tmp_path_factory.mktemp("runs")
    run_here(folder, "one", "--epochs 2")
    run_here(folder, "half_one", "--epochs 1")
    code, output, errors = run(folder, "two", "--epochs 2 --processes 2")
    assert (code, errors) == (0, "")
    (folder / "output").write_text(output)
    assert run(folder, "half_two", "--epochs 1 --processes 2")[0] == 0
    return folder


@needs_gloo
def test_the_command_trains_with_two_processes_and_one_of_them_speaks(runs):
    assert_close(record(runs, "one"), record(runs, "two"))
    assert record(runs, "two")["processes"] == 2
    assert record(runs, "one")["processes"] == 1
    assert record(runs, "two")["command"].endswith(" --schedule constant --processes 2")
    lines = (runs / "output").read_text().splitlines()
    starts = [re.split(r"[ :]", line)[0] for line in lines]
    assert starts == ["data", "epoch", "epoch", "the", "test"]
    names = [sorted(path.name for path in (runs / out).iterdir()) for out in ("one", "two")]
    assert names[0] == names[1]


@needs_gloo
def test_what_two_processes_began_one_can_finish(runs, capsys):
    shutil.copytree(runs / "half_two", runs / "finished_by_one")
    run_here(runs, "finished_by_one", "--resume --epochs 2")
    assert "note: processes is 1, and was 2" in capsys.readouterr().out
    assert_close(record(runs, "one"), record(runs, "finished_by_one"))


@needs_gloo
def test_what_one_process_began_two_can_finish(runs):
    shutil.copytree(runs / "half_one", runs / "finished_by_two")
    code, output, errors = run(runs, "finished_by_two", "--resume --epochs 2 --processes 2")
    assert (code, errors) == (0, "")
    assert "note: processes is 2, and was 1" in output
    assert_close(record(runs, "one"), record(runs, "finished_by_two"))


@needs_gloo
def test_two_processes_go_on_to_the_same_bits(runs):
    code, output, errors = run(runs, "half_two", "--resume --epochs 2 --processes 2")
    assert (code, errors) == (0, "")
    assert "note" not in output
    assert record(runs, "half_two")["files"] == record(runs, "two")["files"]


@needs_gloo
def test_an_error_of_all_processes_is_told_once(tmp_path):
    words = "--epochs 1 --processes 2 --learning-rate 1e30"
    code, _, errors = run(tmp_path, "run", words)
    assert code == 2
    assert re.fullmatch(r"error: the loss .*learning rate.*\n", errors)
    assert not (tmp_path / "run" / "run.json").exists()


@needs_gloo
@pytest.mark.parametrize("who, number", [(1, KILL), (0, KILL), (None, signal.SIGINT)])
def test_a_signal_ends_all_processes_and_what_was_saved_can_be_gone_on_with(tmp_path, who, number):
    command = WORDS.format(folder=tmp_path, out="run").split()
    watching = subprocess.Popen(
        [sys.executable, "-m", "paddle_mnist.train", *command, "--epochs", "999"]
        + ["--processes", "2"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A whole run of the tests may be in the background, where Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        ends = time.monotonic() + DEADLINE
        while not (tmp_path / "run" / "run.json").exists() and time.monotonic() < ends:
            time.sleep(0.02)
        children = Path(f"/proc/{watching.pid}/task/{watching.pid}/children").read_text().split()
        assert len(children) == 2
        os.kill(watching.pid if who is None else int(children[who]), number)
        _, errors = watching.communicate(timeout=30)
    finally:
        watching.kill()
        watching.wait()
    assert watching.returncode == (130 if who is None else 2)
    told = "stopped." if who is None else f"error: process {who} of 2 was killed by SIGKILL"
    assert errors.strip().startswith(told)
    assert errors.count("The last finished epoch is saved") == 1
    assert errors.rstrip().endswith("--resume --processes 2")
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    done = len(record(tmp_path, "run")["history"])
    run_here(tmp_path, "run", f"--resume --epochs {done + 1}")
    assert len(record(tmp_path, "run")["history"]) == done + 1
