"""Measure every figure that the README shows, and write them there.

    python benchmarks/figures.py            measure what benchmarks/figures.json has not yet
    python benchmarks/figures.py cnn load   measure these again
    python benchmarks/figures.py --print    measure nothing, only write the tables

Needs all of MNIST (in the cache, or named by PADDLE_MNIST_DATA). Each training is a process of its
own, as a learner starts it. Times are those of one machine, and noisy: two things are compared in
one run, as a ratio.
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

from paddle_mnist.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "figures.json"
READMES = (ROOT / "README.md", ROOT / "README.zh.md")
BEGIN, END = "<!-- figures: make bench -->", "<!-- end of figures -->"

SEEDS = {"linear": 3, "mlp": 3, "cnn": 5, "deep-cnn": 1, "dropout-cnn": 1}
COMMANDS = ("train", "evaluate", "predict")
MB = 1024  # ru_maxrss counts KiB


def run_command(*words: str) -> float:
    """Run a command of the package and return its seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure_stage(stage: str) -> dict[str, Any]:
    """Train a stage once for each seed."""
    runs = []
    for seed in range(SEEDS[stage]):
        with tempfile.TemporaryDirectory() as folder:
            run_command(
                "paddle_mnist.train", "--stage", stage, "--seed", str(seed), "--out", folder
            )
            record = json.loads((Path(folder) / "run.json").read_text())
        if record["data"]["train"] + record["data"]["validation"] != 60_000:
            raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
        epochs = [row["seconds"] for row in record["history"]]
        run = {**record["test"], "seconds": record["seconds"], "epochs": len(epochs)}
        runs.append({**run, "seconds_per_epoch": statistics.median(epochs)})
        print(f"{stage}, seed {seed}: {run['accuracy']:.4f} in {run['seconds']:.1f} s", flush=True)
    return {"runs": runs}


def in_fresh_process(code: str) -> float:
    """Run Python code that prints a number, and return the number."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT, stdout=subprocess.PIPE
    )
    return float(result.stdout)


def measure_load() -> dict[str, Any]:
    """Load all of MNIST with the package, and the training part with Paddle's own reader."""
    timed = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
    ours = "from paddle_mnist.data import load_mnist; load_mnist()"
    folder = mnist_folder()
    theirs = "; ".join(
        f"MNIST({str(folder / f'{part}-images-idx3-ubyte.gz')!r}, "
        f"{str(folder / f'{part}-labels-idx1-ubyte.gz')!r}, mode={mode!r}, backend='cv2')"
        for part, mode in (("train", "train"), ("t10k", "test"))
    )
    theirs_code = "from paddle.vision.datasets import MNIST; " + timed.format(theirs)
    pairs = [(in_fresh_process(timed.format(ours)), in_fresh_process(theirs_code)) for _ in "123"]
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
    from paddle_mnist.runtime import prepare

    prepare(1)
    import paddle
    from paddle import nn

    from paddle_mnist.models.convolution import Convolution
    from paddle_mnist.models.pooling import MaxPool

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


def machine() -> str:
    """One line about this machine and what runs on it."""
    import paddle

    model = platform.processor() or platform.machine()
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return (
        f"{os.cpu_count()} cores of an {model}, no GPU; Python {platform.python_version()}, "
        f"PaddlePaddle {paddle.__version__}"
    )


MEASURES: dict[str, Callable[[], dict[str, Any]]] = {
    **{stage: lambda stage=stage: measure_stage(stage) for stage in SEEDS},
    "load": measure_load,
    "help": measure_help,
    "memory": measure_memory,
    "layers": measure_layers,
}


def spread(values: list[float], form: str) -> str:
    """A mean with its range: `99.24 (99.18–99.30)`, or the one value."""
    mean = format(statistics.mean(values), form)
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):{form}}–{max(values):{form}})"


def ladder(results: dict[str, Any]) -> list[str]:
    """The table of the stages."""
    lines = [
        "| stage | parameters | epochs | accuracy on the test images, % | seeds | training, s "
        "| the recipe's source, and its figure |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, stage in STAGES.items():
        runs = results.get(name, {}).get("runs", [])
        row = ["not measured yet", "–", "–"]
        if runs:
            accuracy = spread([100 * run["accuracy"] for run in runs], ".2f")
            seconds = spread([run["seconds"] for run in runs], ".0f")
            row = [accuracy, str(len(runs)), seconds]
        epochs = f"up to {stage.epochs}" if stage.early_stopping else str(stage.epochs)
        cells = [f"`{name}`", f"{stage.parameters:,}", epochs, *row, stage.source]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def others(results: dict[str, Any]) -> list[str]:
    """The table of all other figures."""
    linear, load = results["linear"]["runs"], results["load"]
    truncated = spread([100 * run["accuracy_truncated"] for run in linear], ".2f")
    epoch = statistics.median(run["seconds_per_epoch"] for run in linear)
    layers = results["layers"]
    return [
        "| what | measured |",
        "|---|---|",
        f"| `linear` with its numbers cut off, not rounded: accuracy, % | {truncated} |",
        f"| `linear`, one epoch at batch 16 | {epoch:.1f} s |",
        f"| loading all of MNIST | {load['ours']:.2f} s; `paddle.vision.datasets.MNIST` in the "
        f"same run {load['theirs']:.1f} s, {load['ratio']:.0f} times as long |",
        f"| `--help`, the slowest of the commands | {max(results['help'].values()):.2f} s |",
        f"| peak memory of `train --stage cnn` | {results['memory']['megabytes']:,.0f} MB |",
        f"| `nn.Conv2D` against our `Convolution`, forward and backward | "
        f"{layers['convolution']:.1f} times as long |",
        f"| `nn.MaxPool2D` against our `MaxPool`, forward and backward | "
        f"{layers['pooling']:.1f} times as long |",
    ]


def render(results: dict[str, Any]) -> str:
    """All tables, in Markdown."""
    title = f"Measured on {results['machine']}. Mean, and in brackets the range over the seeds."
    return "\n".join([title, "", *ladder(results), "", *others(results)])


def write_into(readme: Path, text: str) -> None:
    """Put the tables between the two marks in a README."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Measure, save after each figure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MEASURES)}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    names = arguments.names or [name for name in MEASURES if name not in results]
    for name in [] if arguments.print else names:
        results[name] = MEASURES[name]()
        results["machine"] = machine()
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    text = render(results)
    print(text)
    for readme in READMES:
        write_into(readme, text)


if __name__ == "__main__":
    main()
