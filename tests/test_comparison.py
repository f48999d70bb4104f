"""The comparison with other frameworks: what is made of the times, and how they are taken."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np
import pytest

from paddle_mnist.core.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def comparison(load_benchmark):
    return load_benchmark("comparison")


@pytest.fixture(scope="module")
def compare(load_benchmark):
    """A function: import one of the files in benchmarks/compare."""
    return lambda name: load_benchmark(f"compare.{name}")


def test_the_tables_are_those_that_were_measured(comparison):
    text = (comparison.FOLDER / comparison.PAGE).read_text(encoding="utf-8")
    for name, table in comparison.render(comparison.load_results()).items():
        begin, end = comparison.marks_of(name)
        assert text.partition(begin)[2].partition(end)[0].strip() == table


def test_a_ratio_is_that_of_neighbours_in_time(compare):
    # The machine was half as fast in the second round; the ratio of the medians would be 2.25.
    found = compare("ratios").ratios([3.0, 8.0, 3.0], [1.0, 4.0, 2.0])
    assert found == [3.0, 2.0, 1.5]
    assert compare("ratios").described(found) == "2.00 (1.50–3.00)"
    assert compare("ratios").described([2.0, 2.0]) == "2.00"


@pytest.mark.parametrize(("theirs", "ours"), [([1.0, 2.0], [1.0]), ([], [])])
def test_rounds_that_have_no_neighbours_are_refused(compare, theirs, ours):
    with pytest.raises(ValueError, match="rounds; expected as many, and at least 1"):
        compare("ratios").ratios(theirs, ours)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 1.0, 2.0])
def test_the_slope_is_the_exponent_of_a_power(compare, exponent):
    sizes = [1.0, 2.0, 5.0, 100.0]
    found = compare("ratios").slope(sizes, [7 * size**exponent for size in sizes])
    assert found == pytest.approx(exponent, abs=1e-12)


def test_the_slope_is_that_of_least_squares(compare):
    sizes, values = [1.0, 10.0, 100.0, 1000.0], [2.0, 3.0, 50.0, 60.0]
    expected = np.polyfit(np.log(sizes), np.log(values), 1)[0]
    assert compare("ratios").slope(sizes, values) == pytest.approx(expected)


def test_multiply_adds_are_those_counted_by_a_loop(compare):
    # A convolution 2×3 kernels wide over 2 maps of 4×5, written out as it is defined.
    count = 0
    for _channel_out in range(3):
        for row in range(4 - 2 + 1):
            for column in range(5 - 3 + 1):
                for _channel_in in range(2):
                    count += sum(
                        1 for _down in range(row, row + 2) for _right in range(column, column + 3)
                    )
    operations = compare("operations")
    assert operations.multiply_adds([3, 2, 2, 3], [1, 3, 3, 3]) == count == 324
    assert operations.multiply_adds([784, 512], [1, 512]) == 784 * 512
    assert operations.multiply_adds([784, 512], [128, 512]) == 128 * 784 * 512


# Multiply-adds of one image's forward pass: of the first layer, and of all the others.
BY_HAND = {
    "linear": (784, 0),
    "mlp": (784 * 512, 512 * 10),
    "cnn": (24 * 24 * 8 * 25, 8 * 8 * 32 * 25 * 8 + 512 * 128 + 128 * 10),
    "deep-cnn": (
        26 * 26 * 32 * 9,
        11 * 11 * 64 * 9 * 32 + 3 * 3 * 64 * 9 * 64 + 64 * 64 + 64 * 500 + 500 * 10,
    ),
    "dropout-cnn": (26 * 26 * 32 * 9, 24 * 24 * 64 * 9 * 32 + 9216 * 128 + 128 * 10),
    "tuned-cnn": (
        28 * 28 * 64 * 9,
        14 * 14 * 128 * 9 * 64 + 7 * 7 * 192 * 9 * 128 + 1728 * 256 + 256 * 10,
    ),
    "best": (
        24 * 24 * 24 * 25,
        12 * 12 * 48 * 9 * (24 + 48) + 6 * 6 * 96 * 9 * (48 + 96) + 864 * 10,
    ),
    "tiny": (
        24 * 24 * 8 * 25,
        12 * 12 * 9 * (14 * 8 + 16 * 14) + 4 * 4 * 24 * 9 * 16 + 96 * 10,
    ),
}


@pytest.mark.parametrize("stage", BY_HAND)
def test_the_operations_of_a_stage_are_those_counted_by_hand(compare, stage):
    import paddle

    from paddle_mnist.core.stages import build_network

    parts = compare("step_parts")
    network = build_network(stage)
    network.eval()
    products = parts.products_of(parts.calls_of(network, paddle.zeros([2, 784])))
    first, others = BY_HAND[stage]
    # Two images; a multiplication and an addition; the first layer passes no gradient on.
    assert compare("operations").training_operations(products) == 2 * 2 * (2 * first + 3 * others)


# The networks of the others


NETWORKS = ("mlp", "cnn", "deep-cnn", "dropout-cnn", "best")


@pytest.mark.parametrize("stage", NETWORKS)
def test_the_others_build_what_the_package_builds(compare, stage):
    networks = compare("networks")
    assert networks.read_network(stage) == networks.describe(stage)
    assert networks.STAGES == NETWORKS


@pytest.mark.parametrize("stage", NETWORKS)
def test_paddles_own_layers_give_the_same_outputs(compare, stage):
    import paddle

    from paddle_mnist.core.stages import build_network

    ours, theirs = build_network(stage), compare("with_paddle").build_network(stage)
    weights, places = ours.state_dict().values(), theirs.state_dict().values()
    assert sum(value.size for value in weights) == STAGES[stage].parameters
    assert [place.shape for place in places] == [value.shape for value in weights]
    for place, value in zip(places, weights):
        place.set_value(value)
    ours.eval(), theirs.eval()
    rows = paddle.rand([3, 784])
    found = theirs(rows.reshape([-1, 1, 28, 28])).numpy()
    np.testing.assert_allclose(found, ours(rows).numpy(), atol=1e-5)


class Calls(ModuleType):
    """Stands for a framework's module of layers, which need not be installed: each is its call."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments, **options):
            options = {key: value for key, value in options.items() if value not in (None, "valid")}
            return " ".join([name, *map(str, arguments), *(f"{k}={v}" for k, v in options.items())])

        return call


class Sequential:
    """Stands for theirs: layers by their names, which may hold others."""

    def __init__(self, layers=()):
        self.layers = dict(enumerate(layers))

    def add_module(self, name, layer):
        setattr(self, name, layer)
        self.layers[name] = layer

    def add(self, layer):
        self.layers[len(self.layers)] = layer

    def flat(self):
        for name, layer in self.layers.items():
            inner = layer.flat() if isinstance(layer, Sequential) else [("", layer)]
            yield from ((f"{name}.{end}".strip("."), call) for end, call in inner)


@pytest.fixture
def stand_in(compare, monkeypatch):
    """A function: import a file of benchmarks/compare though its framework is not there."""

    def load(name, framework, layers, others):
        module, inner = mock.MagicMock(__version__="0"), Calls(layers)
        inner.Sequential = module.Sequential = Sequential
        setattr(module, layers, inner)
        monkeypatch.setitem(sys.modules, framework, module)
        monkeypatch.setitem(sys.modules, f"{framework}.{layers}", inner)
        for other in others:
            monkeypatch.setitem(sys.modules, other, mock.MagicMock(__version__="0"))
        try:
            return compare(name)
        finally:
            del sys.modules[f"compare.{name}"]  # nobody else is to find what was made of stand-ins

    return load


@pytest.fixture
def with_torch(stand_in):
    return stand_in("with_torch", "torch", "nn", ("torch.nn.functional", "safetensors.torch"))


@pytest.mark.parametrize("stage", NETWORKS)
def test_layers_of_pytorch_have_the_names_of_the_weights(with_torch, stage):
    from paddle_mnist.core.stages import build_network

    found = dict(with_torch.build_network(stage).flat())
    products = {
        name for name, call in found.items() if call.startswith(("Conv", "Linear", "Batch"))
    }
    assert products == {name.rpartition(".")[0] for name in build_network(stage).state_dict()}


def test_pytorch_has_these_layers(with_torch):
    assert dict(with_torch.build_network("cnn").flat()) == {
        "features.0": "Conv2d 1 8 5 padding=0 bias=False",
        "features.1": "MaxPool2d 2",
        "features.2": "BatchNorm2d 8",
        "features.3": "ReLU",
        "features.4": "Conv2d 8 32 5 padding=0 bias=False",
        "features.5": "MaxPool2d 2",
        "features.6": "BatchNorm2d 32",
        "features.7": "ReLU",
        "classifier.0": "Flatten",
        "classifier.1": "Linear 512 128",
        "classifier.2": "ReLU",
        "classifier.3": "Linear 128 10",
    }
    calls = [call for _name, call in with_torch.build_network("dropout-cnn").flat()]
    assert calls[0] == "Conv2d 1 32 3 padding=0 bias=True"
    assert [call for call in calls if "Dropout" in call] == ["Dropout 0.25", "Dropout 0.5"]


def test_keras_has_these_layers(stand_in):
    keras = stand_in("with_keras", "keras", "layers", ("tensorflow",))
    _images, *found = (call for _name, call in keras.build_network("cnn").flat())
    assert found == [
        "Conv2D 8 5 use_bias=False",
        "MaxPooling2D",
        "BatchNormalization",
        "ReLU",
        "Conv2D 32 5 use_bias=False",
        "MaxPooling2D",
        "BatchNormalization",
        "ReLU",
        "Flatten",
        "Dense 128 activation=relu",
        "Dense 10",
    ]
    _images, *found = (call for _name, call in keras.build_network("dropout-cnn").flat())
    assert found == [
        "Conv2D 32 3 activation=relu use_bias=True",
        "Conv2D 64 3 activation=relu use_bias=True",
        "MaxPooling2D",
        "Dropout 0.25",
        "Flatten",
        "Dense 128 activation=relu",
        "Dropout 0.5",
        "Dense 10",
    ]


def test_a_process_starts_without_settings_that_favour_one(compare, monkeypatch):
    for name in ("MKL_DEBUG_CPU_TYPE", "OMP_NUM_THREADS", "FLAGS_use_onednn", "TF_NUM"):
        monkeypatch.setenv(name, "5")
    monkeypatch.setenv("PADDLE_MNIST_DATA", "here")
    found = compare("contest").clean_environment({"MKL_NUM_THREADS": "1"})
    assert found["PADDLE_MNIST_DATA"] == "here"
    assert [name for name in found if name.startswith(("MKL_", "OMP_", "FLAGS_", "TF_"))] == [
        "MKL_NUM_THREADS"
    ]
    assert os.environ["MKL_DEBUG_CPU_TYPE"] == "5"


FRAMEWORK = '''
import os, sys, time
print("what a library prints")
VERSION = "Framework 1"

def wait(seconds, worse=0.0, fail=False):
    """Each call is logged; the process tells itself from others by its number."""
    def action():
        if fail:
            raise RuntimeError("out of luck")
        print("and prints again")
        time.sleep(seconds + worse)
        with open(os.environ["LOG"], "a") as log:
            log.write(f"{seconds:g} ")
        return {"process": os.getpid()}
    return action
'''


@pytest.fixture
def contest(compare, tmp_path, monkeypatch):
    """The module, with a framework `compare.framework` in each new process, which only waits."""
    module = compare("contest")
    folder = tmp_path / "benchmarks" / "compare"
    folder.mkdir(parents=True)
    (folder / "framework.py").write_text(FRAMEWORK)
    worker = ROOT / "benchmarks" / "compare" / "worker.py"
    (folder / "worker.py").write_text(worker.read_text())
    monkeypatch.setattr(module, "BENCHMARKS", folder.parent)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return module


PYTHON = Path(sys.executable)


def test_contestants_take_turns_after_a_round_that_does_not_count(contest, tmp_path):
    entries = [
        contest.Entry(contest.Contestant(name, "framework", False), "wait", {"seconds": seconds})
        for name, seconds in (("a", 0.01), ("b", 0.02))
    ]
    entries = [contest.with_first_settings(entry) for entry in entries]
    found = contest.take_turns(entries, 2, PYTHON)
    assert (tmp_path / "log").read_text().split() == 3 * ["0.01", "0.02"]
    assert len(found["a"]["seconds"]) == len(found["b"]["seconds"]) == 2
    assert min(found["a"]["seconds"]) >= 0.01
    assert min(found["b"]["seconds"]) >= 0.02
    assert found["a"]["version"] == "Framework 1"
    assert found["a"]["peak"] > 1


def test_the_quickest_settings_are_found(contest):
    variants = tuple({"worse": worse} for worse in (0.3, 0.0, 0.2))
    contestant = contest.Contestant("a", "framework", False, variants)
    entry = contest.Entry(contestant, "wait", {"seconds": 0.01})
    assert contest.with_quickest_settings(entry, PYTHON).settings == {"worse": 0.0}


def test_each_single_run_has_a_process_of_its_own(contest):
    entry = contest.Entry(contest.Contestant("a", "framework", False), "wait", {"seconds": 0.0})
    first, second = (contest.run_once(entry, PYTHON) for _ in range(2))
    assert first["process"] != second["process"]
    assert first["start_seconds"] > 0


def test_what_went_wrong_in_a_process_is_said(contest):
    arguments = {"seconds": 0.0, "fail": True}
    entry = contest.Entry(contest.Contestant("a", "framework", False), "wait", arguments)
    with pytest.raises(SystemExit, match=r"(?s)a, wait failed:.*out of luck"):
        contest.run_once(entry, PYTHON)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has this file")
def test_a_process_is_not_charged_with_the_memory_of_the_one_that_started_it(contest):
    ballast = np.ones(30_000_000)  # 229 MiB
    entry = contest.Entry(contest.Contestant("a", "framework", False), "wait", {"seconds": 0.0})
    assert contest.run_once(entry, PYTHON)["peak"] < 150
    assert ballast.all()


def test_a_goal_is_reached_from_above_for_ratios_and_from_below_for_all_others(compare):
    line = compare("goals").Line
    assert line("", "", [0.9, 1.0, 1.1], 1).reached
    assert not line("", "", [0.9, 0.9, 1.1], 1).reached
    assert line("", "", [2.9], 3, "ms").reached
    assert not line("", "", [3.1], 3, "ms").reached
    assert line("", "", [0.1], None).reached
    assert line("", "", [0.5], 2).cells[4] == "**no**: short by a factor of 4.00"
    assert line("", "", [4.0], 3, "ms").cells[4] == "**no**: 1.00 above the goal"


def test_time_to_99_is_that_of_the_quickest_recipe_that_gets_there(compare):
    def runs(seconds, *accuracies):
        return [{"training_seconds": seconds, "accuracy": accuracy} for accuracy in accuracies]

    ours = {
        "slow": runs(9.0, 0.992, 0.992),
        "quick": runs(5.0, 0.989, 0.992),
        "quicker, and not enough": runs(2.0, 0.988, 0.991),
    }
    assert compare("goals").quickest_to_99(ours) == "quick"
    del ours["slow"], ours["quick"]
    assert compare("goals").quickest_to_99(ours) == "quicker, and not enough"


def test_every_section_has_its_place_on_the_page(comparison):
    page = (comparison.FOLDER / comparison.PAGE).read_text(encoding="utf-8")
    for name in comparison.render({}):
        for mark in comparison.marks_of(name):
            assert page.count(mark) == 1


def test_a_section_is_kept_beside_the_others(comparison, tmp_path):
    comparison.save_section(tmp_path, "linear", {"a": 1})
    comparison.save_section(tmp_path, "limit", {"b": 2})
    comparison.save_section(tmp_path, "linear", {"a": 3})
    saved = json.loads((tmp_path / comparison.RESULTS).read_text(encoding="utf-8"))
    assert (saved["linear"], saved["limit"]) == ({"a": 3}, {"b": 2})


def test_without_the_peers_nothing_is_measured(comparison, tmp_path):
    with pytest.raises(SystemExit, match="make peers"):
        comparison.measure(["linear"], tmp_path, tmp_path / "python", None)


def test_each_stage_has_operations_counted_by_hand():
    assert set(BY_HAND) == set(STAGES)


def test_every_peer_has_a_lower_bound():
    lines = (ROOT / "benchmarks" / "peers.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if not line.startswith(("#", "-"))]
    assert packages
    assert all(re.fullmatch(r"[a-z-]+ >= [\d.]+", line) for line in packages)


def test_a_step_at_the_peak_would_take_its_share(compare):
    row = {
        "step_seconds": [0.2],
        "product_seconds": [1.0],
        "product_operations": 1000,
        "operations": 100,
        "parts": {"forward": 0.05, "backward": 0.1},
        "kinds": {"convolutions": 0.12},
    }
    # 100 of 1000 operations in a second would take 0.1 s of the step's 0.2.
    assert compare("page").what_holds_it_back(row) == (
        "backward 50%, forward 25%. Its layers, each alone, forward and backward: "
        "convolutions 60%. At the peak, the products would take 50%."
    )


def turn(seconds, peak=100.0, version="PyTorch 9"):
    return {"seconds": seconds, "peak": peak, "settings": {"threads": 2}, "version": version}


def whole_training(seconds, accuracy):
    return {"training_seconds": seconds, "start_seconds": 2.0, "accuracy": accuracy}


def points(*values):
    return [{"size": size, "seconds": value, "peak": 50.0} for size, value in values]


RESULTS = {
    "machine": "a slide rule",
    "ninety_nine": {
        "ours": {"cnn": [whole_training(4.0, 0.991)] * 2},
        "torch": [whole_training(8.0, 0.9898)] * 2,
        "keras_epochs": [12.0, 12.0],
    },
    "linear": {"paddle_mnist": turn([1.0]), "Paddle's defaults": turn([8.0])},
    "training": {
        "deep-cnn": {
            "paddle_mnist": turn([3.0]),
            "Paddle's defaults": turn([9.0]),
            "PyTorch": turn([1.5]),
            "Keras": turn([2.4], version="Keras 8"),
        }
    },
    "evaluating": {
        "best": {
            "paddle_mnist": turn([1.0], 100.0),
            "PyTorch": turn([0.8], 150.0),
            "onnxruntime": turn([0.5], 80.0),
        }
    },
    "picture": {
        "start": {"paddle_mnist": {"seconds": [2.0]}, "PyTorch": {"seconds": [3.0]}},
        "read_pictures": {"paddle_mnist": turn([0.02]), "PyTorch": turn([0.01])},
        "read_prepared": {"paddle_mnist": turn([0.002]), "PyTorch": turn([0.001])},
    },
    "memory": {
        "cnn": {"paddle_mnist": turn([], 400.0), "PyTorch": turn([], 300.0)},
    },
    "growth": {
        "mlp": {
            "images": points((1, 2.0), (10, 20.0)),
            "batch size": points((1, 2.0), (10, 200.0)),
            "threads": points((1, 2.0), (2, 2.0)),
        }
    },
}


def test_the_page_says_of_each_goal_by_how_much_it_is_missed(comparison):
    texts = comparison.render(RESULTS)
    rows = [line.strip("| ").split(" | ") for line in texts["goals"].splitlines()[4:]]
    found = {(row[0], row[1]): (row[3], row[4]) for row in rows}
    missed = "**no**: short by a factor of {}"
    fast = "PyTorch, `train_mnist_fast`"
    assert found == {
        ("training to 99.0% (`cnn`)", fast): ("2.00×", "yes"),
        ("the same, with the start of the process", fast): ("1.67×", "yes"),
        ("training to 99.0% (`cnn`)", "Keras' three-block CNN, 10 epochs"): ("30.00×", "yes"),
        (
            "one epoch of `linear`, batch 16, from the files on",
            "the course's own loop, Paddle's defaults",
        ): ("8.00×", "yes"),
        ("one epoch of `deep-cnn`", "PyTorch"): ("0.50×", missed.format("1.33")),
        ("one epoch of `deep-cnn`", "Keras"): ("0.80×", "yes"),
        ("one epoch of `deep-cnn`", "Paddle's defaults"): ("3.00×", "yes"),
        ("evaluating with `best`", "PyTorch, eager"): ("0.80×", missed.format("1.25")),
        ("evaluating with `best`", "onnxruntime"): ("0.50×", "—"),
        ("one picture, cold start", "PyTorch"): ("1.50×", "yes"),
        ("each further picture file", "a fixed time"): ("20.00 ms", "**no**: 17.00 above the goal"),
        ("a prepared image", "a fixed time"): ("2.00 ms", "yes"),
        ("peak memory, an epoch of `cnn`", "PyTorch"): ("0.75×", missed.format("1.33")),
        ("peak memory, evaluating `best`", "PyTorch"): ("1.50×", "yes"),
        ("peak memory, evaluating `best`", "onnxruntime"): ("0.80×", missed.format("1.25")),
    }
    assert "against Keras 8, PyTorch 9. 9 of 14 goals are reached." in texts["goals"]
    assert texts["limit"] == "Not measured yet: limit."


def test_the_growth_that_is_worse_than_linear_is_named(comparison):
    rows = comparison.render(RESULTS)["growth"].splitlines()
    assert "| time of `mlp` against images | 1 to 10 | 1.00 | ≤ 1.05 | yes |" in rows
    assert any(
        row.startswith("| time of `mlp` against batch size | 1 to 10 | 2.00 | ≤ 1.05 | **no**")
        for row in rows
    )
    assert "| time of `mlp` against threads | 1 to 2 | 0.00 | ≤ 0.05 | yes |" in rows
