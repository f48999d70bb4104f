"""`.pdparams` files: what Paddle writes is read, and nothing that a file names is ever called."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
import pickletools
import random
import struct
import time
import tracemalloc

import numpy as np
import paddle
import pytest

from paddle_mnist.formats import pdparams
from paddle_mnist.formats.pdparams import read_pdparams, write_pdparams
from paddle_mnist.runs.state import weights_of
from paddle_mnist.system.errors import RunError

PROTOCOLS = (2, 3, 4)


@pytest.fixture
def read(tmp_path):
    """A function: read these bytes as a file."""

    def read_bytes(content: bytes):
        path = tmp_path / "weights.pdparams"
        path.unlink(missing_ok=True)  # some file systems wait for the disk to overwrite a file
        path.write_bytes(content)
        return read_pdparams(path)

    return read_bytes


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def name_of_stack(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def entry(value: bytes) -> bytes:
    """A pickle of {"weight": value}."""
    return b"\x80\x04}" + text("weight") + value + b"s."


def int32(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def new_array(
    module: str = "numpy.core.multiarray", made_of: bytes = name("numpy", "ndarray")
) -> bytes:
    return name(module, "_reconstruct") + made_of + int32(0) + b"\x85" + text("b") + b"\x87R"


def array(
    shape: bytes = int32(2) + b"\x85",
    content: bytes = b"B" + struct.pack("<I", 8) + bytes(8),
    kind: str = "f4",
    module: str = "numpy.core.multiarray",
    made_of: bytes = name("numpy", "ndarray"),
) -> bytes:
    """The steps that build an array, by hand, as NumPy writes them."""
    start = new_array(module, made_of)
    order = b"(" + int32(3) + text("<") + b"NNN" + int32(-1) + int32(-1) + int32(0) + b"tb"
    data_type = name("numpy", "dtype") + text(kind) + b"\x89\x88\x87R" + order
    return start + b"(" + int32(1) + shape + data_type + b"\x89" + content + b"tb"


# What Paddle writes


def some_network() -> paddle.nn.Layer:
    return paddle.nn.Sequential(
        paddle.nn.Conv2D(1, 2, 3), paddle.nn.BatchNorm2D(2), paddle.nn.Linear(4, 3)
    )


def assert_same(found, expected):
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key].dtype == value.dtype
        assert found[key].shape == value.shape
        np.testing.assert_array_equal(found[key], value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_paddle_saves_is_read(tmp_path, protocol):
    network = some_network()
    paddle.save(network.state_dict(), str(tmp_path / "n.pdparams"), protocol=protocol)
    assert_same(read_pdparams(tmp_path / "n.pdparams"), weights_of(network))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_with_their_names_are_read(read, protocol):
    # Paddle 2.1 and later write a tensor as (name, array) where it is not in a plain state_dict.
    weights = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, np.float64)}
    named = {key: (f"linear_0.{key}_0", value) for key, value in weights.items()}
    assert_same(read(pickle.dumps(named, protocol)), weights)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_of_all_kinds_of_numbers_are_read(read, protocol):
    arrays = {
        kind: np.arange(6).astype(kind).reshape(2, 3)
        for kind in ("bool", "int8", "int64", "uint8", "uint16", "float16", "float64", ">f4", ">i8")
    }
    arrays["fortran"] = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    arrays["no dimension"] = np.array(3.5, np.float32)
    if protocol > 2:  # which has its own way to say "no bytes"; no network has such a weight
        arrays["empty"] = np.zeros((0, 3), np.float32)
    found = read(pickle.dumps(arrays, protocol))
    for key, value in arrays.items():
        np.testing.assert_array_equal(found[key], value)
        assert found[key].dtype == value.dtype.newbyteorder("=")
        assert found[key].shape == value.shape


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_both_names_of_numpys_function_are_known(read, module):
    content = entry(array(module=module))
    assert_same(read(content), {"weight": np.zeros(2, np.float32)})
    if importlib.util.find_spec(module.rpartition(".")[0]):  # NumPy 1.26 knows only the older one
        assert_same(read(content), pickle.loads(content))  # an independent reader agrees


def test_two_names_may_share_one_array(read):
    shared = np.arange(10_000, dtype=">f4")
    found = read(pickle.dumps({"encoder.weight": shared, "decoder.weight": shared}, 4))
    assert_same(found, dict.fromkeys(("encoder.weight", "decoder.weight"), shared.astype("f4")))


def test_what_is_written_is_what_paddle_loads(tmp_path):
    path = tmp_path / "n.pdparams"
    network, other = some_network(), some_network()
    weights = weights_of(network)
    write_pdparams(path, weights)
    other.set_state_dict(paddle.load(str(path)))
    assert_same(weights_of(other), weights)
    assert_same(read_pdparams(path), weights)
    assert b"numpy._core" not in path.read_bytes()  # which no NumPy before 1.26 knows
    first = path.read_bytes()
    write_pdparams(path, weights)
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError, match="n.pdparams cannot be written"):
        write_pdparams(tmp_path / "file" / "n.pdparams", {"a": np.zeros(3, np.float32)})


# Names

OTHERS = {
    "os": "system popen execv remove",
    "posix": "system",
    "nt": "system",
    "pty": "spawn",
    "subprocess": "Popen check_output",
    "shutil": "rmtree",
    "builtins": "eval exec compile open getattr setattr __import__ dict type map",
    "__builtin__": "eval",
    "importlib": "import_module reload",
    "runpy": "run_path",
    "code": "interact",
    "pickle": "loads",
    "_pickle": "loads",
    "marshal": "loads",
    "types": "CodeType FunctionType",
    "functools": "partial reduce",
    "operator": "attrgetter methodcaller",
    "itertools": "starmap",
    "codecs": "encode open",
    "copyreg": "_reconstructor __newobj__",
    "ctypes": "CDLL",
    "socket": "socket",
    "webbrowser": "open",
    "numpy": "load fromfile memmap",
    "numpy.core.multiarray": "scalar",
    "numpy.core._multiarray_umath": "_reconstruct",
    "numpy.lib.npyio": "NpzFile",
    "numpy.testing._private.utils": "runstring",
    "numpy.ndarray": "__reduce__",
    "paddle": "load Tensor",
}
REFUSED = [f"{module}.{last}" for module, names in OTHERS.items() for last in names.split(" ")]
ODD = {
    "a part of something known": ("numpy.core.multiarray", "scalar.__class__"),
    "a part of the known": ("numpy.core.multiarray", "_reconstruct.__class__"),
    "globals of the known": ("numpy", "dtype.__init_subclass__"),
    "all in one": ("", "numpy ndarray"),
    "no name": ("numpy", ""),
    "no module": ("", "ndarray"),
    "another case": ("Numpy", "ndarray"),
    "a space": ("numpy ", "ndarray"),
    "a line": ("numpy", "ndarray\n"),
    "the letters of another alphabet": ("numpy", "ndаrray"),  # the first a is Cyrillic
    "long": ("numpy", "n" * 100_000),
}


@pytest.mark.promise(row=2)
def test_a_name_that_weights_do_not_need_is_refused(read, figure):
    for full_name in REFUSED:
        module, _, attribute = full_name.rpartition(".")
        for form in (name, name_of_stack):
            for use in (b")R", b")\x81", b"N\x85R", b"}b", b""):
                with pytest.raises(
                    RunError, match="refused, and nothing that it names was called"
                ) as e:
                    read(entry(form(module, attribute) + use))
                assert f"it names '{full_name}'" in str(e.value)
    assert len(set(REFUSED)) >= 50
    figure("{} other names in .pdparams files refused", len(set(REFUSED)))


@pytest.mark.parametrize("case", ODD)
def test_an_odd_name_is_refused(read, case):
    with pytest.raises(RunError, match="it names '") as error:
        read(entry(name_of_stack(*ODD[case]) + b")R"))
    assert len(str(error.value)) < 600


def test_a_name_has_to_be_text(read):
    for parts in (int32(1) + text("x"), text("numpy") + b"N", b")]", b"}}", b"NN"):
        with pytest.raises(RunError, match="is damaged"):
            read(entry(parts + b"\x93"))


@pytest.mark.promise(row=2)
def test_exactly_three_names_of_numpy_pass(figure):
    modules = {"numpy.core.multiarray": "numpy", "numpy._core.multiarray": "numpy"}
    known = set(pdparams._NAMES)
    numpy = {last for module, last in known if modules.get(module, module) == "numpy"}
    others = {(module, last) for module, last in known if not module.startswith("numpy")}
    assert numpy == {"_reconstruct", "ndarray", "dtype"}
    assert others == {
        ("builtins", "tuple"),
        ("__builtin__", "tuple"),
        ("collections", "OrderedDict"),
        ("_codecs", "encode"),
    }
    figure("{} names of NumPy in .pdparams files known", len(numpy))


@pytest.mark.promise(row=2, control=True)
def test_without_the_list_every_name_passes(read, figure, monkeypatch):
    split = [full_name.rpartition(".") for full_name in REFUSED]
    everything = {(module, attribute): dict for module, _, attribute in split}
    monkeypatch.setattr(pdparams, "_NAMES", {**pdparams._NAMES, **everything})
    for full_name in REFUSED:
        module, _, attribute = full_name.rpartition(".")
        with pytest.raises(RunError, match="is dict, expected an array"):
            read(entry(name(module, attribute) + b")R"))
    figure("without the list of names: {} of them pass", len(set(REFUSED)))


MISUSED = {
    "another type of array": (
        array(made_of=name("numpy", "dtype")),
        "an array that is not a numpy.ndarray",
    ),
    "a type by text": (array(made_of=text("numpy ndarray")), "not a numpy.ndarray"),
    "ndarray called": (name("numpy", "ndarray") + b")R", "is damaged"),
    "a text called": (text("numpy ndarray") + b")R", "is damaged"),
    "called with a list": (name("numpy", "dtype") + b"]R", "calls something in an unknown way"),
    "the state of a tuple": (b")}b", "the inner state of something that is not an array"),
    "the state of a name": (name("numpy", "dtype") + b"}b", "the inner state of something"),
    "the state of a function": (
        name("_codecs", "encode") + b"N}" + text("__defaults__") + b")s\x86b",
        "the inner state of something",
    ),
    "called with a text": (
        name("numpy", "dtype") + text("f4") + b"R",
        "calls something in an unknown way",
    ),
    "another encoding": (
        name("_codecs", "encode") + text("print(1)") + text("rot13") + b"\x86R",
        "only latin1 is known",
    ),
    "bytes encoded": (
        name("_codecs", "encode") + b"C\x01a" + text("latin1") + b"\x86R",
        "bytes in an unknown way",
    ),
    "a filled OrderedDict": (
        name("collections", "OrderedDict") + b"])\x86R",
        "is damaged",
    ),
    "a tuple of a text": (
        name("builtins", "tuple") + text("abc") + b"\x85R",
        "a tuple in an unknown way",
    ),
    "a tuple of two": (name("builtins", "tuple") + b"))\x86R", "is damaged"),
    **{
        f"numbers of kind {kind}": (array(kind=kind), f"numbers of the kind '{kind}'")
        for kind in ("O8", "O", "V4", "S4", "U1", "M8", "m8", "c8", "f16", "f4,O8", "")
    },
    "numbers of a kind that is a text": (
        new_array()
        + b"("
        + int32(1)
        + int32(2)
        + b"\x85"
        + text("f4")
        + b"\x89C\x08"
        + bytes(8)
        + b"tb",
        "something other than plain numbers",
    ),
    "an unknown order of bytes": (array().replace(text("<"), text("L")), "is damaged"),
    "content that is a list": (array(content=b"]"), "something other than plain numbers"),
    "a shape that is a list": (array(shape=b"]"), "is damaged"),
    "a shape of text": (array(shape=text("a") + b"\x85"), "is damaged"),
    "a shape of truth": (array(shape=b"\x88\x88\x86"), "is damaged"),
    "a negative shape": (array(shape=int32(-2) + b"\x85"), "is damaged"),
    "an open length": (array(shape=int32(-1) + b"\x85"), "is damaged"),
    "a hundred dimensions": (array(shape=b"(" + int32(1) * 100 + b"t"), "is damaged"),
    "too little content": (array(shape=int32(3) + b"\x85"), "is damaged"),
    "an array without content": (
        array()[: array().index(b"(")],
        "is damaged",
    ),
    "a number": (int32(1), "'weight' is int, expected an array"),
    "a state_dict in something": (b"}" + text("a") + array() + b"s", "is dict, expected an array"),
}


@pytest.mark.parametrize("case", MISUSED)
def test_what_the_known_names_may_not_do_is_refused(read, case):
    steps, expected = MISUSED[case]
    with pytest.raises(RunError) as error:
        read(entry(steps))
    assert expected in str(error.value)


# Steps


@pytest.mark.parametrize(
    "opcode",
    [code for code in pickletools.opcodes if code.name not in {*pdparams._STEPS, "STOP"}],
    ids=lambda code: code.name,
)
def test_all_other_steps_are_refused(read, opcode):
    code = opcode.code.encode("latin1")
    for before in (b"", b"]", b"(N", name("numpy", "ndarray") + b")"):
        with pytest.raises(RunError, match=f"it holds {opcode.name}, which"):
            read(b"\x80\x04" + before + code + b"1\n1\n" + bytes(20) + b".")


def test_classes_extensions_and_outside_references_are_among_them():
    needed = {"PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"}
    assert not needed & set(pdparams._STEPS)


def tuples_of_tuples() -> bytes:
    # Each holds the last one twice: 2**500 members for whoever walks through them.
    return (
        b")"
        + b"\x94h\x00\x86"
        + b"".join(b"\x94" + b"h" + bytes([number % 250 + 1]) + b"\x86" for number in range(200))
    )


def used_again_and_again(value: bytes, content: bytes) -> bytes:
    # The arrays of 80 kB are a thousand; the first entry's name is written by `entry`.
    large = array(shape=int32(20_000) + b"\x85", content=content)
    others = b"".join(text(str(number)) + large for number in range(999))
    first = array(shape=int32(20_000) + b"\x85", content=value + b"\x94")
    return first + b"s(" + others + b"u" + text("last") + large


BOMBS = {
    "a shape far too large": (array(shape=b"\x8a\x051234\x00\x85"), "is damaged"),
    "lengths that multiply": (
        array(shape=int32(400_000_000) * 3 + b"\x87"),
        "is damaged",
    ),
    "bytes that are not there": (b"\x8e" + struct.pack("<Q", 2**62), "damaged"),
    "text that is not there": (b"\x8d" + struct.pack("<Q", 2**50), "damaged"),
    "a far place in the memory": (b"Nr" + struct.pack("<I", 2**32 - 1), "expected an array"),
    "tuples of tuples": (tuples_of_tuples(), "is tuple, expected an array"),
    "a tuple of tuples as a name": (
        b"}" + tuples_of_tuples() + b"Ns",
        "whose name is not a text",
    ),
    "a deep tuple as a name": (b"}" + b")" + b"\x85" * 90_000 + b"Ns", "whose name is not a text"),
    "deep tuples as names": (
        b"}(" + b")" + b"\x85" * 90_000 + b"Nu",
        "whose name is not a text",
    ),
    "itself in a list": (b"]\x94h\x00a", "is list, expected an array"),
    "itself in a dict": (b"}\x94" + text("a") + b"h\x00s", "is dict, expected an array"),
    "deep": (b"]" * 90_000 + b"a" * 89_999, "is list, expected an array"),
    "deep tuples": (b")" + b"\x85" * 90_000, "is tuple, expected an array"),
    "many steps": (b"N" * 200_001, "more than 200,000 steps"),
    "many marks": (b"(" * 200_001, "more than 200,000 steps"),
    "text that is encoded again and again": (
        used_again_and_again(
            name("_codecs", "encode") + text("x" * 80_000) + b"\x94" + text("latin1") + b"\x86R",
            name("_codecs", "encode") + b"h\x00" + text("latin1") + b"\x86R",
        ),
        "more numbers than it holds",
    ),
    "content that is used again and again": (
        used_again_and_again(b"B" + struct.pack("<I", 80_000) + bytes(80_000), b"h\x00"),
        "more numbers than it holds",
    ),
    "a text with a million letters as arguments": (
        name("numpy", "dtype") + text("x" * 400_000) + b"R",
        "calls something in an unknown way",
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_small_file_takes_neither_time_nor_memory(read, case):
    steps, expected = BOMBS[case]
    content = entry(steps)
    assert len(content) < 500_000
    tracemalloc.start()
    try:
        begin = time.process_time()
        with pytest.raises(RunError, match=expected):
            read(content)
        seconds = time.process_time() - begin
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000
    assert seconds < 5  # being traced makes it some times slower


# Files


def test_a_file_that_is_too_large_is_not_read_into_memory(tmp_path):
    path = tmp_path / "large.pdparams"
    with open(path, "wb") as file:
        file.truncate(500_000_001)  # takes no room on the disk
    tracemalloc.start()
    try:
        with pytest.raises(RunError, match="more than 500 MB"):
            read_pdparams(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


OTHER_FILES = {
    "empty": (b"", "is not a .pdparams file"),
    "text": (b"hello", "is not a .pdparams file"),
    "json": (json.dumps({"weight": [1.0]}).encode(), "is not a .pdparams file"),
    "zip": (b"PK\x03\x04" + bytes(100), "is not a .pdparams file"),
    "protocol 0": (pickle.dumps({"a": 1}, 0), "is not a .pdparams file"),
    "only its beginning": (b"\x80", "damaged"),
    "no end": (b"\x80\x04}", "damaged or cut off"),
    "more behind its end": (entry(array()) + b"N.", "left over"),
    "two values": (b"\x80\x04}}.", "left over"),
    "nothing on the stack": (b"\x80\x04.", "damaged"),
    "no value": (b"\x80\x04(.", "damaged"),
    "an unknown step": (b"\x80\x04\xff.", "holds an unknown step"),
    "a list": (pickle.dumps([np.zeros(2)], 4), "it holds list, expected named weights"),
    "an array": (pickle.dumps(np.zeros(2), 4), "it holds array, expected named weights"),
    "no weights": (pickle.dumps({}, 4), "holds no weights"),
    "only names": (pickle.dumps({pdparams.NAME_TABLE: {"a": "b"}}, 4), "holds no weights"),
    "numbered": (pickle.dumps({1: np.zeros(2)}, 4), "whose name is not a text"),
    "half an entry": (b"\x80\x04}(" + text("a") + b"u.", "damaged"),
    "never remembered": (entry(b"h\x07"), "damaged"),
}


@pytest.mark.parametrize("case", OTHER_FILES)
def test_other_files_are_refused(read, case):
    content, expected = OTHER_FILES[case]
    with pytest.raises(RunError) as error:
        read(content)
    assert expected in str(error.value)
    assert "weights.pdparams" in str(error.value)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(RunError, match="there is no such file"):
        read_pdparams(tmp_path / "missing.pdparams")
    with pytest.raises(RunError, match="it is a folder"):
        read_pdparams(tmp_path)
    with pytest.raises(RunError, match="cannot be read"):
        read_pdparams("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RunError, match="not an ordinary file"):
        read_pdparams(tmp_path / "pipe")


def originals() -> list[bytes]:
    """Real files: small weights in each protocol, plain and as tensors with names."""
    weights = {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(3, np.float32)}
    named = {key: (f"linear_0.{key}", value) for key, value in weights.items()}
    files = [pickle.dumps(named, protocol) for protocol in PROTOCOLS]
    for protocol in PROTOCOLS:
        file = io.BytesIO()
        tensors = {key: paddle.to_tensor(value) for key, value in weights.items()}
        paddle.save(tensors, file, protocol=protocol)
        files.append(file.getvalue())
    return files


OPCODES = [code.code.encode("latin1") for code in pickletools.opcodes]


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Change, cut, double or put in some bytes at random."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        start, length = chance.randrange(len(changed) + 1), chance.randint(1, 8)
        kind = chance.randrange(5)
        if kind == 0:
            changed[start : start + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del changed[start : start + length]
        elif kind == 2:
            changed[start:start] = changed[start : start + length]
        elif kind == 3:
            changed[start : start + 1] = chance.choice(OPCODES)
        else:
            changed[start : start + 4] = b"\xff" * 4
    return bytes(changed)


@pytest.mark.promise(row=4)
def test_damaged_files_give_weights_or_our_own_error(read, trials, figure):
    files, chance, count = originals(), random.Random(0), trials(600, 10_000)
    slowest, refused = 0.0, 0
    for number in range(count):
        content = mutate(files[number % len(files)], chance)
        begin = time.process_time()
        try:
            found = read(content)
        except RunError:
            refused += 1
        else:
            assert all(value.dtype.kind in "biuf" for value in found.values())
        slowest = max(slowest, time.process_time() - begin)
    assert slowest < 1
    assert (
        count / 2 < refused < count
    )  # most damage is seen; some falls into the numbers themselves
    figure("{} damaged .pdparams files, {} other exceptions", count, 0)
