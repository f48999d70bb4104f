"""Find which weights of a file are which of a stage's network, by their names or their order."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import numpy as np

from paddle_mnist.core.stages import build_network
from paddle_mnist.runs.state import weights_of
from paddle_mnist.system.errors import RunError

Weights = Mapping[str, np.ndarray]

_SHOWN = 6  # entries of a message

# What Paddle calls the parts of a layer: in a state_dict, and inside.
_PARTS = {"w_0": "weight", "b_0": "bias", "w_1": "_mean", "w_2": "_variance"}


def fit_to_stage(weights: Weights, stage: str) -> dict[str, np.ndarray]:
    """Give weights the names that a stage's network has for them.

    Equal names decide. Where names differ, order does, if nothing speaks against it: as many
    entries, each of the expected shape, each the same part of a layer (weight, bias, running mean
    or variance), and the parts of one layer together.

    Args:
        weights: name → array of any floating-point kind, in the order of the file.
        stage: a name in STAGES.

    Returns:
        Our name → float32 array, as `state.load_weights` takes them.

    Raises:
        RunError: the weights belong to another network (the text lists what differs), or are not
            usable numbers.
    """
    expected = weights_of(build_network(stage))
    names = expected if set(weights) == set(expected) else weights
    pairs = list(zip_longest(expected, names))
    wrong = [pair for pair in pairs if not _fits(*pair, weights, expected)]
    wrong = wrong or _torn_layers(pairs)
    if wrong:
        lines = [_described(*pair, weights, expected) for pair in wrong[:_SHOWN]]
        if len(wrong) > _SHOWN:
            lines.append(f"and {len(wrong) - _SHOWN} more")
        raise RunError(
            f"the weights are not those of stage {stage!r}, entry by entry: {'; '.join(lines)}"
        )
    return {ours: _as_float32(theirs, weights[theirs]) for ours, theirs in pairs}


def _fits(ours: str | None, theirs: str | None, found: Weights, expected: Weights) -> bool:
    if ours is None or theirs is None or found[theirs].shape != expected[ours].shape:
        return False
    return _layer_and_part(ours)[1] == _layer_and_part(theirs)[1]


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


def _described(ours: str | None, theirs: str | None, found: Weights, expected: Weights) -> str:
    wanted = "nothing more" if ours is None else f"{ours} {list(expected[ours].shape)}"
    if theirs is None:
        return f"expected {wanted}, found nothing"
    shape = found[theirs].shape
    text = f"expected {wanted}, found {theirs[:60]} {list(shape)}"
    if ours is not None and len(shape) == 2 and shape[::-1] == expected[ours].shape != shape:
        text += " (transposed)"
    return text


def _as_float32(name: str, array: np.ndarray) -> np.ndarray:
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
