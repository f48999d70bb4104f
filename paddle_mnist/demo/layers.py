"""A network → its layers as plain data, for a program that knows nothing of Paddle.

The layers are taken in the order in which the network holds them. So a network fits only if it
uses each of its layers once, in that order, and does nothing else but change shapes in between;
the tests compare the outputs of every stage.
"""

from __future__ import annotations

import base64
from typing import Any, Callable

import numpy as np
import paddle
from paddle import nn

from paddle_mnist.models.layers import Convolution, MaxPool
from paddle_mnist.system.errors import RunError, UsageError

LayerData = dict[str, Any]


def layers_of(network: nn.Layer) -> list[LayerData]:
    """Describe a network by its layers.

    Returns:
        One dict a layer, in order, as JSON values: `kind`, and what the layer has learned as
        packed tensors. Dropout, which does nothing outside training, is left out.

    Raises:
        UsageError: the network has a layer of a type that is not in `_KINDS`.
        RunError: it has weights that are not numbers.
    """
    found = []
    for layer in network.sublayers(include_self=True):
        if layer.sublayers() or isinstance(layer, nn.Dropout):
            continue
        if type(layer) not in _KINDS:
            raise UsageError(
                f"the page cannot compute layers of the type {type(layer).__name__}; "
                f"it knows: {', '.join(kind.__name__ for kind in _KINDS)}, Dropout"
            )
        found.append(_KINDS[type(layer)](layer))
    return found


def packed(array: np.ndarray) -> dict[str, Any]:
    """Pack float32 numbers of any shape into text, three bytes each.

    A number is rounded to its upper 24 bits (to nearest, ties to even): sign, exponent and 15 of
    the 23 bits of the fraction. That changes it by at most one part in 2^16.

    Returns:
        `shape`, and `data`: the three bytes of each number, the lowest first, in base64.

    Raises:
        RunError: a number is infinite, not a number (NaN), or too large to be rounded.
    """
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    to_even = (bits >> 8) & 1
    upper = (bits + (0x7F + to_even)) >> 8
    # All exponent bits set: infinite, or not a number.
    if ((upper & 0x7F8000) == 0x7F8000).any() or not np.isfinite(array).all():
        raise RunError("the network has weights that are not finite numbers; train again")
    lowest_first = upper.astype("<u4").reshape(-1, 1).view(np.uint8)[:, :3]  # [n, 3]
    data = base64.b64encode(lowest_first.tobytes()).decode("ascii")
    return {"shape": list(array.shape), "data": data}


def _tensor(tensor: paddle.Tensor | None) -> dict[str, Any] | None:
    return None if tensor is None else packed(tensor.numpy())


def _convolution(layer: Convolution | nn.Conv2D) -> LayerData:
    return {
        "kind": "convolution",
        "weight": _tensor(layer.weight),  # [channels_out, channels_in, k, k]
        "bias": _tensor(layer.bias),  # [channels_out]
        "padding": layer.padding if isinstance(layer, Convolution) else _padding(layer),
    }


def _padding(layer: nn.Conv2D) -> int:
    height, width = layer._kernel_size
    settings = [layer._stride, layer._dilation, layer._groups]
    settings += [layer._padding_mode, layer._data_format]
    is_plain = settings == [[1, 1], [1, 1], 1, "zeros", "NCHW"]
    if not is_plain or height != width or not isinstance(layer._padding, int):
        raise UsageError(
            "the page computes convolutions with square filters, stride 1, and the same "
            f"number of zeros at each side, without dilation or groups; this one is {layer}"
        )
    return layer._padding


def _batch_norm(layer: nn.BatchNorm2D | nn.BatchNorm1D) -> LayerData:
    # (x - mean) / sqrt(variance + epsilon) * gamma + beta, as one factor and one summand.
    gamma = 1.0 if layer.weight is None else layer.weight.numpy()
    beta = 0.0 if layer.bias is None else layer.bias.numpy()
    variance = layer._variance.numpy().astype(np.float64)
    scale = gamma / np.sqrt(variance + layer._epsilon)
    shift = beta - layer._mean.numpy() * scale
    return {
        "kind": "batch_norm",
        "scale": packed(scale.astype(np.float32)),  # [C]
        "shift": packed(shift.astype(np.float32)),  # [C]
    }


def _linear(layer: nn.Linear) -> LayerData:
    # weight [in, out], bias [out]
    return {"kind": "linear", "weight": _tensor(layer.weight), "bias": _tensor(layer.bias)}


def _average_pool(layer: nn.AdaptiveAvgPool2D) -> LayerData:
    if layer._output_size != 1:
        raise UsageError(f"the page averages over whole maps only; this layer is {layer}")
    return {"kind": "average_pool"}


def _without_weights(kind: str) -> Callable[[nn.Layer], LayerData]:
    return lambda _layer: {"kind": kind}


_KINDS: dict[type[nn.Layer], Callable[[Any], LayerData]] = {
    Convolution: _convolution,
    nn.Conv2D: _convolution,
    MaxPool: _without_weights("max_pool"),
    nn.AdaptiveAvgPool2D: _average_pool,
    nn.BatchNorm2D: _batch_norm,
    nn.BatchNorm1D: _batch_norm,
    nn.ReLU: _without_weights("relu"),
    nn.Flatten: _without_weights("flatten"),
    nn.Linear: _linear,
}
