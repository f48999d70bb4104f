"""Training, validation and test images stay apart, and only training images are changed.

What a split holds is found by the rows themselves: each image carries its number, or is known by
its pixels, so that nothing here trusts the code that divides them.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mnist.core import callbacks, loop
from paddle_mnist.core.config import configure
from paddle_mnist.data import Mnist, Split, load_mnist
from paddle_mnist.data.folder import write_folder
from paddle_mnist.measure.measurement import measure_test_images
from paddle_mnist.runs import reporting, training
from paddle_mnist.runs.folder import load_record, update_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.seen import count_seen
from paddle_mnist.runs.shipped import SHIPPED, shipped_run
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import DataError, UsageError

SHARES = (None, 0.0, 0.1, 0.15, 0.5)
PARTS = ("train", "validation", "test")


def numbered(count: int, first: int = 0) -> Split:
    """Images that carry their number, from `first` on, in their first row."""
    numbers = np.arange(first, first + count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, :3] = np.stack([numbers % 256, numbers // 256, np.full(count, 1)], axis=1)
    images[:, 5:20, 10] = 255
    return Split(images, (numbers % 10).astype(np.int64))


def numbers_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0].astype(int) + 256 * images[:, 0, 1].astype(int)


def rows_of(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def write_idx(folder: Path, train: Split, test: Split) -> str:
    write_folder(folder, train, test)
    return str(folder)


def write_kaggle(folder: Path, split: Split) -> str:
    folder.mkdir()
    with open(folder / "train.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{number}" for number in range(784))])
        for image, label in zip(split.images, split.labels):
            writer.writerow([label, *image.reshape(-1)])
    return str(folder)


def check_apart(mnist: Mnist, whole: np.ndarray) -> None:
    """The three parts have no image in common, no image twice, and together are the whole."""
    parts = [rows_of(getattr(mnist, name).images) for name in PARTS]
    assert [len(part) for part in parts] == [len(getattr(mnist, name)) for name in PARTS]
    assert len(set.union(*parts)) == sum(map(len, parts)) == len(whole)
    assert set.union(*parts) == rows_of(whole)


@pytest.fixture(scope="module")
def full_mnist() -> Mnist:
    folder = os.environ.get("PADDLE_MNIST_DATA", "")
    if folder in ("", "auto", "sample"):
        pytest.skip("PADDLE_MNIST_DATA names no folder with all of MNIST")
    return load_mnist(folder, validation=0.0)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())


# Three parts


@pytest.mark.parametrize("share", SHARES)
def test_the_parts_of_an_idx_folder_are_apart(tmp_path, share):
    train, test = numbered(800), numbered(90, first=800)
    mnist = load_mnist(write_idx(tmp_path / "idx", train, test), validation=share)
    check_apart(mnist, np.concatenate([train.images, test.images]))
    np.testing.assert_array_equal(numbers_of(mnist.test.images), np.arange(800, 890))
    held_out = 100 if share is None else int(800 * share)
    assert len(mnist.validation) == held_out
    for name in PARTS:  # each image has kept its own label
        split = getattr(mnist, name)
        np.testing.assert_array_equal(split.labels, numbers_of(split.images) % 10)


@pytest.mark.parametrize("share", SHARES)
def test_the_parts_of_a_kaggle_folder_are_apart(tmp_path, share):
    whole = numbered(120)
    mnist = load_mnist(write_kaggle(tmp_path / "kaggle", whole), validation=share)
    check_apart(mnist, whole.images)
    assert len(mnist.test) == 20
    for name in PARTS:
        split = getattr(mnist, name)
        np.testing.assert_array_equal(split.labels, numbers_of(split.images) % 10)


@pytest.mark.parametrize("share", SHARES)
def test_the_parts_of_the_sample_are_apart(share):
    whole = load_mnist("sample", validation=0.0)
    images = np.concatenate([whole.train.images, whole.test.images])
    assert len(images) == 5000
    check_apart(load_mnist("sample", validation=share), images)


def test_the_parts_of_mnist_are_apart(full_mnist):
    images = np.concatenate([full_mnist.train.images, full_mnist.test.images])
    assert len(images) == 70_000
    for share in (None, 0.15):
        mnist = load_mnist(full_mnist.source.path, validation=share)
        check_apart(mnist, images)
        assert rows_of(mnist.test.images) == rows_of(full_mnist.test.images)


def test_images_that_are_twice_there_are_noticed(tmp_path):
    # The control of the tests above.
    train, test = numbered(80), numbered(10, first=79)
    mnist = load_mnist(write_idx(tmp_path / "idx", train, test))
    with pytest.raises(AssertionError):
        check_apart(mnist, np.concatenate([train.images, test.images]))


# Augmentation


class Spy:
    """Changes images as an augmentation may, and notes which ones it was given."""

    def __init__(self) -> None:
        self.given: list[np.ndarray] = []

    def __call__(self, rows: paddle.Tensor, random: np.random.Generator) -> paddle.Tensor:
        self.given.append(as_images(rows))
        return rows * 0.5


def as_images(rows: paddle.Tensor) -> np.ndarray:
    return np.rint(rows.numpy() * 255).astype(np.uint8).reshape(-1, 28, 28)  # [N, 784]


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A whole training; what its augmentation was given, and what the network was evaluated on."""
    spy, evaluated = Spy(), []

    def noting(network, *arguments, **options):
        def note(_layer, inputs):
            evaluated.append((network.training, inputs[0].numpy().copy()))

        hook = network.register_forward_pre_hook(note)
        try:
            return real(network, *arguments, **options)
        finally:
            hook.remove()

    real = loop.evaluate
    monkeypatch.setattr(callbacks, "evaluate", noting)  # after each epoch, on validation images
    monkeypatch.setattr(training, "evaluate", noting)  # in the end, on test images
    monkeypatch.setattr(training, "build_augmentation", lambda _name: spy)
    data = write_idx(tmp_path / "data", numbered(48), numbered(20, first=48))
    config = configure("linear", data=data, validation=0.25, epochs=2, batch_size=16)
    run_training(config, tmp_path / "run")
    return spy, evaluated, load_mnist(data, validation=0.25)


def test_augmentation_never_sees_validation_or_test_images(watched):
    spy, _evaluated, mnist = watched
    given = np.concatenate(spy.given)
    assert len(given) == 2 * 36  # every training image, in each of two epochs
    expected = sorted([*numbers_of(mnist.train.images)] * 2)
    assert sorted(numbers_of(given)) == expected
    assert rows_of(given) == rows_of(mnist.train.images)
    # The control: numbers and pixels would have told of images of the other parts.
    for split in (mnist.validation, mnist.test):
        assert len(split)
        assert not rows_of(given) & rows_of(split.images)
        assert not {*numbers_of(split.images)} & {*expected}


def test_images_to_evaluate_reach_the_network_as_they_are(watched):
    _spy, evaluated, mnist = watched
    assert [training for training, _rows in evaluated] == [False] * 3
    splits = (mnist.validation, mnist.validation, mnist.test)
    for (_training, rows), split in zip(evaluated, splits):
        expected = (split.images.reshape(-1, 784).astype(np.float32) / np.float32(255)).tobytes()
        assert rows.tobytes() == expected
        assert (rows * np.float32(0.5)).tobytes() != expected  # the control: a changed one differs


# What a run has seen


@pytest.fixture(scope="module")
def run_on(tmp_path_factory):
    """A function: train the linear stage for an epoch on a folder; returns the run as loaded."""

    def train(data: str, **changes) -> Recognizer:
        folder = tmp_path_factory.mktemp("runs") / "linear"
        config = configure("linear", data=data, epochs=1, batch_size=64, **changes)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reporting, "save_figure", lambda _figure, path: path.touch())
            run_training(config, folder)
        return Recognizer.load(folder)

    return train


def test_a_run_remembers_what_it_has_seen(tmp_path, run_on):
    train, test = numbered(80), numbered(40, first=80)
    data = write_idx(tmp_path / "data", train, test)
    run = run_on(data, validation=0.25)
    assert {name: len(hashes) for name, hashes in run.seen.items()} == {
        "train": 60,
        "validation": 20,
    }
    measured = measure_test_images(run, load_mnist(data))
    assert measured.note is None
    assert measured.as_json()["accuracy"] == run.record["test"]["accuracy"]


@pytest.mark.parametrize(
    ("part", "words"), [("train", "trained on"), ("validation", "chosen with")]
)
def test_seen_images_are_no_test_images(tmp_path, run_on, part, words):
    data = write_idx(tmp_path / "data", numbered(80), numbered(40, first=80))
    run = run_on(data, validation=0.25)
    seen = getattr(load_mnist(data, validation=0.25), part).take(slice(10))
    mixed = Split(np.concatenate([numbered(30, first=200).images, seen.images]), np.arange(40) % 10)
    other = write_idx(tmp_path / "other", numbered(9, first=300), mixed)
    expected = f"this run was {words} 10 of the 40 test images: .* says nothing; give --data "
    with pytest.raises(UsageError, match=expected):
        measure_test_images(run, load_mnist(other))


def test_one_in_a_thousand_is_only_noted(tmp_path, run_on):
    data = write_idx(tmp_path / "data", numbered(80), numbered(40, first=80))
    run = run_on(data)
    others = numbered(1000, first=1000)
    others.images[3] = load_mnist(data).train.images[0]
    other = load_mnist(write_idx(tmp_path / "other", numbered(9, first=300), others))
    note = "this run was trained on 1 of the 1,000 test images"
    measured = measure_test_images(run, other)
    assert measured.note == measured.as_json()["note"] == note


def test_a_run_on_shuffled_mnist_has_seen_its_test_images(tmp_path, run_on):
    # As Kaggle's 42,000 and 28,000 are MNIST's 70,000 in another order: here of the sample.
    sample = load_mnist("sample", validation=0.0)
    images = np.concatenate([sample.train.images[:500], sample.test.images[:100]])
    labels = np.concatenate([sample.train.labels[:500], sample.test.labels[:100]])
    order = np.random.default_rng(1).permutation(600)[:360]
    run = run_on(write_kaggle(tmp_path / "kaggle", Split(images[order], labels[order])))
    original = write_idx(
        tmp_path / "original", sample.train.take(slice(500)), sample.test.take(slice(100))
    )
    inside = rows_of(images[order])
    kaggle_test = rows_of(load_mnist(str(tmp_path / "kaggle")).test.images)
    seen = sum(image.tobytes() in inside - kaggle_test for image in sample.test.images[:100])
    assert seen > 20
    with pytest.raises(UsageError, match="trained on .* of the 100 test images") as error:
        measure_test_images(run, load_mnist(original))
    numbers = [int(word) for word in str(error.value).split() if word.isdigit()]
    assert sum(numbers[:-1]) == seen
    measure_test_images(run, load_mnist(str(tmp_path / "kaggle")))  # its own are not refused


def test_test_images_that_are_trained_on_are_refused_before_the_training(tmp_path):
    train = numbered(80)
    data = write_idx(tmp_path / "data", train, train.take(slice(70, None)))
    with pytest.raises(DataError, match="the network would be .* 10 of the 10 test images of "):
        run_training(configure("linear", data=data, epochs=1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_few_test_images_that_are_trained_on_are_noted(tmp_path, capsys):
    test = numbered(1000, first=1000)
    test.images[0] = numbered(1).images[0]
    data = write_idx(tmp_path / "data", numbered(80), test)
    config = configure("linear", data=data, epochs=1, validation=0.0)
    run_training(config, tmp_path / "run")
    expected = f"note: the network would be trained on 1 of the 1,000 test images of {data}\n"
    assert expected in capsys.readouterr().out


# Weights that ship


@pytest.mark.parametrize("stage", SHIPPED)
def test_weights_that_ship_have_seen_the_sample(stage):
    recognizer = Recognizer.load(shipped_run(stage))
    expected = r"chosen with 1,000 of the 1,000 test images \(the sample's come from MNIST's"
    with pytest.raises(UsageError, match=expected):
        measure_test_images(recognizer, load_mnist("sample"))


def test_what_weights_that_ship_have_seen_is_mnist(full_mnist):
    seen = Recognizer.load(shipped_run(SHIPPED[0])).seen
    assert count_seen(full_mnist.train.images, seen) == {"either": 60_000}
    assert count_seen(full_mnist.test.images, seen) == {"either": 0}
    assert len(seen["either"]) == 60_000


@pytest.mark.parametrize("is_mnist", [True, False])
def test_of_an_old_run_on_mnist_it_is_known_what_it_has_seen(is_mnist, tmp_path):
    folder = shutil.copytree(shipped_run("linear"), tmp_path / "old")
    update_record(folder, {"data": {**load_record(folder)["data"], "is_mnist": is_mnist}})
    recognizer = Recognizer.load(folder)
    sample = load_mnist("sample")
    if is_mnist:
        with pytest.raises(UsageError, match="it has seen them"):
            measure_test_images(recognizer, sample)
    else:
        assert "it is not known" in measure_test_images(recognizer, sample).note
