"""A run that somebody made, checksums and all: it is used, or refused with the project's own words.

Everything that reads a run is tried: what forged values would break may lie far behind loading.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from paddle_mnist.core.optimizers import OPTIMIZERS, build_optimizer, build_schedule
from paddle_mnist.core.stages import build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.demo.page import page_of, stages_of
from paddle_mnist.evaluate import note_other_classes
from paddle_mnist.formats.export import contract
from paddle_mnist.import_weights import refuse_trained_run
from paddle_mnist.ladder.results import finished_run
from paddle_mnist.ladder.rows import ROWS
from paddle_mnist.measure.calibration import measure_calibration, validation_share
from paddle_mnist.measure.measurement import measure_test_images
from paddle_mnist.predict import as_json
from paddle_mnist.runs import reporting
from paddle_mnist.runs.choosing import prepare_for_run
from paddle_mnist.runs.folder import Run, load_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.resuming import resumed_config
from paddle_mnist.runs.state import load_optimizer_state, optimizer_state
from paddle_mnist.runs.training import run_training
from paddle_mnist.system.errors import PaddleMnistError, RunError

LONGEST = 1.0  # seconds of the processor
NAMES = [name for name, row in ROWS.items() if row.stage == "linear"]

# Values that have broken programs.
ODD = [
    *(None, True, False, 0, 1, -1, 2**53, 2**63, -(2**64), 10**400, 0.5, 1e308, 1e-320),
    *(float("nan"), float("inf"), float("-inf"), "", "linear", "best", "nan", "../../etc/passwd"),
    *("</script><script>alert(1)</script>", "\x1b[2J", "\0", "\ud800", "a\nb", "x" * 300),
    *([], {}, [[]], [{}], {"": {}}, {"__class__": "str"}, ["x"] * 10, list(range(10))),
]
VALUES = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a record there are values."""
    if place:
        yield place
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*place, key))


def changed(record: Any, place: tuple[Any, ...], action: str, value: Any) -> Any:
    """A copy of a record in which one value is another, is missing, or has one more beside it."""
    result = json.loads(json.dumps(record))
    inside = result
    for key in place[:-1]:
        inside = inside[key]
    if action == "change":
        inside[place[-1]] = value
    elif action == "take away":
        del inside[place[-1]]
    elif isinstance(inside, dict):
        inside[f"{place[-1]} of more"] = value
    else:
        inside.insert(place[-1], value)
    return result


@st.composite
def forged_values(draw, record: dict) -> dict:
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(record))
        # A value of the same record fits better than any other, and so comes further.
        own = st.sampled_from(found).map(lambda place: value_at(record, place))  # noqa: B023
        action = draw(st.sampled_from(("change", "change", "take away", "add")))
        record = changed(record, draw(st.sampled_from(found)), action, draw(VALUES | own))
    return record


def value_at(record: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        record = record[key]
    return record


def forged_tensors(tensors: dict[str, np.ndarray], name: str, way: str, number: int):
    """Tensors of which one has another name, kind, shape or content."""
    array = tensors[name]
    others = {key: value for key, value in tensors.items() if key != name}
    kinds = ("float16", "float64", "int8", "uint16", "int64", "bool", "complex64")
    shapes = [(), (0,), (1, *array.shape), (*array.shape, 2), array.shape[::-1] or (7,)]
    contents = (np.nan, np.inf, 3e38, -3e38, 1e-40)
    if way == "kind":
        kind = kinds[number % len(kinds)]
        return {**others, name: np.zeros(array.shape, kind)}
    if way == "shape":
        return {**others, name: np.zeros(shapes[number % len(shapes)], array.dtype)}
    if way == "content":
        content = contents[number % len(contents)]
        kind = array.dtype if array.dtype.kind == "f" else np.float32
        with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite
            return {**others, name: np.full(array.shape, content, kind)}
    if way == "name":
        return {**others, ("", "x" * 1000, f"{name}/{name}", "\x1b[2J", "é")[number % 5]: array}
    return others


def with_header(content: bytes, change) -> bytes:
    """A file of tensors with another header, of which every size still says what there is."""
    size = struct.unpack("<Q", content[:8])[0]
    header = json.dumps(change(json.loads(content[8 : 8 + size]))).encode()
    return struct.pack("<Q", len(header)) + header + content[8 + size :]


@st.composite
def forged_files(draw, contents: dict[str, bytes]) -> dict[str, bytes]:
    """One file of tensors, with other tensors, another header or other bytes."""
    stem = draw(st.sampled_from(sorted(contents)))
    content = contents[stem]
    tensors = safetensors.numpy.load(content)
    kind = draw(st.sampled_from(("tensors", "tensors", "header", "bytes")))
    if kind == "tensors":
        for way in draw(
            st.lists(
                st.sampled_from(("kind", "shape", "content", "name", "take away")),
                min_size=1,
                max_size=2,
            )
        ):
            if tensors:
                name = draw(st.sampled_from(sorted(tensors)))
                tensors = forged_tensors(tensors, name, way, draw(st.integers(0, 10)))
        return {stem: safetensors.numpy.save(tensors)}
    if kind == "header":
        dtypes = st.sampled_from(("BF16", "F8_E4M3", "F4", "C64", "U64", "BOOL", "I16", "F99"))
        return {
            stem: with_header(
                content,
                lambda header: changed(
                    header,
                    draw(st.sampled_from(list(places(header)))),
                    draw(st.sampled_from(("change", "take away", "add"))),
                    draw(VALUES | dtypes),
                ),
            )
        }
    damaged = bytearray(content)
    for place in draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        damaged[place] = draw(st.integers(0, 255))
    return {stem: bytes(damaged[: draw(st.integers(0, len(damaged)))] if draw(st.booleans())
                        else damaged)}  # fmt: skip


def only_own_errors(use, *arguments) -> bool:
    """Use something; whether it was refused. Any other exception goes on."""
    started = time.process_time()
    try:
        use(*arguments)
    except PaddleMnistError as error:
        assert str(error)
        return True
    finally:
        assert time.process_time() - started < LONGEST
    return False


def read_with(recognizer: Recognizer, few: Path) -> None:
    mnist = load_mnist(few, validation=validation_share(recognizer))
    for reading in recognizer.read(mnist.test.images[:3]):
        text = json.dumps(as_json(few, reading), allow_nan=False)
        assert text.isprintable()
    note_other_classes(recognizer, mnist)
    if recognizer.caution:
        assert recognizer.caution.isprintable()
    only_own_errors(measure_calibration, recognizer, mnist)
    measured = measure_test_images(recognizer, mnist)
    json.dumps(measured.as_json(), allow_nan=False)


def use_everywhere(run: Path, few: Path) -> bool:
    """Read a run with everything that reads one, as far as training; whether it can be loaded."""
    for use in (prepare_for_run, refuse_trained_run):
        only_own_errors(use, run)
    only_own_errors(resumed_config, run, {})
    for name in NAMES:
        only_own_errors(finished_run, name, run, RECIPES[name])
    if only_own_errors(Recognizer.load, run):
        return False
    recognizer = Recognizer.load(run)
    assert all(isinstance(text, str) for text in contract(recognizer).values())
    only_own_errors(lambda: json.dumps(stages_of([recognizer]), allow_nan=False))
    only_own_errors(read_with, recognizer, few)
    return True


RECIPES: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def quiet(monkeypatch, few, original):
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    # The recipe of the run, so that the ladder takes it for one of its own.
    record = load_record(original)
    data = {name: record["data"][name] for name in ("is_mnist", "train", "validation", "test")}
    data["fingerprint"] = record["data"]["fingerprint"]
    config = {
        name: value
        for name, value in record["config"].items()
        if name not in ("seed", "data", "device", "threads")
    }
    recipe = {**config, "parameters": record["parameters"], "data": data, "early_stopping": 3}
    RECIPES.update(dict.fromkeys(NAMES, recipe))
    # What takes long, and is tried elsewhere: pictures, and waiting for the disk.
    monkeypatch.setattr(reporting, "save_figure", lambda figure, path: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def finished(record: dict) -> dict:
    """The record as if the training had ended, and been measured."""
    test = {"accuracy": 0.5, "loss": 1.0, "correct": 20, "count": 40, "accuracy_truncated": 0.5}
    config = {**record["config"], "early_stopping": 3}
    return {**record, "config": config, "test": test, "stored_as": "float32"}


def restored(original: Path, run: Path) -> None:
    for path in original.iterdir():
        (run / path.name).unlink(missing_ok=True)
        shutil.copyfile(path, run / path.name)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.promise(row=4)
def test_forged_values_are_used_or_refused(original, run, few, forge, fuzz, figure):
    record = finished(load_record(original))
    loaded = []

    @given(forged_values(record))
    def use(forged):
        try:
            forge(run, forged)
        except UnicodeEncodeError:  # half a character cannot be in a file
            return
        loaded.append(use_everywhere(run, few))

    count = fuzz(use, 60, 6_000)
    assert 0.02 < np.mean(loaded) < 0.9  # some forged values come through, and most do not
    figure("{} runs with forged values in run.json, {} other exceptions", count, 0)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.promise(row=4)
def test_forged_tensors_are_used_or_refused(original, run, few, forge, fuzz, figure):
    record = finished(load_record(original))
    contents = {stem: (original / f"{stem}.safetensors").read_bytes() for stem in ("model", "seen")}
    loaded = []

    @given(forged_files(contents))
    def use(forged):
        forge(run, record, **forged)
        loaded.append(use_everywhere(run, few))
        restored(original, run)

    count = fuzz(use, 40, 4_000)
    assert 0 < np.mean(loaded) < 0.9
    figure("{} runs with forged tensors, {} other exceptions", count, 0)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.promise(row=4)
def test_forged_runs_are_resumed_or_refused(original, run, few, forge, fuzz, figure, capsys):
    record = load_record(original)
    contents = {
        stem: (original / f"{stem}.safetensors").read_bytes() for stem in ("model", "seen", "state")
    }
    resumed = []

    def resume():
        config = resumed_config(run, {"epochs": 3, "data": str(few)})
        run_training(config, run, resume=True)

    unchanged, no_files = st.just(record), st.just({})

    @given(
        st.tuples(forged_values(record), no_files) | st.tuples(unchanged, forged_files(contents))
    )
    def use(forged):
        forged_record, files = forged
        forge(run, forged_record, **files)
        resumed.append(not only_own_errors(resume))
        restored(original, run)
        capsys.readouterr()

    count = fuzz(use, 25, 1_000)
    assert 0 < np.mean(resumed) < 0.9
    figure("{} forged runs resumed, {} other exceptions", count, 0)


def test_forged_runs_make_a_page_that_runs_nothing(original, run, forge):
    record = finished(load_record(original))
    hostile = "</script><script>alert(1)</script>"
    forge(run, {**record, "command": hostile, "data": {**record["data"], "path": hostile}})
    assert hostile not in page_of(stages_of([Recognizer.load(run)]))


# What was found by these


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize("name", ["run.json", "model.safetensors", "seen.safetensors"])
def test_a_pipe_in_a_run_does_not_block(run, name):
    (run / name).unlink()
    os.mkfifo(run / name)
    with pytest.raises(RunError, match=f"{name} cannot be read: it is not an ordinary file"):
        Recognizer.load(run)


def test_a_huge_file_of_tensors_is_not_read_into_memory(run, monkeypatch):
    with open(run / "model.safetensors", "wb") as file:
        file.truncate(500_000_001)  # takes no room on the disk
    with pytest.raises(RunError, match="model.safetensors cannot be read: it has more than 500 MB"):
        Recognizer.load(run)


@pytest.mark.parametrize(
    "forged, expected",
    [
        ({"seconds": float("nan")}, "not JSON"),
        ({"seconds": "1"}, "'seconds' is str, expected float"),
        ({"used_epoch": 2**70}, "'used_epoch' is too large or no number, expected int"),
        ({"history": [3]}, "the value of epoch 1 is int, expected dict"),
        ({"test": {"accuracy": 1.0}}, "'count' of test is missing"),
        ({"test": []}, "the value of test is list, expected dict"),
        ({"config": {"threads": True}}, "'threads' of config is bool, expected int"),
        ({"data": {"path": 3}}, "'path' of data is too large or no number, expected str"),
    ],
)
def test_a_value_of_another_kind_is_named(original, run, forge, forged, expected):
    forge(run, {**load_record(original), **forged})
    with pytest.raises(RunError, match=expected):
        Recognizer.load(run)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(original, run, forge, value):
    record = load_record(original)
    weights = Run(original, record).tensors("model.safetensors")
    name = next(iter(weights))
    useless = {**weights, name: np.full_like(weights[name], value)}
    forge(run, record, model=safetensors.numpy.save(useless))
    with pytest.raises(RunError, match=f"the weights {name} hold values that are not numbers"):
        Recognizer.load(run)


def test_outputs_that_are_no_numbers_are_refused(original, run, forge):
    record = load_record(original)
    weights = Run(original, record).tensors("model.safetensors")
    huge = {name: np.full_like(array, 3e38) for name, array in weights.items()}
    forge(run, record, model=safetensors.numpy.save(huge))
    with pytest.raises(RunError, match="answers with something that is not a number"):
        Recognizer.load(run).read(np.full((1, 28, 28), 255, np.uint8))


@pytest.mark.parametrize(
    "forged, expected",
    [
        ({"schedule": {"last_epoch": 4, "last_lr": "x"}}, "the learning rate's state is damaged"),
        ({"schedule": {"last_epoch": 10**6, "last_lr": 0.1}}, "has taken 1000000 steps"),
        ({"history": [{}, {}]}, "epoch 1 of its history is incomplete"),
        ({"random": {"numpy": {"bit_generator": "PCG64", "state": 1}}}, "is damaged: "),
    ],
)
def test_what_only_resuming_needs_is_looked_at_there(original, run, few, forge, forged, expected):
    forge(run, {**load_record(original), **forged})
    Recognizer.load(run)
    with pytest.raises(RunError, match=expected):
        run_training(resumed_config(run, {}), run, resume=True)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_own_state_is_taken(name):
    # Of a network with running averages, which the optimiser is given too and leaves alone.
    def build():
        network = build_network("cnn")
        schedule = build_schedule("one-cycle", 0.01, 20)
        return network, build_optimizer(name, schedule, network.parameters())

    with paddle.utils.unique_name.guard():
        network, optimizer = build()
        network(paddle.rand([2, 784])).mean().backward()
        optimizer.step()
        averages, schedule = optimizer_state(optimizer)
    with paddle.utils.unique_name.guard():
        _network, other = build()
        load_optimizer_state(other, averages, json.loads(json.dumps(schedule)))


@pytest.mark.parametrize(
    "name, array",
    [
        ("optimizer/linear_0.w_0_moment1_0", np.zeros((9, 9), np.float32)),
        ("optimizer/linear_0.w_0_moment1_0", np.zeros((784, 1), np.int64)),
        ("optimizer/linear_0.w_0_beta1_pow_acc_0", np.zeros((2,), np.float32)),
        ("optimizer/of another", np.zeros((784, 1), np.float32)),
        ("optimizer/linear_0.w_0_moment2_0", None),
    ],
)
def test_an_optimizers_state_of_another_network_is_refused(original, run, few, forge, name, array):
    record = load_record(original)
    state = Run(original, record).tensors("state.safetensors")
    state = {key: value for key, value in {**state, name: array}.items() if value is not None}
    forge(run, record, state=safetensors.numpy.save(state))
    with pytest.raises(RunError, match="the optimiser's state is damaged, or of another network"):
        run_training(resumed_config(run, {}), run, resume=True)
