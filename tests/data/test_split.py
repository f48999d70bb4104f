"""Splits refuse what does not fit together, and are divided the same way each time."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.data.split import Split, fingerprint, split_off
from paddle_mnist.system.errors import DataError


def images(count, dtype=np.uint8, side=28):
    return np.zeros((count, side, side), dtype=dtype)


def labels(*values):
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize("count", [0, 1, 99])
def test_any_count_is_a_split(count, make_split):
    assert len(make_split(count)) == count


@pytest.mark.parametrize(
    ("bad_images", "bad_labels", "words"),
    [
        (images(1, np.float32), labels(1), "images are float32"),
        (images(1, side=27), labels(1), r"\[1, 27, 27\]; expected uint8"),
        (images(2).reshape(2, 784), labels(1, 2), r"\[2, 784\]"),
        ([[0]], labels(1), "images are of the type list"),
        (images(1), np.array([1], dtype=np.int32), "labels are int32"),
        (images(1), labels(1).reshape(1, 1), r"labels are int64 \[1, 1\]"),
        (images(1), [1], "labels are of the type list"),
        (images(2), labels(1), "2 images but 1 labels; expected one label for each image"),
        (images(3), labels(0, 9, 10), "label number 2 .* is 10; expected 0 to 9$"),
        (images(2), labels(0, -1), "label number 1 .* is -1"),
    ],
)
def test_what_does_not_fit_is_refused(bad_images, bad_labels, words):
    with pytest.raises(DataError, match=words):
        Split(bad_images, bad_labels)


def test_take_keeps_the_order_of_the_indices(make_split):
    split = make_split(10)
    taken = split.take([7, 2])
    assert taken.labels.tolist() == [split.labels[7], split.labels[2]]
    assert np.array_equal(taken.images[1], split.images[2])


def marked(count):
    """Each image carries its own number, so that it can be found again."""
    pixels = np.zeros((count, 28, 28), dtype=np.uint8)
    numbers = np.arange(count, dtype=np.int64)
    pixels[:, 0, 0], pixels[:, 0, 1] = numbers % 256, numbers // 256
    return Split(pixels, numbers % 10)


def numbers(split):
    low, high = split.images[:, 0, 0].tolist(), split.images[:, 0, 1].tolist()
    return [one + 256 * other for one, other in zip(low, high)]


def test_split_off_loses_and_doubles_nothing():
    rest, held_out = split_off(marked(1000), 125)
    assert (len(rest), len(held_out)) == (875, 125)
    assert sorted(numbers(rest) + numbers(held_out)) == list(range(1000))
    assert [number % 10 for number in numbers(held_out)] == held_out.labels.tolist()


def test_split_off_always_holds_the_same_out():
    # It may never change: accuracies would not be comparable.
    _, held_out = split_off(marked(50), 5)
    assert numbers(held_out) == sorted(np.random.default_rng(0).permutation(50)[:5].tolist())


@pytest.mark.parametrize("count", [-1, 11])
def test_split_off_refuses_an_impossible_count(count):
    with pytest.raises(DataError, match=f"hold out {count} of 10"):
        split_off(marked(10), count)


def test_split_off_may_take_none_or_all():
    assert [len(part) for part in split_off(marked(10), 0)] == [10, 0]
    assert [len(part) for part in split_off(marked(10), 10)] == [0, 10]


def test_fingerprint_is_the_same_for_equal_data(make_split):
    assert fingerprint(make_split(5)) == fingerprint(make_split(5))
    assert len(fingerprint()) == 64


def test_fingerprint_does_not_depend_on_the_memory_layout(make_split):
    split = make_split(8)
    copied = Split(split.images[::2].copy(), split.labels[::2].copy())
    assert fingerprint(Split(split.images[::2], split.labels[::2])) == fingerprint(copied)


def test_fingerprint_notices_each_change(make_split):
    split = make_split(6)
    pixel = split.images.copy()
    pixel[5, 27, 27] ^= 1
    label = (split.labels + 1) % 10
    first, second = split.take([0, 1, 2]), split.take([3, 4, 5])
    prints = [
        fingerprint(split),
        fingerprint(Split(pixel, split.labels)),
        fingerprint(Split(split.images, label)),
        fingerprint(split.take([1, 0, 2, 3, 4, 5])),
        fingerprint(first, second),
        fingerprint(second, first),
        fingerprint(split, split.take([])),
    ]
    assert len(set(prints)) == len(prints)
