"""Write a network in another program's format, compare the result, and put it into its place.

Knows nothing of the command line. To import it needs no Paddle: the command checks the place first.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paddle_mnist import __version__
from paddle_mnist.core.stages import build_network
from paddle_mnist.formats.inference_model import FILES, inference_outputs, write_inference_model
from paddle_mnist.formats.onnx_model import onnx_outputs, write_onnx
from paddle_mnist.formats.pdparams import read_pdparams, write_pdparams
from paddle_mnist.images.preparation import BOX, SIZE
from paddle_mnist.runs.choosing import check_output_file
from paddle_mnist.runs.state import load_weights, weights_of
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.files import leftovers, replace_file, sync_folder, write_synced, writing

if TYPE_CHECKING:
    from paddle_mnist.runs.recognizer import Recognizer

# Each with the ending of its files; Paddle's inference model is a folder.
FORMATS = {"onnx": ".onnx", "paddle": "", "pdparams": ".pdparams"}
LIMIT = 1e-5

# A folder on its way into its place, and the one that makes room for it.
_NEW, _OLD = "new.tmp", "old.tmp"


def check_place(name: str, out: Path) -> None:
    """Refuse a place where nothing of this format may be put, before any work is done.

    A file with the format's ending, and a folder that holds nothing but an inference model, are
    replaced.

    Raises:
        UsageError: the format is unknown, or something else is in the way.
    """
    if name not in FORMATS:
        raise UsageError(
            f"unknown format {name!r}; allowed: {', '.join(FORMATS)}; a page to draw on is written "
            "by: python -m paddle_mnist.demo --run RUN"
        )
    if name != "paddle":
        check_output_file(out, FORMATS[name])
    elif out.exists() and not (
        out.is_dir() and {path.name for path in out.iterdir()} <= set(FILES)
    ):
        raise UsageError(
            f"{out} is there already, and is not an exported model; -o needs a new folder for "
            "Paddle's inference model"
        )


@contextmanager
def draft_of(recognizer: Recognizer, name: str) -> Iterator[Path]:
    """Write a network in one of the formats, into a folder that is gone after the block.

    Yields:
        What was written, a file or a folder.

    Raises:
        UsageError: what the format needs is not installed.
        RunError: the network cannot be translated, or the draft cannot be written.
    """
    with ExitStack() as stack:
        try:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="paddle-mnist-"))
            draft = Path(scratch) / "draft"
            if name == "pdparams":
                write_pdparams(draft, weights_of(recognizer.network))
            else:
                write = write_onnx if name == "onnx" else write_inference_model
                write(recognizer.network, draft, contract(recognizer))
        except OSError as error:
            raise RunError(
                f"no draft can be written: {error}; make room there, or let TMPDIR name a folder "
                "with room"
            ) from error
        yield draft


def contract(recognizer: Recognizer) -> dict[str, str]:
    """Tell what somebody needs to know who has nothing but the exported network."""
    record = recognizer.record
    test = record.get("test")
    output = (
        "logits: float32 [N, 10], a score for each digit; the largest is the digit that is read"
    )
    if recognizer.stage == "linear":
        output = "logits: float32 [N, 1], the digit as a number; round it to the nearest of 0 to 9"
    return {
        "written_by": f"paddle-mnist {__version__}",
        "stage": recognizer.stage,
        "input": f"images: float32 [N, {SIZE * SIZE}], each 0 (paper) to 1 (ink)",
        "preparation": (
            f"{SIZE} x {SIZE} grey pixels, white ink on black; the longest side of the digit is "
            f"{BOX} pixels; its centre of mass is at pixel ({SIZE // 2}, {SIZE // 2}), counted "
            "from 0; pixels / 255; laid out row by row"
        ),
        "output": output,
        "test_accuracy": (
            f"{test['accuracy']:.4f} on {test['count']:,} images" if test else "not measured"
        ),
        "weights_sha256": record.get("files", {}).get("model.safetensors", "unknown"),
        "data_fingerprint": str(record.get("data", {}).get("fingerprint") or "unknown"),
    }


def compare(recognizer: Recognizer, name: str, path: Path, images: np.ndarray) -> float:
    """Compare what was written at a path with the network itself, on uint8 images [N, 28, 28].

    Returns:
        The largest difference between the outputs, as `largest_difference` measures it.

    Raises:
        RunError: it is more than `LIMIT`.
    """
    found = outputs_of(name, recognizer.stage, path, images)
    difference = largest_difference(found, recognizer.outputs(images))
    if not difference <= LIMIT:  # written so that it is refused when it is not a number
        raise RunError(
            f"the {name} format computes something else than the network: the largest difference "
            f"on {len(images):,} test images is {difference:.1e}, allowed is {LIMIT:.0e}; nothing "
            "was written"
        )
    return difference


def outputs_of(name: str, stage: str, path: Path, images: np.ndarray) -> np.ndarray:
    """Compute the outputs of an exported network, by the engine of its own format.

    Args:
        name: a key of FORMATS.
        stage: of the network; its weights alone do not tell.
        path: what was written.
        images: uint8 [N, 28, 28].

    Returns:
        float32 [N, 10], or [N, 1] for the linear stage.
    """
    from paddle_mnist.core.transforms import norm_img
    from paddle_mnist.runs.recognizer import Recognizer

    if name == "pdparams":
        network = build_network(stage)
        load_weights(network, read_pdparams(path))
        return Recognizer(network, stage).outputs(images)
    compute = onnx_outputs if name == "onnx" else inference_outputs
    return compute(path, norm_img(images).numpy())


def largest_difference(outputs: np.ndarray, expected: np.ndarray) -> float:
    """Measure the largest difference between two sets of outputs, float32 [N, M].

    Outputs above 1 are compared in parts of the largest of them: float32 has about 7 digits, so of
    a logit of 50 the fifth decimal place is chance. Where an output is not a number, the result is
    not one either.
    """
    scale = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(outputs - expected).max()) / scale


def place(draft: Path, out: Path) -> None:
    """Put a copy of a draft, a file or a folder, into its place, whole or not at all.

    Raises:
        RunError: the place cannot be written.
    """
    with writing(out, RunError):
        out.parent.mkdir(parents=True, exist_ok=True)
        if draft.is_dir():
            _replace_folder(draft, out)
        else:
            replace_file(out, draft.read_bytes())


def _replace_folder(draft: Path, out: Path) -> None:
    # Beside its place first: the draft may be on another disk, from where nothing can be renamed.
    new, old = (out.with_name(f"{out.name}.{os.getpid()}.{end}") for end in (_NEW, _OLD))
    try:
        new.mkdir()
        for path in sorted(draft.iterdir()):
            write_synced(new / path.name, path.read_bytes())
        sync_folder(new)
        if out.exists():
            os.replace(out, old)
        os.replace(new, out)
    finally:
        if old.exists() and not out.exists():
            os.replace(old, out)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    sync_folder(out.parent)


def sweep(out: Path) -> None:
    """Take away what a killed export left; the model that it had put aside gets its place back.

    Raises:
        RunError: the folder cannot be written.
    """
    with writing(out, RunError):
        for old in leftovers(out, _OLD):
            if not out.exists():
                os.replace(old, out)
        for leftover in (*leftovers(out, _OLD), *leftovers(out, _NEW)):
            shutil.rmtree(leftover)
