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
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
BEGIN, END = "<!-- figures: make bench -->", "<!-- end of figures -->"

HELD_OUT = "0.0834"  # of 60,000: 5,004 images
# Each row of the ladder: its stage, what is asked for besides, and how many seeds.
ROWS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "linear": ("linear", (), 3),
    "mlp": ("mlp", (), 3),
    "cnn": ("cnn", (), 5),
    "deep-cnn": ("deep-cnn", (), 3),
    "deep-cnn --best-weights": ("deep-cnn", ("--best-weights", "--validation", HELD_OUT), 3),
    "deep-cnn --schedule one-cycle": ("deep-cnn", ("--schedule", "one-cycle"), 3),
    "dropout-cnn": ("dropout-cnn", (), 3),
    "best": ("best", (), 1),
}
VARIANTS = {
    "deep-cnn --best-weights": "the same, but the epoch is chosen on 5,004 images held out",
    "deep-cnn --schedule one-cycle": "the same, but the learning rate rises and falls",
}
COMMANDS = ("train", "evaluate", "predict")
MB = 1024  # ru_maxrss counts KiB


def run_command(*words: str) -> float:
    """Run a command of the package and return its seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def train(stage: str, *options: str) -> dict[str, Any]:
    """Train a stage in a process of its own, and return its run.json."""
    with tempfile.TemporaryDirectory() as folder:
        run_command("paddle_mnist.train", "--stage", stage, *options, "--out", folder)
        record = json.loads((Path(folder) / "run.json").read_text())
    if record["data"]["train"] + record["data"]["validation"] != 60_000:
        raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
    return record


def measure_row(name: str) -> dict[str, Any]:
    """Train a row of the ladder once for each seed; seeds that were measured before stay."""
    stage, options, seeds = ROWS[name]
    runs = load_results().get(name, {}).get("runs", [])
    for seed in range(len(runs) if len(runs) < seeds else 0, seeds):
        record = train(stage, *options, "--seed", str(seed))
        runs = [*runs[:seed], {"seed": seed, "seconds": record["seconds"], **record["test"]}]
        save_result(name, {"runs": runs})
        accuracy, seconds = record["test"]["accuracy"], record["seconds"]
        print(f"{name}, seed {seed}: {accuracy:.4f} in {seconds:.1f} s", flush=True)
    return {"runs": runs}


def measure_epochs() -> dict[str, Any]:
    """The seconds that one epoch of each stage takes, while nothing else runs."""
    return {stage: train(stage, "--epochs", "1")["seconds"] for stage in STAGES}


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
    **{name: lambda name=name: measure_row(name) for name in ROWS},
    "epochs": measure_epochs,
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
        "| stage | parameters | accuracy on the test images, % | seeds | epochs "
        "| seconds an epoch | minutes | the recipe's source, and its figure |",
        "|---|---|---|---|---|---|---|---|",
    ]
    names = [*ROWS, *(stage for stage in STAGES if stage not in ROWS)]
    for name in names:
        stage = STAGES[name.split()[0]]
        runs = results.get(name, {}).get("runs", [])
        accuracy = (
            spread([100 * run["accuracy"] for run in runs], ".2f") if runs else "not measured"
        )
        seconds = results["epochs"][name.split()[0]]
        up_to = "up to " if stage.early_stopping else ""
        times = [f"{up_to}{stage.epochs}", f"{seconds:.1f}"]
        times.append(f"{up_to}{stage.epochs * seconds / 60:.1f}")
        source = stage.source if name in STAGES else VARIANTS[name]
        cells = [f"`{name}`", f"{stage.parameters:,}", accuracy, str(len(runs)), *times, source]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def others(results: dict[str, Any]) -> list[str]:
    """The table of all other figures."""
    linear, load = results["linear"]["runs"], results["load"]
    truncated = spread([100 * run["accuracy_truncated"] for run in linear], ".2f")
    cnn = spread([run["seconds"] for run in results["cnn"]["runs"]], ".1f")
    layers = results["layers"]
    return [
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


def render(results: dict[str, Any]) -> str:
    """All tables, in Markdown."""
    title = f"Measured on {results['machine']}. Mean, and in brackets the range over the seeds."
    return "\n".join([title, "", *ladder(results), "", *others(results)])


def write_into(readme: Path, text: str) -> None:
    """Put the tables between the two marks in a README."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def load_results() -> dict[str, Any]:
    """What was measured so far."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def unfinished(results: dict[str, Any]) -> list[str]:
    """What has not been measured yet, or not over all seeds."""
    runs = {name: len(results.get(name, {}).get("runs", [])) for name in ROWS}
    return [
        name
        for name in MEASURES
        if name not in results or (name in ROWS and runs[name] < ROWS[name][2])
    ]


def save_result(name: str, value: dict[str, Any]) -> None:
    """Keep a figure, beside what another process may have measured meanwhile."""
    results = {**load_results(), name: value, "machine": machine()}
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
    for name in [] if arguments.print else arguments.names or unfinished(load_results()):
        save_result(name, MEASURES[name]())
    missing = unfinished(load_results())
    if missing:
        raise SystemExit(f"error: no tables yet; still to be measured: {', '.join(missing)}")
    text = render(load_results())
    print(text)
    for readme in READMES:
        write_into(readme, text)


if __name__ == "__main__":
    main()
