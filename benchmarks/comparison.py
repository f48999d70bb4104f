"""Compare the package with PyTorch, Keras, onnxruntime and Paddle's defaults, in turns.

    python benchmarks/comparison.py                  measure what compare.json has not yet
    python benchmarks/comparison.py training limit   measure these sections again
    python benchmarks/comparison.py --print          measure nothing, only write the tables
    python benchmarks/comparison.py --quick          a little of everything: does it all run?

`make bench` also makes the environment of the peers (benchmarks/peers.txt). Needs all of MNIST (in
the cache, or named by PADDLE_MNIST_DATA). The figures go to benchmarks/compare.json, the tables and
the picture to benchmarks/README.md; with --quick only to the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from paddle_mnist.system.runtime import prepare

prepare()

from between_marks import write_between
from compare.growth_picture import draw_growth
from compare.page import GROWTH_PICTURE, render
from compare.sections import QUICK, SECTIONS, Setup, Sizes

from paddle_mnist.data import load_mnist
from paddle_mnist.ladder.results import machine
from paddle_mnist.plots import save_figure
from paddle_mnist.system.runtime import processor

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "benchmarks"
RESULTS, PAGE = "compare.json", "README.md"
PEERS = ROOT / ".venv-peers" / "bin" / "python"


def marks_of(name: str) -> tuple[str, str]:
    """What a text of the page stands between."""
    return f"<!-- {name}: make bench -->", f"<!-- end of {name} -->"


def load_results(folder: Path = FOLDER) -> dict[str, Any]:
    """What was measured so far, by section."""
    file = folder / RESULTS
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def save_section(folder: Path, name: str, found: dict[str, Any]) -> None:
    """Keep a section, beside what another process may have measured meanwhile."""
    versions = {"python": platform.python_version(), "paddle": version("paddlepaddle")}
    here = machine(f"{os.cpu_count()} cores of an {processor()}", "cpu", versions)
    results = {**load_results(folder), name: found, "machine": here}
    (folder / RESULTS).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(names: Sequence[str], folder: Path, peers: Path, sizes: Sizes) -> None:
    """Measure some sections, and save after each."""
    if not peers.exists():
        raise SystemExit(f"error: there is no {peers}; `make peers` makes it, or name --peers")
    mnist = load_mnist(validation=0.0)
    if not mnist.source.is_mnist or len(mnist.test) != 10_000:
        raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
    with tempfile.TemporaryDirectory(prefix="paddle-mnist-") as scratch:
        setup = Setup(peers.absolute(), Path(scratch), mnist, sizes)
        for name in names:
            print(f"measuring {name}", flush=True)
            save_section(folder, name, SECTIONS[name](setup))


def write_page(folder: Path) -> None:
    """Write the tables and the picture of what a folder's results have."""
    results = load_results(folder)
    for name, text in render(results).items():
        print(text, end="\n\n")
        write_between(folder / PAGE, marks_of(name), text)
    if "growth" in results:
        save_figure(draw_growth(results["growth"]), folder / GROWTH_PICTURE)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    parser.add_argument("--quick", action="store_true", help="measure a little, keep nothing")
    parser.add_argument(
        "--peers", type=Path, default=PEERS, metavar="PATH", help="the Python that has the peers"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(SECTIONS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    if arguments.quick:
        with tempfile.TemporaryDirectory(prefix="paddle-mnist-") as name:
            shutil.copy(FOLDER / PAGE, name)
            measure(arguments.names or list(SECTIONS), Path(name), arguments.peers, QUICK)
            write_page(Path(name))
        return
    missing = [name for name in SECTIONS if name not in load_results()]
    names = [] if arguments.print else arguments.names or missing
    if names:
        measure(names, FOLDER, arguments.peers, Sizes())
    write_page(FOLDER)


if __name__ == "__main__":
    main()
