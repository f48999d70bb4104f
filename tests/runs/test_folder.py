"""A run's folder: nothing is lost by a kill, no damage goes unnoticed, nothing is executed."""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import paddle
import pytest
import safetensors.numpy

from paddle_mnist.core.stages import build_network
from paddle_mnist.runs import folder as runs_folder
from paddle_mnist.runs.folder import (
    MODEL,
    SEEN,
    STATE,
    Run,
    load_record,
    read_tensors,
    save_run,
    sweep,
    update_record,
)
from paddle_mnist.runs.seen import checked_seen
from paddle_mnist.runs.state import (
    load_optimizer_state,
    load_weights,
    optimizer_state,
    random_state,
    restore_random_state,
    weights_of,
)
from paddle_mnist.system import files
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.runtime import set_seed

SOME = np.array([7, 2**64 - 1], np.uint64)
RECORD = {"stage": "mlp", "config": {"seed": 7}, "data": {"kind": "sample"}, "history": [{}]}
FILES = ["model.safetensors", "run.json", "seen.safetensors", "state.safetensors"]


def tensors(value: float) -> dict[str, np.ndarray]:
    return {
        "weight": np.full((3, 4), value, np.float32),
        "bias": np.arange(4, dtype=np.float32) + np.float32(value),
        "count": np.array(value, np.int64),  # no dimensions
    }


def hashes(value: float) -> dict[str, np.ndarray]:
    return {"train": np.arange(9, dtype=np.uint64) + np.uint64(value), "validation": SOME}


def save(folder, value: float) -> None:
    record = {**copy.deepcopy(RECORD), "value": value}
    save_run(folder, record, tensors(value), tensors(-value), hashes(value))


def load(folder):
    record = load_record(folder)
    model = Run(folder, record).tensors(MODEL)
    Run(folder, record).seen()
    return record, model, Run(folder, record).tensors(STATE)


def value_of(folder) -> float:
    """The number that a run was saved with, after a check that all of it is that one run."""
    record, model, state = load(folder)
    seen, value = Run(folder, record).seen(), record["value"]
    pairs = ((model, tensors(value)), (state, tensors(-value)), (seen, hashes(value)))
    for found, expected in pairs:
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)
    return value


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def sealed(folder, **changes) -> None:
    """Change run.json so that only its values are wrong, and not its own checksum."""
    record = json.loads((folder / "run.json").read_bytes())
    record.update(changes)
    for name in [name for name, value in changes.items() if value is None]:
        del record[name]
    del record["sha256"]
    text = json.dumps(record, sort_keys=True).encode()
    record["sha256"] = hashlib.sha256(text).hexdigest()
    (folder / "run.json").write_text(json.dumps(record))


def put(folder, name: str, content: bytes) -> None:
    """Put other content into a tensor file, and its right checksum into run.json."""
    files = json.loads((folder / "run.json").read_bytes())["files"]
    (folder / name).write_bytes(content)
    sealed(folder, files={**files, name: hashlib.sha256(content).hexdigest()})


# Saving and loading


def test_what_was_saved_is_loaded(tmp_path):
    folder = tmp_path / "runs" / "mlp"
    save(folder, 5.0)
    assert value_of(folder) == 5.0
    record = load_record(folder)
    assert {name: record[name] for name in RECORD} == RECORD
    assert names(folder) == FILES


def test_a_new_run_takes_the_place_of_the_old(tmp_path):
    save(tmp_path, 1.0)
    save(tmp_path, 2.0)
    assert value_of(tmp_path) == 2.0
    assert names(tmp_path) == FILES


def test_entries_are_changed(tmp_path):
    save(tmp_path, 1.0)
    update_record(tmp_path, {"test": {"accuracy": 0.5, "count": 2}})
    assert value_of(tmp_path) == 1.0
    assert load_record(tmp_path)["test"] == {"accuracy": 0.5, "count": 2}


def test_the_order_and_spacing_of_run_json_do_not_matter(tmp_path):
    save(tmp_path, 1.0)
    record = json.loads((tmp_path / "run.json").read_bytes())
    (tmp_path / "run.json").write_text(json.dumps(dict(reversed(record.items())), indent=7))
    assert value_of(tmp_path) == 1.0


def test_the_checksum_is_of_the_values_as_they_are_read_again(tmp_path):
    save_run(tmp_path, {**RECORD, "pair": (1, 2), "map": {10: "a", 9: "b"}}, {}, {})
    record = load_record(tmp_path)
    assert record["pair"] == [1, 2]
    assert record["map"] == {"10": "a", "9": "b"}


# What an interrupted save left; tests/promises/faults interrupts it at every point


def test_only_our_own_leftovers_are_swept(tmp_path):
    save(tmp_path, 1.0)
    ours = ["model.safetensors.next", "run.json.123.tmp", "history.csv.9.tmp", "a.png.9.tmp"]
    theirs = ["letter.tmp", "page.next", "data.json.tmp"]
    for name in ours + theirs:
        (tmp_path / name).write_text("left behind")
    sweep(tmp_path)
    assert names(tmp_path) == sorted(FILES + theirs)
    assert value_of(tmp_path) == 1.0


def test_a_folder_that_cannot_be_swept_is_named(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors.next").write_bytes(b"left behind")

    def denied(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(RunError, match="cannot be saved in .*: .*Permission denied"):
        sweep(tmp_path)


def test_what_cannot_be_cleaned_up_does_not_hide_why(tmp_path, monkeypatch):
    def full(path, content):
        path.write_bytes(content[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    def denied(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(runs_folder, "write_synced", full)
    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(RunError, match="cannot be saved in .*: .*No space left on device"):
        save(tmp_path, 1.0)


def test_values_that_json_does_not_have_are_refused(tmp_path):
    save(tmp_path, 1.0)
    with pytest.raises(ValueError, match="JSON"):
        save_run(tmp_path, {**RECORD, "loss": float("nan")}, {}, {})
    assert value_of(tmp_path) == 1.0
    sealed(tmp_path, value=float("nan"))  # as Python's own JSON writes it
    with pytest.raises(RunError, match="not JSON"):
        load_record(tmp_path)


# What a run has seen


def test_a_run_may_not_tell_what_it_has_seen(tmp_path):
    save_run(tmp_path, RECORD, tensors(1.0), None)
    assert Run.load(tmp_path).seen() is None
    assert names(tmp_path) == ["model.safetensors", "run.json"]


@pytest.mark.parametrize(
    "seen",
    [{"test": SOME}, {"train": SOME.astype(np.int64)}, {"train": SOME[np.newaxis]}, {"": SOME}],
    ids=["another part", "another kind", "another shape", "no name"],
)
def test_other_things_than_hashes_are_refused(tmp_path, seen):
    save_run(tmp_path, RECORD, tensors(1.0), None, seen)
    path = tmp_path / "seen.safetensors"
    [(name, array)] = seen.items()
    expected = re.escape(
        f"{path} is damaged: it holds {name!r}: {array.dtype} {list(array.shape)}, expected "
        "uint64 [N] for one of train, validation, either; train again"
    )
    with pytest.raises(RunError, match=expected):
        Run.load(tmp_path).seen()
    with pytest.raises(RunError, match=expected):
        checked_seen(path, read_tensors(path))


def test_hashes_that_belong_to_no_run_are_read(tmp_path):
    (tmp_path / "some.safetensors").write_bytes(safetensors.numpy.save({"either": SOME}))
    path = tmp_path / "some.safetensors"
    found = checked_seen(path, read_tensors(path))
    np.testing.assert_array_equal(found["either"], SOME)
    (tmp_path / "some.safetensors").write_bytes(b"damaged")
    for name in ("some.safetensors", "none.safetensors"):
        with pytest.raises(RunError, match=name):
            read_tensors(tmp_path / name)


# Damage


@pytest.mark.parametrize("name", [name for name in FILES if name != "run.json"])
def test_a_missing_or_cut_off_tensor_file_is_named(tmp_path, name):
    save(tmp_path, 1.0)
    content = (tmp_path / name).read_bytes()
    for size in (0, 7, len(content) - 1):
        (tmp_path / name).write_bytes(content[:size])
        with pytest.raises(RunError, match=f"{name} is damaged"):
            load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing"):
        load(tmp_path)


def test_a_tensor_file_of_another_run_is_refused(tmp_path):
    save(tmp_path / "a", 1.0)
    save(tmp_path / "b", 2.0)
    (tmp_path / "b" / "model.safetensors").replace(tmp_path / "a" / "model.safetensors")
    other, expected = (
        hashlib.sha256(safetensors.numpy.save(tensors(value))).hexdigest() for value in (2.0, 1.0)
    )
    words = f"belongs to another run: its SHA-256 is {other[:16]}…, and run.json expects "
    with pytest.raises(RunError, match=f"{words}{expected[:16]}…; train again"):
        load(tmp_path / "a")


def test_bad_tensors_with_a_right_checksum_are_refused(tmp_path):
    save(tmp_path, 1.0)
    good = safetensors.numpy.save(tensors(1.0))
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(good)
        for place in random.integers(0, len(good), 3):
            damaged[place] = random.integers(0, 256)
        put(tmp_path, "model.safetensors", bytes(damaged))
        try:
            load(tmp_path)
        except RunError:
            refused += 1
    assert refused > 100  # the other changes fall into the numbers themselves
    put(tmp_path, "model.safetensors", b"hello")
    path = re.escape(str(tmp_path / "model.safetensors"))
    with pytest.raises(RunError, match=f"^{path} is damaged: not safetensors"):
        load(tmp_path)


def test_a_tensor_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    save(tmp_path, 1.0)
    record = load_record(tmp_path)

    def broken(*_arguments, **_options):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "open", broken, raising=False)
    for name in (MODEL, STATE, SEEN):
        with pytest.raises(RunError, match=f"{name} cannot be read: .*Input/output error"):
            Run(tmp_path, record).tensors(name)


@pytest.mark.parametrize(
    ("limit", "name"),
    [("_LARGEST_RECORD", "run.json"), ("_LARGEST_TENSORS", "state.safetensors")],
)
def test_files_of_the_largest_size_are_read_and_no_larger_ones(tmp_path, monkeypatch, limit, name):
    save_run(tmp_path, RECORD, {}, tensors(1.0))
    size = (tmp_path / name).stat().st_size

    def load_both():
        record = load_record(tmp_path)
        Run(tmp_path, record).tensors(STATE)

    monkeypatch.setattr(runs_folder, limit, size)
    load_both()
    monkeypatch.setattr(runs_folder, limit, size - 1)
    with pytest.raises(
        RunError, match=f"{name} cannot be read: it has more than {(size - 1) / 10**6:g} MB"
    ):
        load_both()


CROOKED = {
    "empty": (b"", "not JSON"),
    "text": (b"hello", "not JSON"),
    "cut off": (b'{"format": 1, "stage": "ml', "not JSON"),
    "binary": (b"\x80\x04\x95\xff\xfe", "not JSON"),
    "list": (b"[]", "it holds list"),
    "number": (b"3", "it holds int"),
    "deep": (b"[" * 100_000, "not JSON"),
    "deep object": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "not JSON"),
    "long number": (b'{"format": ' + b"9" * 10_000 + b"}", "damaged|has format"),
    "nothing in it": (b"{}", "'format' is NoneType"),
    "huge": (b" " * 10_000_001, "more than 10 MB"),
}


@pytest.mark.parametrize("case", CROOKED)
def test_a_run_json_that_is_none_is_refused(tmp_path, case):
    content, expected = CROOKED[case]
    save(tmp_path, 1.0)
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=expected) as error:
        load_record(tmp_path)
    assert "run.json" in str(error.value)


@pytest.mark.parametrize("name", ["stage", "config", "data", "history", "files"])
@pytest.mark.parametrize("value", [None, 3, True, [["x"]], {"x": 1}, "x"])
def test_wrong_values_in_run_json_are_refused(tmp_path, name, value):
    save(tmp_path, 1.0)
    kind = type(load_record(tmp_path)[name])
    sealed(tmp_path, **{name: value})
    if isinstance(value, kind):  # nothing to refuse yet, but the checksums below
        return
    found = type(value).__name__
    with pytest.raises(RunError, match=f"{name!r} is {found}, expected {kind.__name__}"):
        load_record(tmp_path)


def test_checksums_that_are_none_are_refused(tmp_path):
    save(tmp_path, 1.0)
    for odd in ({}, {"model.safetensors": 3}, {"model.safetensors": ["x"]}):
        sealed(tmp_path, files=odd)
        with pytest.raises(RunError, match="model.safetensors is damaged"):
            load(tmp_path)


def test_another_format_is_named(tmp_path):
    save(tmp_path, 1.0)
    sealed(tmp_path, format=2)
    with pytest.raises(
        RunError, match="reads format 1; use the version that wrote it, or train again$"
    ):
        load_record(tmp_path)


def test_an_edited_run_json_is_refused(tmp_path):
    save(tmp_path, 1.0)
    record = json.loads((tmp_path / "run.json").read_bytes())
    record["config"]["seed"] = 8
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(
        RunError, match="was edited: its values have another SHA-256 .*; train again$"
    ):
        load_record(tmp_path)


def test_a_wrong_value_with_a_right_checksum_is_named(tmp_path):
    save(tmp_path, 1.0)
    sealed(tmp_path, parameters="many")
    with pytest.raises(RunError, match="'parameters' is str, expected int; train again$"):
        load_record(tmp_path)


def test_what_is_no_folder_of_a_run_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        RunError, match="file is a file; name the folder of a run, such as runs/cnn"
    ):
        load_record(tmp_path / "file")
    with pytest.raises(RunError, match="there is no run in"):
        load_record(tmp_path / "a\0b")
    (tmp_path / "run.json").mkdir()
    with pytest.raises(RunError, match="run.json cannot be read: it is a folder; train again"):
        load_record(tmp_path)


def test_a_missing_run_says_which_command_makes_one(tmp_path):
    with pytest.raises(RunError, match=r"train --stage deep-cnn --out .*deep-cnn"):
        load_record(tmp_path / "deep-cnn")
    with pytest.raises(RunError, match=r"train --stage cnn --out .*mine"):
        load_record(tmp_path / "mine")


# Weights, optimisers, random numbers


def test_weights_of_a_network_are_put_into_another():
    first, second = build_network("cnn"), build_network("cnn")
    images = paddle.rand([2, 784])
    for network in (first, second):
        network.eval()
    assert not np.array_equal(first(images).numpy(), second(images).numpy())
    load_weights(second, weights_of(first))
    np.testing.assert_array_equal(first(images).numpy(), second(images).numpy())


def test_wrong_weights_are_refused_by_name():
    network = build_network("mlp")
    before = weights_of(network)
    other_name = {**before, "spare": np.zeros(3, np.float32)}
    other_shape = {**before, "output.bias": np.zeros(11, np.float32)}
    missing = {name: array for name, array in before.items() if name != "hidden.weight"}
    for weights, name in (
        (other_name, "spare"),
        (other_shape, "output.bias"),
        (missing, "hidden.weight"),
    ):
        with pytest.raises(RunError, match=f"another network; they differ in {name}$"):
            load_weights(network, weights)
    for name, array in weights_of(network).items():
        np.testing.assert_array_equal(array, before[name])
    twice_as_wide = {**before, "output.bias": np.zeros(10, np.float64)}
    with pytest.raises(RunError, match="the weights output.bias are float64; expected float32"):
        load_weights(network, twice_as_wide)
    odd = {"hidden.bias": np.nan, "output.bias": np.inf}
    useless = {name: np.full_like(array, odd.get(name, 1)) for name, array in before.items()}
    with pytest.raises(
        RunError,
        match="the weights hidden.bias, output.bias hold values that are not numbers, or infinite; "
        "train again",
    ):
        load_weights(network, useless)
    names_of_all = ", ".join(before)
    halves = {name: array.astype(np.float16) for name, array in before.items()}
    with pytest.raises(RunError, match=f"the weights {names_of_all} are float16; expected"):
        load_weights(network, halves)
    with pytest.raises(RunError, match=f"differ in {', '.join(sorted(before))}$"):
        load_weights(network, {})


def test_weights_in_16_bits_are_used_only_where_the_record_says_so(tmp_path):
    network = build_network("cnn")
    weights = weights_of(network)
    half = {
        name: array if name.endswith("_mean") else array.astype(np.float16)
        for name, array in weights.items()
    }
    save_run(tmp_path, RECORD, half, None)
    found = Run.load(tmp_path).model()
    with pytest.raises(RunError, match="are float16; expected float32"):
        load_weights(network, found)
    save_run(tmp_path, {**RECORD, "stored_as": "float16"}, half, None)
    found = Run.load(tmp_path).model()
    load_weights(network, found)
    for name, array in weights_of(network).items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, half[name].astype(np.float32))
    # Of other numbers nobody said that they may be taken for float32.
    odd = {"output.bias": np.zeros(10, np.float64)}
    save_run(tmp_path, {**RECORD, "stored_as": "float16"}, odd, None)
    found = Run.load(tmp_path).model()
    assert found["output.bias"].dtype == np.float64


def test_random_numbers_go_on_where_they_were():
    random = set_seed(3)
    random.random(5), paddle.rand([5])
    saved = json.loads(json.dumps(random_state(random)))
    expected = random.random(9), paddle.rand([9]).numpy()
    other = set_seed(4)
    other.random(2), paddle.rand([2])
    restore_random_state(other, saved)
    np.testing.assert_array_equal(other.random(9), expected[0])
    np.testing.assert_array_equal(paddle.rand([9]).numpy(), expected[1])


def one_life(steps: int, saved=None):
    """Build, load what is given, take some steps; return the weights and what would be saved."""
    with paddle.utils.unique_name.guard():  # in another process the names begin anew too
        paddle.seed(0)
        network = paddle.nn.Linear(3, 2)
        schedule = paddle.optimizer.lr.StepDecay(0.1, step_size=2, gamma=0.1)
        optimizer = paddle.optimizer.Adam(schedule, parameters=network.parameters())
        if saved:
            load_weights(network, saved[0])
            load_optimizer_state(optimizer, saved[1], json.loads(saved[2]))
        for _ in range(steps):
            (network(paddle.ones([2, 3])) ** 2).sum().backward()
            optimizer.step()
            optimizer.clear_grad()
            schedule.step()
        averages, schedule_state = optimizer_state(optimizer)
        return weights_of(network), averages, json.dumps(schedule_state)


def test_an_optimizer_goes_on_where_it_was():
    unbroken, resumed = one_life(5), one_life(2, saved=one_life(3))
    np.testing.assert_array_equal(resumed[0]["weight"], unbroken[0]["weight"])
    assert resumed[2] == unbroken[2]
    # With averages that begin anew it would have come out otherwise.
    weights, averages, schedule = one_life(3)
    anew = {name: np.zeros_like(array) for name, array in averages.items()}
    assert not np.array_equal(
        one_life(2, (weights, anew, schedule))[0]["weight"], unbroken[0]["weight"]
    )


def test_an_optimizer_that_has_lost_its_averages_does_not_begin_anew():
    weights, averages, schedule = one_life(3)
    lost = dict(list(averages.items())[1:])
    with pytest.raises(RunError, match="the optimiser's state is damaged.* same of each parameter"):
        one_life(1, (weights, lost, schedule))


def test_an_optimizer_without_a_schedule_has_no_state_of_one():
    with paddle.utils.unique_name.guard():
        network = paddle.nn.Linear(3, 2)
        optimizer = paddle.optimizer.SGD(0.1, parameters=network.parameters())
        averages, schedule = optimizer_state(optimizer)
        assert schedule == {}
        load_optimizer_state(optimizer, averages, schedule)
        assert optimizer.get_lr() == 0.1


def test_the_state_of_another_optimizer_is_refused_by_name():
    weights, averages, text = one_life(3)
    schedule = json.loads(text)
    for changed, told in (
        ({**averages, "a": np.zeros(7, np.float32)}, "'a', float32 [7]"),
        ({**averages, "a": np.zeros((7, 2), np.int64)}, "'a', int64 [7, 2]"),
    ):
        words = "the optimiser's state is damaged, or of another network: it holds "
        with pytest.raises(RunError, match=re.escape(f"{words}{told}; train again")):
            one_life(1, (weights, changed, text))
    for changed in ([], {}, {**schedule, "a": 1.0}, {**schedule, "last_lr": "x"}):
        words = f"the learning rate's state is damaged: {changed!a:.80}, expected numbers for "
        with pytest.raises(RunError, match=re.escape(f"{words}{', '.join(schedule)}; train again")):
            one_life(1, (weights, averages, json.dumps(changed)))
    one_life(0, (weights, averages, json.dumps({**schedule, "last_lr": None})))  # as not yet known
    with paddle.utils.unique_name.guard():
        optimizer = paddle.optimizer.SGD(0.1, parameters=paddle.nn.Linear(3, 2).parameters())
        with pytest.raises(RunError, match="expected numbers for nothing; train again"):
            load_optimizer_state(optimizer, {}, {"last_lr": 0.1})


def test_to_load_an_optimizer_takes_no_random_number():
    weights, averages, text = one_life(3)
    with paddle.utils.unique_name.guard():
        network = paddle.nn.Linear(3, 2)
        schedule = paddle.optimizer.lr.StepDecay(0.1, step_size=2, gamma=0.1)
        optimizer = paddle.optimizer.Adam(schedule, parameters=network.parameters())
        random = set_seed(3)
        before = random_state(random)
        load_weights(network, weights)
        load_optimizer_state(optimizer, averages, json.loads(text))
        assert random_state(random) == before
