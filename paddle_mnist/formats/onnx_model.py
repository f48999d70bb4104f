"""ONNX, the exchange format for networks: other programs and languages run it without Paddle.

paddle2onnx translates Paddle's inference model; onnxruntime computes with the result. Knows nothing
of runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_mnist.formats.inference_model import BATCH, GRAPH, INPUT, WEIGHTS, write_inference_model
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.processes import silenced

if TYPE_CHECKING:
    import onnx
    from paddle import nn

OUTPUT = "logits"
OPSET = 17  # of 2022, so runtimes have known it for long


def write_onnx(network: nn.Layer, path: Path, metadata: Mapping[str, str]) -> None:
    """Write a network as an ONNX file.

    Its input is `images`, float32 [N, 784], its output `logits`, [N, 10] or [N, 1]; N is free.

    Args:
        network: takes float32 [N, 784]; from now on in evaluation mode.
        path: the file; replaced where it exists.
        metadata: what to write into the file's `metadata_props`.

    Raises:
        UsageError: paddle2onnx or onnx is not installed, or does not fit to this Paddle.
        RunError: the network cannot be translated.
        OSError: the file, or a draft of it, cannot be written.
    """
    try:
        import onnx
        import paddle2onnx
    except (ImportError, ValueError) as error:  # ValueError: it finds Paddle too old
        raise _missing(error) from error
    with tempfile.TemporaryDirectory(prefix="paddle-mnist-") as scratch, silenced() as said:
        folder = Path(scratch)
        write_inference_model(network, folder, {})
        try:
            content = paddle2onnx.export(
                str(folder / GRAPH), str(folder / WEIGHTS), None, opset_version=OPSET
            )
        except Exception as error:  # it prints why it failed, and then stumbles over that
            reason = " ".join(said().split())[-300:]
            raise RunError(f"paddle2onnx cannot translate the network: {reason}") from error
    model = onnx.load_from_string(content)
    _tidy(model.graph, {tensor.name: name for name, tensor in network.state_dict().items()})
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    model.producer_name = "paddle2onnx"
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def onnx_outputs(path: Path, rows: np.ndarray) -> np.ndarray:
    """Compute with what `write_onnx` wrote, by onnxruntime; otherwise as `inference_outputs`.

    Raises:
        UsageError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise _missing(error) from error
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    batches = np.split(rows, range(BATCH, len(rows), BATCH))
    return np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])


def _missing(error: Exception) -> UsageError:
    return UsageError(
        "ONNX needs paddle2onnx, onnx and onnxruntime, in versions that fit to this Paddle "
        f"({error}); install them with: pip install -c requirements/lock.txt -e '.[export]' "
        "(paddle2onnx exists for Python 3.12 and older)"
    )


def _tidy(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Keep weights as weights under our names, and leave out steps that only pass a value on.

    paddle2onnx writes each weight as a step of the graph, and a step Identity after many another.
    `names` are from Paddle's name of a weight to ours.
    """
    from onnx import helper

    weights, renamed, steps = list(graph.initializer), {}, []
    for node in graph.node:
        if node.op_type == "Constant":
            weights.append(node.attribute[0].t)
            weights[-1].name = names.get(node.output[0], node.output[0])
            renamed[node.output[0]] = weights[-1].name
        elif node.op_type == "Identity":
            renamed[node.output[0]] = renamed.get(node.input[0], node.input[0])
        else:
            node.input[:] = [renamed.get(name, name) for name in node.input]
            steps.append(node)
    last = renamed.get(graph.output[0].name, graph.output[0].name)
    for node in steps:
        node.input[:] = [OUTPUT if name == last else name for name in node.input]
        node.output[:] = [OUTPUT if name == last else name for name in node.output]
    graph.output[0].name = OUTPUT
    used = {name for node in steps for name in node.input}
    weights = [weight for weight in weights if weight.name in used]
    # Without the shapes of values that are gone.
    graph.CopyFrom(helper.make_graph(steps, graph.name, graph.input, graph.output, weights))
