"""The tasks with onnxruntime, on what `paddle_mnist.export --format onnx` wrote."""

from __future__ import annotations

import numpy as np
import onnxruntime

from compare.arrays import read_arrays
from compare.worker import Action

VERSION = f"onnxruntime {onnxruntime.__version__}"
BATCH = 500


def evaluate(folder: str, model: str, outputs: str, threads: int) -> Action:
    """Read all images in a folder, and leave the outputs in a file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    images, _labels = read_arrays(folder)

    def read_all() -> np.ndarray:
        parts = []
        for start in range(0, len(images), BATCH):
            rows = images[start : start + BATCH].reshape(-1, 784).astype(np.float32) / 255
            parts.append(session.run(None, {name: rows})[0])
        return np.concatenate(parts)

    np.save(outputs, read_all())

    def action() -> None:
        read_all()

    return action
