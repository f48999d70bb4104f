"""Paddle's inference model: a network's graph and weights, used without the code that built it.

It is a folder: the graph and the weights, which `paddle.inference`, Paddle Serving and Paddle Lite
read, and `contract.json`, which says how a picture has to be prepared. Knows nothing of runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_mnist.system.processes import silenced
from paddle_mnist.system.spare_home import spare_home

if TYPE_CHECKING:
    from paddle import nn

GRAPH, WEIGHTS, CONTRACT = "model.json", "model.pdiparams", "contract.json"
FILES = (GRAPH, WEIGHTS, CONTRACT)
INPUT = "images"

BATCH = 250  # only a matter of memory


def write_inference_model(network: nn.Layer, folder: Path, contract: Mapping[str, str]) -> None:
    """Write a network as Paddle's inference model.

    Args:
        network: takes float32 [N, 784]; from now on in evaluation mode.
        folder: made where it is missing; the three files in it are replaced.
        contract: what to write into `contract.json`.

    Raises:
        OSError: the folder cannot be written.
    """
    import paddle

    network.eval()
    folder.mkdir(parents=True, exist_ok=True)
    rows = paddle.static.InputSpec([None, 784], "float32", INPUT)  # None: any number of pictures
    with silenced(), spare_home():  # the translator keeps files in the home folder
        try:
            paddle.jit.save(network, str(folder / Path(GRAPH).stem), input_spec=[rows])
        except RuntimeError as error:
            if "Cannot open" not in str(error):
                raise
            raise OSError(f"Paddle cannot write into {folder}") from error
    _check_written(network, folder)
    text = json.dumps(dict(contract), indent=1, ensure_ascii=False)
    (folder / CONTRACT).write_text(text, encoding="utf-8")


def _check_written(network: nn.Layer, folder: Path) -> None:
    # On a full disk Paddle leaves what there was room for, and says nothing.
    weights = sum(parameter.numpy().nbytes for parameter in network.parameters())
    try:
        json.loads((folder / GRAPH).read_bytes())
        whole = (folder / WEIGHTS).stat().st_size > weights
    except ValueError:
        whole = False
    if not whole:
        raise OSError(f"Paddle could not write all of the network into {folder}")


def inference_outputs(folder: Path, rows: np.ndarray) -> np.ndarray:
    """Compute with what `write_inference_model` wrote, by Paddle's inference engine.

    Args:
        folder: the model.
        rows: float32 [N, 784], N at least 1, as `norm_img` gives them.

    Returns:
        float32 [N, 10], or [N, 1] for the linear stage.
    """
    from paddle import inference

    config = inference.Config(str(folder / GRAPH), str(folder / WEIGHTS))
    config.disable_gpu()
    config.disable_glog_info()
    predictor = inference.create_predictor(config)
    images = predictor.get_input_handle(INPUT)
    outputs = predictor.get_output_handle(predictor.get_output_names()[0])
    batches = []
    for batch in np.split(rows, range(BATCH, len(rows), BATCH)):
        images.copy_from_cpu(np.ascontiguousarray(batch))
        predictor.run()
        batches.append(outputs.copy_to_cpu())
    return np.concatenate(batches)
