"""What the labels of a data set mean is known by its images, not by a folder's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_mnist.data import class_names, load_mnist
from paddle_mnist.data.class_names import CLASS_NAMES, DIGITS, IMAGES_SHA256, are_digits
from paddle_mnist.data.idx import content_sha256

FASHION = CLASS_NAMES["Fashion-MNIST"]
FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package puts it


@pytest.fixture
def known_by(monkeypatch):
    """A function: these images count as Fashion-MNIST's, and no others do."""

    def know(images):
        known = {content_sha256(images): "Fashion-MNIST"}
        monkeypatch.setattr(class_names, "IMAGES_SHA256", known)

    return know


def test_the_tables_fit_each_other():
    assert set(IMAGES_SHA256.values()) == set(CLASS_NAMES)
    for names in CLASS_NAMES.values():
        assert len(set(names)) == 10
        assert not are_digits(names)
    assert "".join(DIGITS) == "0123456789"
    assert are_digits(list(DIGITS))  # as JSON gives them back


def test_the_images_of_fashion_mnist_fit_their_names():
    if not FASHION_FOLDER.is_dir():
        pytest.skip(f"Debian's dataset-fashion-mnist is not installed ({FASHION_FOLDER})")
    mnist = load_mnist(FASHION_FOLDER, validation=0.0)
    for part in (mnist.train, mnist.test):
        assert class_names.known_data_set(part.images) == "Fashion-MNIST"
    assert mnist.source.class_names == FASHION
    assert mnist.source.message.startswith(f"data: Fashion-MNIST from the folder {FASHION_FOLDER}")
    assert not mnist.source.is_mnist

    def mean(name):
        return mnist.train.images[mnist.train.labels == FASHION.index(name)].mean(axis=0)

    # Shoes and sandals are low, trousers are narrow, and what has long sleeves is broad and high.
    for shoe in ("Sandal", "Sneaker"):
        assert mean(shoe)[:5].mean() < 10 < mean(shoe)[15:20].mean()
    assert mean("Trouser")[:, :5].mean() < 10 < mean("Trouser")[:, 10:18].mean()
    for sleeved in ("Pullover", "Coat"):
        assert mean(sleeved)[15:25, 4:8].mean() > 2 * mean("T-shirt/top")[15:25, 4:8].mean()
    # A shaft is above the heel of a boot only.
    assert mean("Ankle boot")[5:10].mean() > 5 * mean("Sneaker")[5:10].mean()


@pytest.mark.parametrize("part", ["train", "test"])
def test_one_known_part_is_enough(tmp_path, known_by, make_split, write_folder, part):
    train, test = make_split(8, 1), make_split(4, 2)
    folder = write_folder(tmp_path / "any name", train, test)
    known_by({"train": train, "test": test}[part].images)
    source = load_mnist(folder).source
    assert source.class_names == FASHION
    assert source.message.startswith(f"data: Fashion-MNIST from the folder {folder}: ")


def test_what_is_not_known_is_taken_for_digits(tmp_path, known_by, make_split, write_folder):
    train, test = make_split(8, 1), make_split(4, 2)
    changed = train.images.copy()
    changed[-1, -1, -1] ^= 1
    known_by(changed)
    source = load_mnist(write_folder(tmp_path / "fashion-mnist", train, test)).source
    assert source.class_names == DIGITS
    assert source.message.startswith("data: the folder ")
    assert load_mnist("sample").source.class_names == DIGITS


def test_no_images_are_no_data_set():
    assert class_names.known_data_set(np.zeros((0, 28, 28), np.uint8)) is None
