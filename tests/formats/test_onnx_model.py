"""ONNX: the same outputs as the network, a graph that people can read, clear errors without it."""

from __future__ import annotations

import os
import sys

import numpy as np
import paddle
import pytest

from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.formats.onnx_model import _tidy, onnx_outputs, write_onnx
from paddle_mnist.system.errors import RunError, UsageError

HAS_PADDLE2ONNX = sys.version_info < (3, 13)
needs_paddle2onnx = pytest.mark.skipif(
    not HAS_PADDLE2ONNX, reason="paddle2onnx does not exist for this version of Python"
)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).random((7, 784), dtype=np.float32)


def used_network(stage: str) -> paddle.nn.Layer:
    """A network whose running averages are no longer those of the start."""
    network = build_network(stage)
    random = np.random.default_rng(1)
    for name, tensor in network.state_dict().items():
        if name.endswith(("_mean", "_variance", "bias")):
            tensor.set_value(random.uniform(0.5, 1.5, tensor.shape).astype(np.float32))
    return network


def outputs_of(network: paddle.nn.Layer, rows: np.ndarray) -> np.ndarray:
    network.eval()
    with paddle.no_grad():
        return network(paddle.to_tensor(rows)).numpy()


@needs_paddle2onnx
@pytest.mark.parametrize("stage", STAGES)
def test_it_computes_what_the_network_does(tmp_path, rows, stage):
    network = used_network(stage)  # in training mode: with dropout, it would be another result
    write_onnx(network, tmp_path / "model.onnx", {})
    expected = outputs_of(network, rows)
    for count in (7, 1):
        found = onnx_outputs(tmp_path / "model.onnx", rows[:count])
        assert found.shape == expected[:count].shape
        np.testing.assert_allclose(found, expected[:count], rtol=1e-5, atol=1e-5)


@needs_paddle2onnx
def test_large_sets_are_computed_in_parts(tmp_path):
    rows = np.random.default_rng(0).random((501, 784), dtype=np.float32)
    network = build_network("mlp")
    write_onnx(network, tmp_path / "model.onnx", {})
    found = onnx_outputs(tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(found, outputs_of(network, rows), rtol=1e-5, atol=1e-5)


@needs_paddle2onnx
@pytest.mark.parametrize("stage", ["linear", "cnn"])
def test_the_graph_has_names_that_people_understand(tmp_path, stage):
    import onnx

    network = build_network(stage)
    write_onnx(network, tmp_path / "model.onnx", {"stage": stage, "input": "white ink, 白"})
    model = onnx.load(tmp_path / "model.onnx")
    graph = model.graph
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    assert shapes == {"images": ["N", 784], "logits": ["N", 1 if stage == "linear" else 10]}
    weights = {weight.name: list(weight.dims) for weight in graph.initializer}
    for name, tensor in network.state_dict().items():
        assert weights[name] == tensor.shape
    assert {node.op_type for node in graph.node}.isdisjoint({"Constant", "Identity"})
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert found == {"stage": stage, "input": "white ink, 白"}
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]


@needs_paddle2onnx
def test_steps_that_only_pass_a_value_on_are_left_out():
    from onnx import TensorProto, helper, numpy_helper

    def step(kind, source, target):
        return helper.make_node(kind, source, [target])

    def constant(name, values):
        tensor = numpy_helper.from_array(np.array(values, np.float32))
        return helper.make_node("Constant", [], [name], value=tensor)

    value = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2])
        for name in ("images", "fetch_0")
    }
    steps = [
        constant("unused", [0.0]),
        constant("linear_0.b_0", [1.0, 2.0]),
        step("Identity", ["linear_0.b_0"], "a"),
        step("Identity", ["a"], "b"),
        step("Identity", ["images"], "c"),
        step("Add", ["c", "b"], "d"),
        step("Identity", ["d"], "e"),
        step("Identity", ["e"], "fetch_0"),
    ]
    graph = helper.make_graph(steps, "graph", [value["images"]], [value["fetch_0"]])
    _tidy(graph, {"linear_0.b_0": "output.bias"})
    found = [(node.op_type, list(node.input), list(node.output)) for node in graph.node]
    assert found == [("Add", ["images", "output.bias"], ["logits"])]
    (bias,) = graph.initializer
    assert bias.name == "output.bias"
    np.testing.assert_array_equal(numpy_helper.to_array(bias), [1, 2])
    assert [output.name for output in graph.output] == ["logits"]


@needs_paddle2onnx
def test_nothing_is_printed(tmp_path, capfd):
    write_onnx(build_network("mlp"), tmp_path / "model.onnx", {})
    assert tuple(capfd.readouterr()) == ("", "")


@needs_paddle2onnx
def test_what_cannot_be_translated_is_told(tmp_path, monkeypatch, capfd):
    import paddle2onnx

    def fail(*_arguments, **_options):
        os.write(1, b"no such operator: flip\n")
        raise UnboundLocalError("onnx_model_str")

    monkeypatch.setattr(paddle2onnx, "export", fail)
    with pytest.raises(RunError, match="cannot translate the network: .*no such operator: flip"):
        write_onnx(build_network("linear"), tmp_path / "model.onnx", {})
    assert list(tmp_path.iterdir()) == []
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.parametrize("package", ["paddle2onnx", "onnx"])
def test_writing_without_the_extra_says_how_to_install_it(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)  # importing it fails
    with pytest.raises(
        UsageError, match=r"pip install -c requirements/lock\.txt -e '\.\[export\]'"
    ):
        write_onnx(build_network("linear"), tmp_path / "model.onnx", {})


def test_computing_without_the_extra_says_how_to_install_it(tmp_path, monkeypatch, rows):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        UsageError, match=r"pip install -c requirements/lock\.txt -e '\.\[export\]'"
    ):
        onnx_outputs(tmp_path / "model.onnx", rows)
