"""What all tests share."""

from __future__ import annotations

import csv
import importlib
import json
import os
import struct
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from paddle_mnist.data import Split
from paddle_mnist.system.errors import DataError
from paddle_mnist.system.runtime import prepare

prepare()  # as commands and chapters do, before Paddle is imported

# A test of a row of docs/promises.md is marked with @pytest.mark.promise(row=…); one that takes the
# protection away, to show that the row's test can fail, with control=True besides.
PROMISE = "promise"


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="try every promise as often as it says")
    parser.addoption("--figures", type=Path, help="write what the promises' tests tried to FILE")


def pytest_configure(config):
    config.addinivalue_line("markers", "promise(row, control): a test of a row of docs/promises.md")
    config.addinivalue_line("markers", "slow_for_mutants: `make mutants` does not wait for it")


@pytest.fixture(scope="session")
def trials(pytestconfig):
    """A function: how often to try, in an ordinary run and with --slow."""

    def choose(short: int, full: int) -> int:
        return full if pytestconfig.getoption("--slow") else short

    return choose


@pytest.fixture
def fuzz(trials, pytestconfig):
    """A function: run what `hypothesis.given` made, with other inputs so often.

    Ordinary runs try the same inputs every time; with --slow, they are new ones.
    """

    def run(test: Callable[[], None], short: int, full: int) -> int:
        count = trials(short, full)
        settings(
            max_examples=count,
            derandomize=not pytestconfig.getoption("--slow"),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )(test)()
        return count

    return run


# From a name to what becomes of a file: its bytes before a place, those there, those after it, and
# other bytes.
FAULTS: dict[str, Callable[[bytes, bytes, bytes, bytes], bytes]] = {
    "cut off": lambda before, part, after, other: before,
    "left out": lambda before, part, after, other: before + after,
    "put in": lambda before, part, after, other: before + other + part + after,
    "replaced": lambda before, part, after, other: before + other + after[len(other) :],
    "exchanged": lambda before, part, after, other: before + other + after,
    "repeated": lambda before, part, after, other: before + part + part + after,
    "moved": lambda before, part, after, other: before + after + part,
    "flipped": lambda before, part, after, other: before + bytes(~b & 255 for b in part) + after,
    "twice": lambda before, part, after, other: (before + part + after) * 2,
    "a tail": lambda before, part, after, other: before + part + after + other,
}
EDGES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def with_faults(content: bytes, faults: Sequence[tuple[str, int, int, bytes]]) -> bytes:
    for name, place, length, other in faults:
        start = place % (len(content) + 1)
        end = start + length % (len(content) + 1)
        content = FAULTS[name](content[:start], content[start:end], content[end:], other)
    return content


def damaged_bytes(
    whole: st.SearchStrategy[bytes], tokens: Sequence[bytes]
) -> st.SearchStrategy[bytes]:
    """One of `whole` with up to four faults; `tokens` are what the format takes for special."""
    numbers = [struct.pack(order, edge) for order in (">I", "<I") for edge in EDGES]
    others = st.one_of(st.binary(max_size=9), st.sampled_from([*numbers, bytes(30), *tokens]))
    lengths = st.one_of(st.integers(0, 9), st.integers(0, 1 << 16))
    fault = st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(0, 1 << 16), lengths, others)
    return st.builds(with_faults, whole, st.lists(fault, max_size=4))


@pytest.fixture
def damaged():
    """A function (strategy of whole files, tokens): a strategy of damaged ones."""
    return damaged_bytes


@pytest.fixture
def read_damaged(fuzz, tmp_path):
    """A function: read so many files; returns how many were read, and how many of them refused.

    Each gives a value or a DataError, within a second of processor time.
    """

    def run(files, read, name, short, full):
        refused = 0

        @given(files)
        def check(content):
            nonlocal refused
            (tmp_path / name).write_bytes(content)
            start = time.process_time()
            try:
                read(tmp_path / name)
            except DataError:
                refused += 1
            assert time.process_time() - start < 1

        return fuzz(check, short, full), refused

    return run


@pytest.fixture
def figure(request, record_property):
    """A function: tell what was tried for the test's promise, once it was seen to hold.

    The text has a {} for each number: figure("{} flipped bytes, {} not noticed", 2000, 0). It is
    the same in every run, because docs/ has it in two languages.
    """
    marker = request.node.get_closest_marker(PROMISE)

    def tell(text: str, *numbers: float) -> None:
        told = {"control": False, **marker.kwargs, "text": text, "numbers": numbers}
        record_property(PROMISE, json.dumps(told))

    return tell


def pytest_terminal_summary(terminalreporter, config):
    reports = terminalreporter.getreports("passed")
    told = [json.loads(v) for r in reports for name, v in r.user_properties if name == PROMISE]
    told.sort(key=lambda figure: (figure["row"], figure["control"], figure["text"]))
    if told:
        terminalreporter.section("promises")
    for one in told:
        terminalreporter.line(f"{one['row']:>2}  {one['text'].format(*one['numbers'])}")
    if config.getoption("--figures"):
        config.getoption("--figures").write_text(json.dumps(told, indent=1) + "\n")


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch, tmp_path_factory):
    """Tests see neither this machine's data nor its caches, and never the network."""
    monkeypatch.setenv("PADDLE_MNIST_OFFLINE", "1")
    monkeypatch.setenv("PADDLE_MNIST_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def full_mnist_folder() -> Path:
    """The folder with all of MNIST, where PADDLE_MNIST_DATA names one."""
    folder = os.environ.get("PADDLE_MNIST_DATA", "")
    if folder in ("", "auto", "sample"):
        pytest.skip("PADDLE_MNIST_DATA names no folder with all of MNIST")
    return Path(folder)


@pytest.fixture
def make_split():
    """A function (count, seed): so many images of noise, with labels."""

    def make(count: int, seed: int = 0) -> Split:
        generator = np.random.default_rng(seed)
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        return Split(images, generator.integers(0, 10, count, dtype=np.int64))

    return make


@pytest.fixture(scope="session")
def load_benchmark():
    """A function: import a script in benchmarks/, which finds its neighbours there."""
    folder = str(Path(__file__).resolve().parents[1] / "benchmarks")
    sys.path.insert(0, folder)
    yield importlib.import_module
    sys.path.remove(folder)


PICTURES = [
    ("a.png", 3, "one/a"),
    ("b.png", 3, "one/a"),
    ("c.png", 4, "one/a"),
    ("d.png", 3, "two/b"),
    ("blank.png", 3, "two/b"),
]


@pytest.fixture
def pictures(tmp_path):
    """A function: write a folder of pictures; a row is (name, label, source)."""

    def write(rows=PICTURES, columns=("file", "label", "source_repo")):
        folder = tmp_path / "pictures"
        folder.mkdir()
        with open(folder / "labels.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([row[: len(columns)] for row in rows])
        for name, *_ in rows:
            paper = np.full((60, 60), 255, np.uint8)
            if not name.startswith("blank"):
                paper[15:45, 27:33] = 0
            Image.fromarray(paper).save(folder / name)
        return folder

    return write
