"""The networks of some stages as plain data, from which each framework builds its own layers.

The peers' environment has no Paddle, so what the package's networks are made of is kept in
networks.json. Where a stage has changed, write it again, in the folder benchmarks:

    python -m compare.networks
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paddle import nn

FILE = Path(__file__).with_name("networks.json")
STAGES = ("mlp", "cnn", "deep-cnn", "dropout-cnn", "best")

# `name`, as in the package's weights, `kind`, and what a layer of this kind is made with.
Layer = dict[str, Any]


def read_network(stage: str) -> list[Layer]:
    """The layers of a stage's network, for images [N, 1, 28, 28], one behind the other."""
    networks = json.loads(FILE.read_text(encoding="utf-8"))
    if stage not in networks:
        raise ValueError(f"no network of stage {stage!r} here")
    return networks[stage]


def describe(stage: str) -> list[Layer]:
    """The same, from the package's own network."""
    from paddle_mnist.core.stages import build_network

    sublayers = build_network(stage).named_sublayers()
    found = [_described(name, layer) for name, layer in sublayers if not layer.sublayers()]
    # Everybody writes ReLU, then pooling. The package pools first, which gives the same numbers and
    # saves time; that is its own trick, and the others are measured as they are written.
    for first, second in zip(found, found[1:]):
        if (first["kind"], second["kind"]) == ("max_pool", "relu"):
            first["kind"], second["kind"] = "relu", "max_pool"
    if found[0]["kind"] == "linear":
        found.insert(0, {"name": "rows", "kind": "flatten"})
    return found


def _described(name: str, layer: nn.Layer) -> Layer:
    from paddle import nn

    from paddle_mnist.demo.layers import layers_of

    if isinstance(layer, nn.Dropout):  # which the page leaves out
        return {"name": name, "kind": "dropout", "share": layer.p}
    (data,) = layers_of(layer)
    one = {"name": name, "kind": data["kind"]}
    if data["kind"] == "convolution":
        outputs, inputs, kernel, _ = data["weight"]["shape"]
        sizes = {"inputs": inputs, "outputs": outputs, "kernel": kernel}
        return {**one, **sizes, "padding": data["padding"], "bias": data["bias"] is not None}
    if data["kind"] == "linear":
        return {**one, **dict(zip(("inputs", "outputs"), data["weight"]["shape"]))}
    if data["kind"] == "batch_norm":
        return {**one, "channels": data["scale"]["shape"][0]}
    return one


def main() -> None:
    """Write networks.json, a layer a line."""
    from paddle_mnist.system.runtime import prepare

    prepare()
    texts = []
    for stage in STAGES:
        lines = ",\n".join(f"  {json.dumps(layer)}" for layer in describe(stage))
        texts.append(f' "{stage}": [\n{lines}\n ]')
    FILE.write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
