"""Measure the figures that no training gives; write all figures into docs/ladder.md and the README.

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
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from between_marks import pages, table_head, write_between

from paddle_mnist.ladder.results import PICTURE
from paddle_mnist.ladder.results import load_results as load_ladder
from paddle_mnist.ladder.results import machine as describe_machine
from paddle_mnist.ladder.table import ENGLISH, markdown, minutes, spread
from paddle_mnist.system.runtime import prepare, processor

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "figures.json"
PAGES = pages("ladder")
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
LADDER_MARKS = "<!-- ladder: python -m paddle_mnist.ladder -->", "<!-- end of ladder -->"
FIGURES_MARKS = "<!-- figures: make bench -->", "<!-- end of figures -->"
ROWS_MARKS = "<!-- rows: make ladder -->", "<!-- end of rows -->"

# The rows of the ladder that the README shows.
ROWS = ("linear", "mlp", "cnn", "tiny", "best")
ROWS_HEADS = {
    "en": ("stage", "parameters", "accuracy on the test images, %", "minutes of training"),
    "zh": ("阶段", "参数个数", "测试图片上的准确率（%）", "训练时间（分钟）"),
}

CHINESE = {
    "heads": "阶段 | 参数个数 | 测试图片上的准确率（%） | 随机种子数 | 轮数 | 分钟 "
    "| 训练方案的来源及其结果 | 与来源相差（百分点）",
    "all of MNIST": "完整的 MNIST，",
    "data": "数据：{}{:,} 张图片用于训练和挑选，{:,} 张用于测试。准确率是多个随机种子的平均值，"
    "括号里是范围；分钟数按每一轮都和最快的一轮一样长计算。",
    "machine": "测试环境：{}。",
    "range": "{}（{}–{}）",
    "up to": "{}（最多 {}）",
    "our validation": "{}（我们的验证集上为 {:.2f}）",
    "ended by hand": "在训练方案本该停止之前手动结束：{}。",
    "not measured": "还没有测：{}。",
    "picture": "测试图片上的错误率，横轴分别是参数个数和分钟数",
    "the PaddlePaddle course, section 2.2; no accuracy given": "飞桨课程 2.2 节；没有给出准确率",
    "the Keras MLP, 98.04%": "Keras 的 MLP，98.04%",
    "the Keras three-block CNN, 98.68%": "Keras 的三段卷积网络，98.68%",
    "the Keras two-convolution CNN, 99.04%": "Keras 的两层卷积网络，99.04%",
    "the Keras tuned CNN, 99.62% on its own validation split": (
        "Keras 的调优卷积网络，在它自己的验证集上 99.62%"
    ),
    "our own; no source": "我们自己的方案；没有来源",
    "the same as published: its learning rate stays constant": (
        "同一方案，与公布的一致：学习率不变"
    ),
    "the same as published, but the epoch is chosen on 5,004 images held out": (
        "与公布的一致，但在留出的 5,004 张图片上挑选最好的一轮"
    ),
}

# The figures besides those of the ladder: what, and how it is told.
FIGURES = {
    "en": {
        "what": "measured",
        "`linear` with its numbers cut off, not rounded: accuracy, %": "{truncated}",
        "`cnn`, the whole training": "{cnn} s",
        "loading all of MNIST": "{ours:.2f} s; `paddle.vision.datasets.MNIST` in the same run "
        "{theirs:.1f} s, {ratio:.0f} times as long",
        "`--help`, the slowest of the commands": "{help:.2f} s",
        "peak memory of `train --stage cnn`": "{megabytes:,.0f} MB",
        "`nn.Conv2D` against our `Convolution`, forward and backward": (
            "{convolution:.1f} times as long"
        ),
        "`nn.MaxPool2D` against our `MaxPool`, forward and backward": "{pooling:.1f} times as long",
    },
    "zh": {
        "项目": "结果",
        "`linear` 的输出直接舍去小数、不四舍五入时的准确率（%）": "{truncated}",
        "`cnn` 的整个训练（秒）": "{cnn}",
        "载入完整的 MNIST": "{ours:.2f} 秒；同一次测试中 `paddle.vision.datasets.MNIST` 用了 "
        "{theirs:.1f} 秒，是前者的 {ratio:.0f} 倍",
        "`--help`，各命令中最慢的": "{help:.2f} 秒",
        "`train --stage cnn` 的内存峰值": "{megabytes:,.0f} MB",
        "`nn.Conv2D` 与我们的 `Convolution` 相比，前向加反向": "时间是 {convolution:.1f} 倍",
        "`nn.MaxPool2D` 与我们的 `MaxPool` 相比，前向加反向": "时间是 {pooling:.1f} 倍",
    },
}

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
    ours = (
        "from paddle_mnist.system.runtime import prepare; prepare(); "
        "from paddle_mnist.data import load_mnist; " + timed.format("load_mnist()")
    )
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
    return describe_machine(f"{os.cpu_count()} cores of an {processor()}", "cpu", versions)


def texts_of(language: str, machines: Iterable[str]) -> dict[str, str]:
    """What is said about the ladder in a language, with the names of machines."""
    if language == "en":
        return ENGLISH
    return {**CHINESE, **{name: machine_in_chinese(name) for name in machines}}


def machine_in_chinese(line: str) -> str:
    """From what `ladder.results.machine` says to the same in Chinese."""
    said = re.fullmatch(r"(\d+) cores of an (.+), (.+); Python (\S+), PaddlePaddle (\S+)", line)
    if said is None:
        raise ValueError(f"{line!r} is not what ladder.results.machine writes")
    cores, processor, device, python, paddle = said.groups()
    device = "没有 GPU" if device == "no GPU" else device
    return f"{cores} 核 {processor}，{device}；Python {python}，PaddlePaddle {paddle}"


def render(results: dict[str, Any], language: str) -> str:
    """The table of all figures but those of the ladder, in Markdown.

    Args:
        results: as `load_results` returns them.
        language: "en" or "zh".
    """
    texts = texts_of(language, [results["machine"]])
    linear, cnn = (results[stage]["runs"] for stage in ("linear", "cnn"))
    truncated = [100 * run["accuracy_truncated"] for run in linear]
    figures = {
        **results["load"],
        **results["layers"],
        **results["memory"],
        "truncated": spread(truncated, ".2f", texts["range"]),
        "cnn": spread([run["seconds"] for run in cnn], ".1f", texts["range"]),
        "help": max(results["help"].values()),
    }
    machine = texts["machine"].format(texts.get(results["machine"], results["machine"])).strip()
    head, *rows = FIGURES[language].items()
    lines = [machine, "", *table_head(head)]
    lines += [f"| {what} | {how.format(**figures)} |" for what, how in rows]
    return "\n".join(lines)


def render_ladder(language: str) -> str:
    """The table and the picture of the ladder, in Markdown."""
    results = load_ladder(RESULTS.parent)
    machines = {run["machine"] for row in results.values() for run in row["runs"]}
    return markdown(results, f"../benchmarks/{PICTURE}", texts_of(language, machines))


def render_rows(language: str) -> str:
    """A few rows of the ladder in few columns, in Markdown."""
    results = load_ladder(RESULTS.parent)
    lines = table_head(ROWS_HEADS[language])
    for name in ROWS:
        row = results[name]
        accuracies = [100 * run["accuracy"] for run in row["runs"]]
        accuracy = spread(accuracies, ".2f", texts_of(language, [])["range"])
        lines.append(f"| `{name}` | {row['parameters']:,} | {accuracy} | {minutes(row):.1f} |")
    return "\n".join(lines)


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
    prepare()
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
    missing = [name for name in MEASURES if name not in load_figures()]
    missing += [row for row in ROWS if not load_results().get(row, {}).get("runs")]
    if missing:
        print(f"no tables of all figures yet; to be measured: {', '.join(missing)}")
    for language in PAGES:
        texts = [(PAGES[language], LADDER_MARKS, render_ladder(language))]
        if not missing:
            texts.append((PAGES[language], FIGURES_MARKS, render(load_results(), language)))
            texts.append((READMES[language], ROWS_MARKS, render_rows(language)))
        for page, marks, text in texts:
            print(text, end="\n\n")
            write_between(page, marks, text)


if __name__ == "__main__":
    main()
