"""load_mnist takes the first place that has the data, and says in one line which it was."""

from __future__ import annotations

import os
import struct

import numpy as np
import pytest

from paddle_mnist.data import download as downloading
from paddle_mnist.data import fingerprint, load_mnist
from paddle_mnist.data.download import cache_folder, paddle_cache_folder
from paddle_mnist.system.errors import DataError

DOWNLOAD = "paddle_mnist.data.mnist.download"


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    """No caches, no variables and no network."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PADDLE_MNIST_CACHE", str(tmp_path / "cache"))
    for variable in ("PADDLE_MNIST_DATA", "PADDLE_MNIST_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)

    def no_network(folder):
        raise DataError("MNIST could not be downloaded (mirror.invalid: HTTP 403)")

    monkeypatch.setattr(DOWNLOAD, no_network)


def copy(published, folder):
    folder.mkdir(parents=True)
    for file in published.glob("*.gz"):
        (folder / file.name).write_bytes(file.read_bytes())


def counts(mnist):
    return len(mnist.train), len(mnist.validation), len(mnist.test)


def is_loud(source):
    """The sample was taken only because nothing else could be had."""
    return source.message.startswith("WARNING: data: only the sample ")


def check_one_line(source):
    assert "\n" not in source.message
    assert source.path in source.message or source.kind == "sample"


def test_the_sample_may_be_chosen():
    mnist = load_mnist("sample")
    assert counts(mnist) == (3500, 500, 1000)
    assert (mnist.source.kind, is_loud(mnist.source)) == ("sample", False)
    assert mnist.source.message == (
        "data: the sample of 5,000 MNIST digits in the package: 3,500 to train on, "
        "500 for validation, 1,000 to test on"
    )


def test_the_sample_is_last_and_loud(tmp_path):
    mnist = load_mnist()
    source = mnist.source
    assert counts(mnist) == (3500, 500, 1000)
    assert (source.kind, is_loud(source)) == ("sample", True)
    assert source.message.startswith("WARNING: ")
    for words in ("sample of 5,000", "mirror.invalid: HTTP 403", str(tmp_path / "cache"), "--data"):
        assert words in source.message
    check_one_line(source)


@pytest.mark.promise(row=16)
def test_offline_nothing_is_downloaded(monkeypatch, figure):
    monkeypatch.setattr(DOWNLOAD, lambda folder: pytest.fail("it was called"))
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", "1")
    source = load_mnist().source
    assert (source.kind, is_loud(source)) == ("sample", True)
    assert "PADDLE_MNIST_OFFLINE is set" in source.message
    figure("{} downloads with PADDLE_MNIST_OFFLINE", 0)


@pytest.mark.promise(row=16)
def test_a_cache_that_cannot_be_written_is_read(published, tmp_path, monkeypatch, figure):
    copy(published, tmp_path / "cache")
    for path in (*(tmp_path / "cache").iterdir(), tmp_path / "cache"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("something is written"))
    monkeypatch.setattr(os, "mkdir", lambda *_: pytest.fail("a folder is made"))
    assert load_mnist().source.kind == "cache"
    (tmp_path / "cache").chmod(0o755)
    figure("{} of {} read-only caches not read", 0, 1)


@pytest.mark.promise(row=16)
def test_without_any_home_the_sample_is_used(tmp_path, monkeypatch, figure):
    # Nobody knows the home of this user: the name of the cache begins with a ~ that nothing fills.
    monkeypatch.delenv("PADDLE_MNIST_CACHE")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr("paddle_mnist.data.mnist.download", downloading.download)
    monkeypatch.chdir(tmp_path)
    source = load_mnist().source
    assert (source.kind, is_loud(source)) == ("sample", True)
    assert "there is no home folder" in source.message
    assert list(tmp_path.iterdir()) == []
    figure("without any home folder, {} files in a folder named ~", 0)


def test_all_that_was_tried_is_told_in_one_line(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", "1")
    copy(published, tmp_path / "cache")
    damaged = tmp_path / "cache" / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(b"")
    notes = (
        f"{damaged} is empty; expected an IDX file of images",
        "nothing was downloaded, because PADDLE_MNIST_OFFLINE is set",
    )
    source = load_mnist().source
    assert source.message == (
        "WARNING: data: only the sample of 5,000 MNIST digits in the package: 3,500 to train on, "
        "500 for validation, 1,000 to test on. All of MNIST could not be had: "
        f"{'; '.join(notes)}. To use all of it, connect to the network and try again, or put its "
        f"four .gz files into {tmp_path / 'cache'}, or name a folder that has them (--data DIR)"
    )


def test_what_was_tried_before_a_download_is_told(published, tmp_path, monkeypatch):
    copy(published, tmp_path / "cache")
    damaged = tmp_path / "cache" / "train-images-idx3-ubyte.gz"
    whole = damaged.read_bytes()
    damaged.write_bytes(b"")
    monkeypatch.setattr(DOWNLOAD, lambda folder: damaged.write_bytes(whole))
    source = load_mnist().source
    assert source.kind == "download"
    note = f"{damaged} is empty; expected an IDX file of images"
    assert source.message.endswith(f" 6 to test on; not used: {note}")


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_may_be_switched_off(published, monkeypatch, value):
    monkeypatch.setattr(DOWNLOAD, lambda folder: copy(published, folder))
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", value)
    assert load_mnist().source.kind == "download"


def test_a_download_goes_into_the_cache(published, tmp_path, monkeypatch):
    monkeypatch.setattr(DOWNLOAD, lambda folder: copy(published, folder))
    first = load_mnist()
    assert (first.source.kind, first.source.path) == ("download", str(tmp_path / "cache"))
    assert first.source.message == (
        f"data: all of MNIST, downloaded into the cache ({tmp_path / 'cache'}): "
        "21 to train on, 3 for validation, 6 to test on"
    )
    monkeypatch.setattr(DOWNLOAD, lambda folder: pytest.fail("it was called again"))
    second = load_mnist()
    assert second.source.kind == "cache"
    assert second.source.message.startswith(f"data: all of MNIST from the cache ({tmp_path}")
    assert fingerprint(first.train, first.test) == fingerprint(second.train, second.test)


def test_the_order_of_the_places(published, tmp_path, monkeypatch, write_folder, make_split):
    monkeypatch.setattr(DOWNLOAD, lambda folder: copy(published, folder))
    copy(published, paddle_cache_folder())
    source = load_mnist().source
    assert source.kind == "paddle-cache"
    assert source.message.startswith("data: all of MNIST from Paddle's cache (")
    copy(published, cache_folder())
    assert load_mnist().source.kind == "cache"
    write_folder(tmp_path / "mine", make_split(9), make_split(2))
    monkeypatch.setenv("PADDLE_MNIST_DATA", str(tmp_path / "mine"))
    source = load_mnist().source
    assert source.kind == "folder"
    assert f"the folder {tmp_path / 'mine'} (from PADDLE_MNIST_DATA): " in source.message
    monkeypatch.setenv("PADDLE_MNIST_DATA", "auto")
    assert load_mnist().source.kind == "cache"
    assert load_mnist("sample").source.kind == "sample"


def test_paddle_s_cache_is_where_paddle_puts_it(tmp_path):
    expected = tmp_path / "home" / ".cache" / "paddle" / "dataset" / "mnist"
    assert paddle_cache_folder() == expected


def test_our_cache_is_the_user_s(monkeypatch):
    import platformdirs

    monkeypatch.delenv("PADDLE_MNIST_CACHE")
    assert str(cache_folder()) == platformdirs.user_cache_dir("paddle_mnist")
    monkeypatch.setenv("PADDLE_MNIST_CACHE", os.path.join("~", "digits"))
    assert str(cache_folder()) == os.path.expanduser(os.path.join("~", "digits"))


def damage(folder, write_folder, make_split, how):
    if how == "cut off":
        file = folder / "train-images-idx3-ubyte.gz"
        file.write_bytes(file.read_bytes()[:-20])
    elif how == "incomplete":
        (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    else:  # whole files of another data set
        write_folder(folder, make_split(24, 7), make_split(6, 8))


@pytest.mark.parametrize("how", ["cut off", "incomplete", "another data set"])
def test_a_damaged_cache_is_told_and_not_used(
    published, tmp_path, monkeypatch, write_folder, make_split, how
):
    copy(published, tmp_path / "cache")
    damage(tmp_path / "cache", write_folder, make_split, how)
    expected = {
        "cut off": "train-images-idx3-ubyte.gz is a damaged gzip file",
        "incomplete": "t10k-labels-idx1-ubyte.gz cannot be read: there is no such file",
        "another data set": "is not MNIST's train-images-idx3-ubyte",
    }[how]
    sample = load_mnist().source
    assert is_loud(sample)
    assert expected in sample.message
    copy(published, paddle_cache_folder())
    paddle = load_mnist().source
    assert (paddle.kind, is_loud(paddle)) == ("paddle-cache", False)
    assert expected in paddle.message.partition("; not used: ")[2]
    check_one_line(paddle)


def test_the_variable_may_name_the_sample(monkeypatch):
    monkeypatch.setenv("PADDLE_MNIST_DATA", "sample")
    source = load_mnist().source
    assert (source.kind, is_loud(source)) == ("sample", False)


def test_a_variable_that_does_not_work_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PADDLE_MNIST_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="there is no folder .*nowhere"):
        load_mnist()


def test_a_folder_s_line_says_the_folder_and_the_counts(tmp_path, write_folder, make_split):
    folder = write_folder(tmp_path / "fashion", make_split(80), make_split(20))
    source = load_mnist(folder).source
    assert source.kind == "folder"
    assert source.message == (
        f"data: the folder {folder}: 70 to train on, 10 for validation, 20 to test on"
    )


@pytest.mark.parametrize(
    ("count", "train", "validation"),
    [(1, 1, 0), (7, 7, 0), (8, 7, 1), (99, 87, 12), (250, 219, 31)],
)
def test_any_number_of_images_works(tmp_path, write_folder, make_split, count, train, validation):
    write_folder(tmp_path / "data", make_split(count), make_split(1))
    assert counts(load_mnist(tmp_path / "data")) == (train, validation, 1)


@pytest.mark.parametrize(
    "spell",
    [
        lambda name: f"{name}.gz",
        lambda name: name,
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("-idx", ".idx") + ".gz",
    ],
    ids=["-idx .gz", "-idx", ".idx", ".idx .gz"],
)
def test_the_usual_names_are_found(tmp_path, write_folder, make_split, spell):
    folder = write_folder(tmp_path / "data", make_split(3), make_split(2))
    for file in sorted(folder.iterdir()):
        file.rename(folder / spell(file.name[: -len(".gz")]))
    assert counts(load_mnist(folder)) == (3, 0, 2)


def test_unpacked_files_beside_packed_ones_are_one_data_set(
    tmp_path, write_folder, make_split, to_idx
):
    folder = write_folder(tmp_path / "data", make_split(3), make_split(2))
    (folder / "train-images-idx3-ubyte").write_bytes(to_idx(make_split(3, 9).images))
    assert np.array_equal(load_mnist(folder).train.images, make_split(3, 9).images)


def write_kaggle(folder, split):
    folder.mkdir(exist_ok=True)
    header = "label," + ",".join(f"pixel{number}" for number in range(784))
    flat = split.images.reshape(len(split), -1).tolist()
    rows = [",".join(map(str, [label, *row])) for label, row in zip(split.labels, flat)]
    (folder / "train.csv").write_text("\n".join([header, *rows, ""]))
    (folder / "test.csv").write_text("never read: it has no labels")


@pytest.mark.parametrize(
    ("rows", "expected"), [(2, (1, 0, 1)), (96, (70, 10, 16)), (250, (183, 26, 41))]
)
def test_kaggle_s_folder_holds_a_sixth_out_to_test_on(tmp_path, make_split, rows, expected):
    split = make_split(rows)
    write_kaggle(tmp_path / "kaggle", split)
    mnist = load_mnist(tmp_path / "kaggle")
    assert counts(mnist) == expected
    assert mnist.source.kind == "kaggle"
    assert mnist.source.is_mnist
    assert "train.csv (test images held out of it" in mnist.source.message
    parts = np.concatenate([mnist.train.images, mnist.validation.images, mnist.test.images])
    key = np.lexsort(parts.reshape(rows, -1).T)
    original = np.lexsort(split.images.reshape(rows, -1).T)
    assert np.array_equal(parts[key], split.images[original])


def test_one_row_of_kaggle_s_cannot_be_divided(tmp_path, make_split):
    write_kaggle(tmp_path, make_split(1))
    with pytest.raises(DataError, match="train.csv has 1 row; expected at least 2"):
        load_mnist(tmp_path)


def test_validation_is_always_the_same_part():
    first, second = load_mnist("sample"), load_mnist("sample")
    assert fingerprint(first.validation) == fingerprint(second.validation)
    whole = {image.tobytes() for image in load_mnist("sample", validation=0.0).train.images}
    parts = [image.tobytes() for image in first.train.images]
    parts += [image.tobytes() for image in first.validation.images]
    assert len(parts) == 4000
    assert set(parts) == whole


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.15, 600), (0.5, 2000)])
def test_the_validation_share_is_kept(share, count):
    assert counts(load_mnist("sample", validation=share)) == (4000 - count, count, 1000)


@pytest.mark.parametrize("share", [-0.1, 0.51, float("nan")])
def test_an_impossible_validation_share_is_refused(share):
    with pytest.raises(DataError, match="expected 0 to 0.5"):
        load_mnist("sample", validation=share)


def test_what_was_trained_on_mnist_is_known(full_mnist_folder, tmp_path, make_split, write_folder):
    assert load_mnist(full_mnist_folder).source.is_mnist
    assert not load_mnist("sample").source.is_mnist
    other = write_folder(tmp_path, make_split(4), make_split(2))
    assert not load_mnist(other).source.is_mnist


FOUR = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]
BAD_FOLDERS = {
    "empty": ([], "looked for the IDX files train-images.* or Kaggle's .*the folder holds nothing"),
    "other files": (["notes.txt", "a.zip"], "the folder holds a.zip, notes.txt"),
    "many files": ([f"{number:02}.png" for number in range(40)], "11.png and 28 more"),
    "a part": (FOUR[:3], "missing: t10k-labels-idx1-ubyte; the folder holds t10k-images"),
    "only training": (FOUR[:2], "missing: t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte;"),
    "only test.csv": (["test.csv"], "missing: train.csv; the folder holds test.csv"),
    "both": ([*FOUR, "train.csv"], r"holds both IDX and Kaggle files \(train-images.*train.csv\)"),
    "both in part": (
        [FOUR[0], "test.csv"],
        r"\(train-images-idx3-ubyte, test.csv\); keep one kind",
    ),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_a_folder_without_a_whole_data_set_is_refused(tmp_path, case):
    names, words = BAD_FOLDERS[case]
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(DataError, match=words) as caught:
        load_mnist(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(("count", "more"), [(12, ""), (13, " and 1 more")])
def test_of_a_folder_s_files_twelve_are_told(tmp_path, count, more):
    names = [f"{number:02}.png" for number in range(count)]
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(DataError) as caught:
        load_mnist(tmp_path)
    assert str(caught.value) == (
        f"no whole data set in {tmp_path}: looked for the IDX files {', '.join(FOUR)} (each also "
        "with .gz, or with .idx for -idx) or Kaggle's train.csv; the folder holds "
        f"{', '.join(names[:12])}{more}"
    )


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file.gz").write_text("")
    with pytest.raises(DataError, match="file.gz is a file, not a folder"):
        load_mnist(tmp_path / "file.gz")
    with pytest.raises(DataError, match="there is no folder"):
        load_mnist(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist("a\0b")


IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = (f"{name}.gz" for name in FOUR)


def exchange(folder, first, second):
    (folder / first).rename(folder / "other")
    (folder / second).rename(folder / first)
    (folder / "other").rename(folder / second)


def give_labels(path, count):
    path.write_bytes(struct.pack(">II", 0x801, count) + bytes(range(count)))


def become_folder(path):
    path.unlink()
    path.mkdir()


# Each takes a folder with 9 images to train on and 2 to test on, and breaks it.
MISFITS = {
    "unequal": (
        lambda folder: give_labels(folder / LABELS, 4),
        "train-images-idx3-ubyte.gz holds 9 images but train-labels-idx1-ubyte.gz 4 labels; expec",
    ),
    "unequal to test on": (
        lambda folder: give_labels(folder / TEST_LABELS, 3),
        "t10k-images-idx3-ubyte.gz holds 2 images but t10k-labels-idx1-ubyte.gz 3 labels; expec",
    ),
    "labels of the other part": (
        lambda folder: exchange(folder, LABELS, TEST_LABELS),
        "train-images-idx3-ubyte.gz holds 9 images but train-labels-idx1-ubyte.gz 2 labels",
    ),
    "labels for images": (
        lambda folder: exchange(folder, IMAGES, LABELS),
        "train-images-idx3-ubyte.gz begins .* file of labels.; expected 0x00000803",
    ),
    "a folder for a file": (
        lambda folder: become_folder(folder / TEST_IMAGES),
        "t10k-images-idx3-ubyte.gz cannot be read: it is a folder; expected an IDX file",
    ),
    "a copy that was cut off": (
        lambda folder: os.truncate(folder / TEST_IMAGES, 900),
        "t10k-images-idx3-ubyte.gz is a damaged gzip file",
    ),
    "an empty plain file beside a packed one": (
        lambda folder: (folder / FOUR[1]).touch(),
        "train-labels-idx1-ubyte is empty; expected an IDX file of labels",
    ),
}


@pytest.mark.promise(row=12)
def test_files_that_do_not_fit_together_are_refused(tmp_path, write_folder, make_split, figure):
    for name, (spoil, words) in MISFITS.items():
        folder = write_folder(tmp_path / name, make_split(9), make_split(2))
        spoil(folder)
        with pytest.raises(DataError, match=words) as caught:
            load_mnist(folder)
        assert str(folder) in str(caught.value)
    figure("{} folders whose files do not fit together refused", len(MISFITS))


def test_nothing_is_printed(capsys):
    load_mnist()
    assert capsys.readouterr() == ("", "")
