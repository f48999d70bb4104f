"""Find which weights of a file are which of a stage's network, by their names or their order.

Knows nothing of runs and of what a file of weights is.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

import numpy as np

from paddle_mnist.system.errors import RunError

Shapes = Mapping[str, tuple[int, ...]]

_SHOWN = 6  # entries of a message

# What Paddle calls the parts of a layer: in a state_dict, and inside.
_PARTS = {"w_0": "weight", "b_0": "bias", "w_1": "_mean", "w_2": "_variance"}


def fit_to_stage(weights: Mapping[str, np.ndarray], stage: str) -> dict[str, np.ndarray]:
    """Give weights the names that a stage's network has for them.

    Args:
        weights: name → array of any floating-point kind.
        stage: a name in STAGES.

    Returns:
        Our name → float32 array, as `state.load_weights` takes them.

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
