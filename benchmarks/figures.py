"""Measure the figures of the README that no training gives, and write all figures there.

    python benchmarks/figures.py            measure what benchmarks/figures.json has not yet
    python benchmarks/figures.py load help  measure these again
    python benchmarks/figures.py --print    measure nothing, only write the tables

The figures of trainings are those of benchmarks/ladder.json, which `make ladder` measures. Needs
all of MNIST (in the cache, or named by PADDLE_MNIST_DATA). Times are those of one machine, and
noisy: two things are compared in one run, as a ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from between_marks import write_between

from paddle_mnist.ladder.results import PICTURE
from paddle_mnist.ladder.results import load_results as load_ladder
from paddle_mnist.ladder.results import machine as describe_machine
from paddle_mnist.ladder.table import markdown, spread

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "figures.json"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
LADDER_MARKS = "<!-- ladder: python -m paddle_mnist.ladder -->", "<!-- end of ladder -->"
FIGURES_MARKS = "<!-- figures: make bench -->", "<!-- end of figures -->"

COMMANDS = ("train", "evaluate", "predict")
MB = 1024  # ru_maxrss counts KiB


def run_command(*words: str) -> float:
    """Run a command of the package and return its seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def in_fresh_process(code: str) -> float:
    """Run Python code that prints a number, and return the number."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT, stdout=subprocess.PIPE
    )
    return float(result.stdout)


def measure_load() -> dict[str, Any]:
    """Load all of MNIST with the package and with Paddle's own reader, in turn."""
    # Importing is not counted.
    timed = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
    ours = "from paddle_mnist.data import load_mnist; " + timed.format("load_mnist()")
    folder = mnist_folder()
    theirs = "; ".join(
        f"MNIST({str(folder / f'{part}-images-idx3-ubyte.gz')!r}, "
        f"{str(folder / f'{part}-labels-idx1-ubyte.gz')!r}, mode={mode!r}, backend='cv2')"
        for part, mode in (("train", "train"), ("t10k", "test"))
    )
    theirs = "from paddle.vision.datasets import MNIST; " + timed.format(theirs)
    pairs = [(in_fresh_process(ours), in_fresh_process(theirs)) for _ in range(3)]
    return {
        "ours": statistics.median(ours for ours, _ in pairs),
        "theirs": statistics.median(theirs for _, theirs in pairs),
        "ratio": statistics.median(theirs / ours for ours, theirs in pairs),
    }


def mnist_folder() -> Path:
    """Where the four gzipped files are."""
    from paddle_mnist.data import load_mnist

    return Path(load_mnist().source.path)


def measure_help() -> dict[str, Any]:
    """How long each command's --help takes."""
    return {
        name: statistics.median(run_command(f"paddle_mnist.{name}", "--help") for _ in range(5))
        for name in COMMANDS
    }


def measure_memory() -> dict[str, Any]:
    """The peak memory of a training of `cnn`, as the system counts it."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["paddle_mnist.train", "--stage", "cnn", "--out", folder]
        process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("error: the training failed")
    unit = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    return {"megabytes": usage.ru_maxrss / unit / MB}


def measure_layers() -> dict[str, Any]:
    """Our convolution and pooling against Paddle's: forward and backward, batch 128, in turn."""
    from paddle_mnist.system.runtime import prepare

    prepare(1)
    import paddle
    from paddle import nn

    from paddle_mnist.models.layers import Convolution, MaxPool

    maps = paddle.rand([128, 32, 26, 26])
    pairs = {
        "convolution": (Convolution(32, 64, 3), nn.Conv2D(32, 64, 3)),
        "pooling": (MaxPool(), nn.MaxPool2D(2)),
    }
    return {
        name: statistics.median(
            seconds_of_step(theirs, maps) / seconds_of_step(ours, maps) for _ in range(9)
        )
        for name, (ours, theirs) in pairs.items()
    }


def seconds_of_step(layer: Callable[[Any], Any], maps: Any) -> float:
    """One forward and backward pass of a layer."""
    maps = maps.detach()
    maps.stop_gradient = False
    started = time.perf_counter()
    layer(maps).sum().backward()
    return time.perf_counter() - started


MEASURES: dict[str, Callable[[], dict[str, Any]]] = {
    "load": measure_load,
    "help": measure_help,
    "memory": measure_memory,
    "layers": measure_layers,
}


def machine() -> str:
    """One line about this machine and what runs on it."""
    import paddle

    versions = {"python": platform.python_version(), "paddle": paddle.__version__}
    return describe_machine("cpu", versions)


def render(results: dict[str, Any]) -> str:
    """The table of all figures but those of the ladder, in Markdown.

    Args:
        results: as `load_results` returns them.
    """
    linear, load = results["linear"]["runs"], results["load"]
    truncated = spread([100 * run["accuracy_truncated"] for run in linear], ".2f")
    cnn = spread([run["seconds"] for run in results["cnn"]["runs"]], ".1f")
    layers = results["layers"]
    lines = [
        f"Measured on {results['machine']}.",
        "",
        "| what | measured |",
        "|---|---|",
        f"| `linear` with its numbers cut off, not rounded: accuracy, % | {truncated} |",
        f"| `cnn`, the whole training | {cnn} s |",
        f"| loading all of MNIST | {load['ours']:.2f} s; `paddle.vision.datasets.MNIST` in the "
        f"same run {load['theirs']:.1f} s, {load['ratio']:.0f} times as long |",
        f"| `--help`, the slowest of the commands | {max(results['help'].values()):.2f} s |",
        f"| peak memory of `train --stage cnn` | {results['memory']['megabytes']:,.0f} MB |",
        f"| `nn.Conv2D` against our `Convolution`, forward and backward | "
        f"{layers['convolution']:.1f} times as long |",
        f"| `nn.MaxPool2D` against our `MaxPool`, forward and backward | "
        f"{layers['pooling']:.1f} times as long |",
    ]
    return "\n".join(lines)


def render_ladder() -> str:
    """The table and the picture of the ladder, in Markdown."""
    return markdown(load_ladder(RESULTS.parent), f"benchmarks/{PICTURE}")


def load_figures() -> dict[str, Any]:
    """What benchmarks/figures.json has."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def load_results() -> dict[str, Any]:
    """What was measured so far, the rows of the ladder included."""
    return {**load_ladder(RESULTS.parent), **load_figures()}


def save_result(name: str, value: dict[str, Any]) -> None:
    """Keep a figure, beside what another process may have measured meanwhile."""
    results = {**load_figures(), name: value, "machine": machine()}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def main() -> None:
    """Measure, save after each figure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MEASURES)}")
    missing = [name for name in MEASURES if name not in load_figures()]
    for name in [] if arguments.print else arguments.names or missing:
        save_result(name, MEASURES[name]())
    texts = {LADDER_MARKS: render_ladder()}
    missing = [name for name in MEASURES if name not in load_figures()]
    missing += [row for row in ("linear", "cnn") if not load_results().get(row, {}).get("runs")]
    if missing:
        print(f"no table of the other figures yet; to be measured: {', '.join(missing)}")
    else:
        texts[FIGURES_MARKS] = render(load_results())
    for marks, text in texts.items():
        print(text)
        for readme in READMES:
            write_between(readme, marks, text)


if __name__ == "__main__":
    main()
