"""Paddle's inference model: the same outputs as the network, for any number of pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.formats.inference_model import FILES, inference_outputs, write_inference_model
from paddle_mnist.system.processes import silenced

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("stage", STAGES)
def test_it_computes_what_the_network_does(tmp_path, rows, stage):
    network = used_network(stage)  # in training mode: with dropout, it would be another result
    write_inference_model(network, tmp_path / "model", {})
    expected = outputs_of(network, rows)
    for count in (7, 1):
        found = inference_outputs(tmp_path / "model", rows[:count])
        assert found.shape == expected[:count].shape
        np.testing.assert_allclose(found, expected[:count], rtol=1e-5, atol=1e-5)


def test_large_sets_are_computed_in_parts(tmp_path):
    rows = np.random.default_rng(0).random((501, 784), dtype=np.float32)
    network = build_network("mlp")
    write_inference_model(network, tmp_path, {})
    found = inference_outputs(tmp_path, rows)
    np.testing.assert_allclose(found, outputs_of(network, rows), rtol=1e-5, atol=1e-5)


def test_a_folder_holds_the_three_files(tmp_path):
    network = build_network("linear")
    for _ in range(2):  # the second time they are replaced
        write_inference_model(network, tmp_path / "model", {"input": "white ink, 白"})
        assert sorted(path.name for path in (tmp_path / "model").iterdir()) == sorted(FILES)
    # The engine computes with any number even where the file says another: other readers do not.
    assert '"D":[-1,784]' in (tmp_path / "model" / "model.json").read_text(encoding="utf-8")
    contract = (tmp_path / "model" / "contract.json").read_text(encoding="utf-8")
    assert json.loads(contract) == {"input": "white ink, 白"}


def test_the_network_can_be_used_as_before(tmp_path, rows):
    network = used_network("tuned-cnn")
    before = outputs_of(network, rows)
    write_inference_model(network, tmp_path, {})
    np.testing.assert_array_equal(outputs_of(network, rows), before)
    network.train()
    write_inference_model(network, tmp_path, {})
    assert not network.training
    network.train()
    network(paddle.to_tensor(rows)).sum().backward()
    trained = [parameter for parameter in network.parameters() if not parameter.stop_gradient]
    assert len(trained) == 16
    assert all(parameter.grad is not None for parameter in trained)


def test_nothing_is_printed(tmp_path):
    # In a process of its own: Paddle warns only once of what it does in a convolution.
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from paddle_mnist.system.runtime import prepare\n"
        "prepare()\n"
        "from paddle_mnist.formats.inference_model import write_inference_model\n"
        "from paddle_mnist.core.stages import build_network\n"
        "write_inference_model(build_network('deep-cnn'), Path(sys.argv[1]), {})\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "model")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_printed_is_kept_back_and_can_be_asked_for(capfd):
    with silenced() as printed:
        os.write(1, b"one ")
        assert printed() == "one "
        os.write(2, b"two")
        assert printed() == "one two"
    os.write(1, b"heard")
    os.write(2, b"heard too")
    assert tuple(capfd.readouterr()) == ("heard", "heard too")
