"""Images are known again by their pixels, all of them and in any order."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest

from paddle_mnist.data import load_mnist
from paddle_mnist.data.split import Split
from paddle_mnist.runs.seen import (
    count_seen,
    describe_seen,
    image_hashes,
    more_than_by_chance,
    seen_images,
)


def test_a_hash_is_that_of_the_pixels(make_split):
    images = make_split(5).images
    expected = [
        int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=8).digest(), "little")
        for image in images
    ]
    found = image_hashes(images)
    assert found.dtype == np.uint64
    assert found.tolist() == expected


def test_how_the_images_lie_in_memory_does_not_matter(make_split):
    images = make_split(6).images
    turned = np.asfortranarray(images)
    np.testing.assert_array_equal(image_hashes(turned), image_hashes(images))
    np.testing.assert_array_equal(image_hashes(images[::-2]), image_hashes(images)[::-2])


def test_one_pixel_makes_another_image(make_split):
    images = np.repeat(make_split(1).images, 785, axis=0)
    images[np.arange(784), np.arange(784) // 28, np.arange(784) % 28] ^= 1
    assert len(np.unique(image_hashes(images))) == 785


def test_of_no_images_there_are_no_hashes():
    assert image_hashes(np.zeros((0, 28, 28), np.uint8)).shape == (0,)


def test_those_seen_are_counted_by_what_was_done_with_them(make_split):
    train, validation, others = make_split(40, 1), make_split(8, 2), make_split(30, 3)
    seen = seen_images(train, validation)
    mixed = np.concatenate([others.images, validation.images[:3], train.images[[5, 1]]])
    mixed = mixed[np.random.default_rng(0).permutation(len(mixed))]
    assert count_seen(mixed, seen) == {"train": 2, "validation": 3}
    assert count_seen(others.images, seen) == {"train": 0, "validation": 0}


def test_an_image_in_two_parts_counts_once(make_split):
    images = make_split(4).images
    split = Split(images, np.zeros(4, np.int64))
    assert count_seen(images, seen_images(split, split)) == {"train": 4, "validation": 0}


@pytest.mark.parametrize(
    ("count", "chance"), [(1, 0), (20, 0), (999, 0), (1_000, 1), (10_000, 10), (70_000, 70)]
)
def test_one_in_a_thousand_may_be_chance(count, chance):
    assert not more_than_by_chance({"train": 0, "validation": chance}, count)
    assert more_than_by_chance({"train": 1, "validation": chance}, count)


def test_what_was_done_is_told():
    assert describe_seen({"train": 900, "validation": 0}, 1000) == (
        "trained on 900 of the 1,000 test images"
    )
    assert describe_seen({"train": 1900, "validation": 2}, 20_000) == (
        "trained on 1,900 and chosen with 2 of the 20,000 test images"
    )
    assert describe_seen({"train": 0}, 3) == "trained on none of the 3 test images"
    assert describe_seen({"either": 5}, 5) == ("trained on or chosen with 5 of the 5 test images")


@pytest.mark.slow_for_mutants
def test_sixty_thousand_are_quick():
    images = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), np.uint8)
    started = time.process_time()
    image_hashes(images)
    assert time.process_time() - started < 0.5  # of this process, however busy the machine is


def test_mnist_has_no_test_image_among_those_to_train_on(full_mnist_folder):
    mnist = load_mnist(full_mnist_folder, validation=0.1)
    found = count_seen(mnist.test.images, seen_images(mnist.train, mnist.validation))
    assert found == {"train": 0, "validation": 0}
    # And no image twice: a hash stands for one image.
    assert len(np.unique(image_hashes(mnist.train.images))) == 54_000
