"""python -m paddle_mnist.import_weights: a run from the `.pdparams` file of another course."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mnist.core.stages import STAGES, find_stage
from paddle_mnist.system.command_line import Parser, run
from paddle_mnist.system.errors import RunError

if TYPE_CHECKING:
    import numpy as np

    from paddle_mnist.runs.folder import Tensors
    from paddle_mnist.runs.record import Record

Shapes = Mapping[str, tuple[int, ...]]

_SHOWN = 6  # entries of a message

# What Paddle calls the parts of a layer: in a state_dict, and inside.
_PARTS = {"w_0": "weight", "b_0": "bias", "w_1": "_mean", "w_2": "_variance"}


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.import_weights",
        description="Make a run from weights that were saved with paddle.save. The file is read, "
        "never executed.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.pdparams", help="the weights")
    parser.add_argument(
        "--stage", required=True, metavar="S", help=f"whose weights: {', '.join(STAGES)}"
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="the run's folder (default: runs/S-imported)"
    )
    return parser


def import_weights(arguments: argparse.Namespace) -> None:
    """Run the command."""
    find_stage(arguments.stage)
    folder = arguments.out or Path("runs") / f"{arguments.stage}-imported"
    refuse_trained_run(folder)
    from paddle_mnist.formats.pdparams import read_pdparams
    from paddle_mnist.runs.folder import save_run

    weights = read_pdparams(arguments.file)
    model = fit_to_stage(weights, arguments.stage)
    save_run(folder, record_of(arguments.file, arguments.stage), model, None)
    if set(model) != set(weights):
        print("the file has other names than this course; order and shapes decided what is what")
    print(f"the run is in {folder}")
    print(
        "note: what these weights were trained on is not known; if that was MNIST, they have seen "
        "the sample's test images, and their accuracy there says nothing"
    )


def refuse_trained_run(folder: Path) -> None:
    """Hours of training must not be lost to an import.

    Raises:
        RunError: the folder holds a run that was trained, or a damaged one.
    """
    from paddle_mnist.runs.folder import RECORD, load_record

    if (folder / RECORD).exists() and "imported" not in load_record(folder):
        raise RunError(
            f"{folder} holds a run that was trained; give -o another folder, or remove that one"
        )


def record_of(file: Path, stage: str) -> Record:
    """The `run.json` of imported weights: whatever is not known of their training is not there."""
    import dataclasses

    import numpy as np
    import paddle

    from paddle_mnist.core.config import configure
    from paddle_mnist.system.runtime import thread_count

    return {
        "stage": stage,
        "config": dataclasses.asdict(configure(stage, threads=thread_count())),
        "parameters": STAGES[stage].parameters,
        "data": {"kind": "unknown", "path": f"unknown: imported from {file.name}"},
        "history": [],
        "imported": {
            "file": file.name,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        },
        "test": None,
        "versions": {"paddle": paddle.version.full_version, "numpy": np.__version__},
    }


def fit_to_stage(weights: Tensors, stage: str) -> Tensors:
    """Give weights the names that a stage's network has for them.

    Args:
        weights: name → array of any floating-point kind.
        stage: a name in STAGES.

    Returns:
        Our name → float32 array, as `checkpoint.load_weights` takes them.

    Raises:
        RunError: the weights belong to another network, or are not usable numbers.
    """
    from paddle_mnist.core.stages import build_network
    from paddle_mnist.runs.state import weights_of

    expected = {name: array.shape for name, array in weights_of(build_network(stage)).items()}
    pairs = match({name: array.shape for name, array in weights.items()}, expected, stage)
    return {ours: _as_float32(theirs, weights[theirs]) for ours, theirs in pairs.items()}


def match(found: Shapes, expected: Shapes, stage: str) -> dict[str, str]:
    """Find which of the weights found is which of those expected.

    Equal names decide. Where names differ, order does, if nothing speaks against it: as many
    entries, each of the expected shape, each the same part of a layer (weight, bias, running mean
    or variance), and the parts of one layer together.

    Args:
        found: name → shape, in the order of the file.
        expected: name → shape, in the order of the network.
        stage: whose network it is, for the message.

    Returns:
        Expected name → found name.

    Raises:
        RunError: they do not fit; the text lists what differs, expected and found.
    """
    by_name = set(found) == set(expected)
    pairs = list(zip_longest(expected, expected if by_name else found))
    wrong = [pair for pair in pairs if not _fits(*pair, found, expected, by_name)]
    if not wrong and not by_name:
        wrong = _torn_layers(pairs)
    if wrong:
        lines = [_described(*pair, found, expected) for pair in wrong[:_SHOWN]]
        if len(wrong) > _SHOWN:
            lines.append(f"and {len(wrong) - _SHOWN} more")
        raise RunError(
            f"the weights are not those of stage {stage!r}, entry by entry: {'; '.join(lines)}"
        )
    return dict(pairs)


def _fits(
    ours: str | None, theirs: str | None, found: Shapes, expected: Shapes, by_name: bool
) -> bool:
    if ours is None or theirs is None or found[theirs] != expected[ours]:
        return False
    return by_name or _layer_and_part(ours)[1] == _layer_and_part(theirs)[1]


def _layer_and_part(name: str) -> tuple[str, str]:
    layer, _, part = name.rpartition(".")
    return layer, _PARTS.get(part, part)


def _torn_layers(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # One of our layers is one of theirs, and the other way round.
    layers = [(_layer_and_part(ours)[0], _layer_and_part(theirs)[0]) for ours, theirs in pairs]
    partners = dict(layers)
    backwards = {theirs: ours for ours, theirs in layers}
    return [
        pair
        for pair, (ours, theirs) in zip(pairs, layers)
        if partners[ours] != theirs or backwards[theirs] != ours
    ]


def _described(ours: str | None, theirs: str | None, found: Shapes, expected: Shapes) -> str:
    wanted = "nothing more" if ours is None else f"{ours} {list(expected[ours])}"
    if theirs is None:
        return f"expected {wanted}, found nothing"
    shape = found[theirs]
    text = f"expected {wanted}, found {theirs[:60]} {list(shape)}"
    if ours is not None and len(shape) == 2 and shape[::-1] == expected[ours] != shape:
        text += " (transposed)"
    return text


def _as_float32(name: str, array: np.ndarray) -> np.ndarray:
    import numpy as np

    if array.dtype.kind != "f":
        raise RunError(
            f"the weights {name} are {array.dtype}; expected float32, or another floating-point "
            "kind that NumPy knows"
        )
    with np.errstate(over="ignore"):  # found out in the next line
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise RunError(f"the weights {name} hold values that are not numbers, or infinite")
    return array


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(import_weights, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
