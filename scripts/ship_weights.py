"""Put trained runs into the package, as the weights that ship.

    python scripts/ship_weights.py runs/linear runs/mlp runs/cnn runs/best

Only weights and what tells where they come from are taken: no state to go on from, and nothing of
the machine that they were trained on but its versions.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from paddle_mnist.checkpoint import MODEL, load_record, load_tensors, save_run
from paddle_mnist.shipped import shipped_run

# Of no use without the state of the training.
LEFT_OUT = ("random", "schedule")


def ship(folder: Path) -> Path:
    """Copy one run's weights and record into the package; returns the folder there."""
    record = load_record(folder)
    model = load_tensors(folder, MODEL, record)
    kept = {name: value for name, value in record.items() if name not in LEFT_OUT}
    for history in kept["history"]:
        history.pop("losses", None)
    kept["data"] = {**record["data"], "path": "MNIST"}
    kept["config"] = {**record["config"], "data": "auto"}
    target = shipped_run(record["stage"])
    save_run(target, {**kept, "shipped": True}, model, None)
    return target


def main(arguments: Sequence[str] | None = None) -> None:
    """Ship each run that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    for folder in parser.parse_args(arguments).runs:
        target = ship(folder)
        size = (target / MODEL).stat().st_size
        print(f"{target.name}: {size / 1e6:.2f} MB, test {load_record(target)['test']}")


if __name__ == "__main__":
    main()
