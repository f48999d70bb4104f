"""Measure what several processes gain, and reckon what many would.

    python benchmarks/scaling.py           measure, and write everything
    python benchmarks/scaling.py --quick   a few steps only: to see that it runs
    python benchmarks/scaling.py --print   measure nothing, only write the tables

The figures go to benchmarks/scaling.json, the tables into benchmarks/scaling.md. The machine must
have nothing else to do, and two cores.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np
from between_marks import write_between

from paddle_mnist.parallel.launch import place_of_process, run_together
from paddle_mnist.system.runtime import prepare, set_seed

if TYPE_CHECKING:
    from paddle import nn
    from paddle.optimizer import Optimizer

    from paddle_mnist.core.losses import LossFunction
    from paddle_mnist.parallel.group import Group

FOLDER = Path(__file__).resolve().parent
RESULTS, PAGE = FOLDER / "scaling.json", FOLDER / "scaling.md"
MARKS = {
    name: (f"<!-- {name}: benchmarks/scaling.py -->", f"<!-- end of {name} -->")
    for name in ("machine", "steps", "exchanges", "predictions")
}
STAGES = ("mlp", "cnn", "deep-cnn", "best")
BATCH = 128
NUMBERS = tuple(10**power for power in range(8))
BYTES = 4  # of a float32
WORKERS = (2, 8, 64)
# A usual network between machines; supposed, not measured.
NETWORK = {"latency": 50e-6, "bandwidth": 10e9 / 8}


# What is reckoned


def fit_exchange(sizes: list[int], seconds: list[float]) -> dict[str, float]:
    """Fit seconds = latency + size / bandwidth.

    Each measurement counts by its relative error: otherwise the largest alone would decide.

    Args:
        sizes: bytes, at least two different ones.
        seconds: of an exchange of each.

    Returns:
        latency (seconds), bandwidth (bytes a second), and residual: the root of the mean square of
        the relative errors.
    """
    weights = 1 / np.asarray(seconds)
    slope, latency = np.polyfit(sizes, seconds, 1, w=weights)
    errors = (latency + slope * np.asarray(sizes)) * weights - 1
    return {
        "latency": float(latency),
        "bandwidth": float(1 / slope),
        "residual": float(np.sqrt(np.mean(errors**2))),
    }


def exchange_seconds(size: float, workers: int, latency: float, bandwidth: float) -> float:
    """The time of an all-reduce, in the model.

    Each worker sends and receives 2 (n - 1) / n of the vector, as a ring does, and no algorithm
    can do with less; log2 n times somebody waits for a message, as in a tree. Two workers wait once
    and send the vector once, which is what is measured.

    Args:
        size: bytes of the vector.
        workers: n, 1 or more.
        latency: seconds.
        bandwidth: bytes a second.
    """
    rounds = math.log2(workers)
    return rounds * latency + 2 * (workers - 1) / workers * size / bandwidth


def step_seconds(
    alone: float, workers: int, sizes: list[float], latency: float, bandwidth: float
) -> float:
    """The time of a step in the model: compute, and then each exchange after the other.

    Args:
        alone: seconds that one worker computes for the batch.
        workers: how many share the batch; the work is supposed to divide evenly.
        sizes: bytes of each exchange of a step.
        latency: seconds.
        bandwidth: bytes a second.
    """
    if workers == 1:
        return alone
    times = [exchange_seconds(size, workers, latency, bandwidth) for size in sizes]
    return alone / workers + sum(times)


# What is measured, in each of two processes


def build_steps(stage: str, group: Group) -> dict[str, Callable[[], object]]:
    """Steps of a stage: in one process with the batch, in two with half of it and with one each."""
    import paddle

    from paddle_mnist.core.loop import train_step
    from paddle_mnist.parallel.batch_norm import share_normalization
    from paddle_mnist.parallel.step import parallel_step

    random = set_seed(0)
    images = paddle.to_tensor(random.random((2 * BATCH, 784), dtype=np.float32))
    labels = paddle.to_tensor(random.integers(0, 10, 2 * BATCH))

    def together(count: int) -> Callable[[], object]:
        network, loss, optimizer = parts_of(stage)
        share_normalization(network, group)
        step = parallel_step(network, loss, optimizer, group)
        return lambda: step(images[:count], labels[:count])  # each process takes its half

    network, loss, optimizer = parts_of(stage)
    alone = partial(train_step, network, loss, optimizer)
    network, loss, optimizer = parts_of(stage)
    # Paddle's own engine; its normalisation is not shared.
    parallel = partial(train_step, paddle.DataParallel(network), loss, optimizer)
    return {
        "alone": lambda: alone(images[:BATCH], labels[:BATCH]) if group.is_first else None,
        "half": together(BATCH),
        "whole": together(2 * BATCH),
        "DataParallel": lambda: parallel(images[: BATCH // 2], labels[: BATCH // 2]),
    }


def parts_of(stage: str) -> tuple[nn.Layer, LossFunction, Optimizer]:
    """A new network of a stage, its loss function, and an optimiser that hardly moves it."""
    from paddle_mnist.core.losses import LOSSES
    from paddle_mnist.core.optimizers import build_optimizer
    from paddle_mnist.core.stages import STAGES as RECIPES
    from paddle_mnist.core.stages import build_network

    network, recipe = build_network(stage), RECIPES[stage]
    optimizer = build_optimizer(recipe.optimizer, 1e-4, network.parameters())
    return network, LOSSES[recipe.loss], optimizer


def medians(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each action, in turns; all processes begin each one together."""
    import paddle.distributed

    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds + 1):
        for name, action in actions.items():
            paddle.distributed.barrier()
            started = time.perf_counter()
            action()
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def measure_here(path: Path, rounds: int, largest: int) -> None:
    """Measure, as one of two processes; the first one writes."""
    import paddle
    import paddle.distributed

    from paddle_mnist.parallel.group import join

    group = join(*place_of_process(), device="cpu")
    found: dict[str, Any] = {"steps": {}, "sizes": {}, "exchanges": {}}
    for stage in STAGES:
        steps = build_steps(stage, group)
        found["steps"][stage] = medians(steps, rounds)
        found["sizes"][stage] = exchanged_bytes(stage)
    for count in (count for count in NUMBERS if count <= largest):
        vector = paddle.zeros([count])
        action = {"exchange": lambda vector=vector: paddle.distributed.all_reduce(vector)}
        found["exchanges"][str(count)] = medians(action, 3 * rounds)["exchange"]
    if group.is_first:
        path.write_text(json.dumps(found), encoding="utf-8")


def exchanged_bytes(stage: str) -> list[int]:
    """The bytes of each exchange of a step: gradients, and two for each batch normalisation.

    With the gradients go the loss, how many images were read right, and how many there were.
    """
    from paddle import nn

    from paddle_mnist.core.stages import build_network

    network = build_network(stage)
    gradients = sum(weight.size for weight in network.parameters() if not weight.stop_gradient)
    norms = [
        layer.weight.size
        for layer in network.sublayers()
        if isinstance(layer, (nn.BatchNorm1D, nn.BatchNorm2D))
    ]
    return [BYTES * (gradients + 3)] + [
        size for count in norms for size in (BYTES * (2 * count + 1), BYTES * 2 * count)
    ]


def measure(rounds: int, largest: int) -> dict[str, Any]:
    """Start two processes that measure, and add what tells the machine."""
    import paddle

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        command = [sys.executable, str(Path(__file__).resolve()), "--here", str(path)]
        command += ["--rounds", str(rounds), "--largest", str(largest)]
        if code := run_together(command, 2):
            raise SystemExit(code)
        found = json.loads(path.read_text(encoding="utf-8"))
    found["machine"] = {
        "cores": os.cpu_count(),
        "processor": processor(),
        "paddle": paddle.__version__,
        "rounds": rounds,
    }
    return found


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


# What is written


def tables(found: dict[str, Any]) -> dict[str, str]:
    """The page's tables, by their marks."""
    sizes = [BYTES * int(count) for count in found["exchanges"]]
    seconds = list(found["exchanges"].values())
    line = fit_exchange(sizes, seconds)
    machine = found["machine"]
    return {
        "machine": f"{machine['processor']}, {machine['cores']} cores, Paddle {machine['paddle']}; "
        f"medians of {machine['rounds']} rounds.",
        "steps": steps_table(found, line),
        "exchanges": exchanges_table(sizes, seconds, line),
        "predictions": predictions_table(found, line),
    }


def milliseconds(seconds: float) -> str:
    """Seconds as they stand in a table."""
    return f"{1e3 * seconds:.3g}"


def steps_table(found: dict[str, Any], line: dict[str, float]) -> str:
    """What was measured at one and two processes, and what the model says for two."""
    lines = [
        f"| stage | 1 process, {BATCH} images, ms | 2 processes, {BATCH // 2} each, ms "
        f"| efficiency, % | the model, ms | 2 processes, {BATCH} each, ms | efficiency, % "
        f"| `paddle.DataParallel`, {BATCH // 2} each, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for stage, row in found["steps"].items():
        alone, half, whole = row["alone"], row["half"], row["whole"]
        sizes = found["sizes"][stage]
        model = step_seconds(alone, 2, sizes, line["latency"], line["bandwidth"])
        cells = [milliseconds(alone), milliseconds(half), f"{50 * alone / half:.0f}"]
        cells += [milliseconds(model), milliseconds(whole), f"{100 * alone / whole:.0f}"]
        cells += [milliseconds(row["DataParallel"])]
        lines.append(f"| `{stage}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def exchanges_table(sizes: list[int], seconds: list[float], line: dict[str, float]) -> str:
    """What an all-reduce took, and the line through it."""
    lines = ["| numbers | ms | the line, ms |", "|---|---|---|"]
    for size, second in zip(sizes, seconds):
        on_line = line["latency"] + size / line["bandwidth"]
        lines.append(f"| {size // BYTES:,} | {milliseconds(second)} | {milliseconds(on_line)} |")
    lines += [
        "",
        f"Latency {1e6 * line['latency']:.0f} µs, bandwidth {line['bandwidth'] / 1e9:.2f} GB/s; "
        f"the points are off the line by {100 * line['residual']:.0f}% (root of the mean square).",
    ]
    return "\n".join(lines)


def predictions_table(found: dict[str, Any], line: dict[str, float]) -> str:
    """Efficiency of many workers, at what was measured here and at a supposed network."""
    names = ", ".join(str(count) for count in WORKERS)
    lines = [
        f"| stage | batch | as measured here: {names} workers, % "
        f"| supposed network: {names} workers, % |",
        "|---|---|---|---|",
    ]
    for stage, row in found["steps"].items():
        for name, factor in ((f"{BATCH} in all", 0), (f"{BATCH} each", 1)):
            cells = []
            for speed in (line, NETWORK):
                shares = []
                for count in WORKERS:
                    alone = row["alone"] * (count if factor else 1)
                    step = step_seconds(
                        alone, count, found["sizes"][stage], speed["latency"], speed["bandwidth"]
                    )
                    shares.append(f"{100 * alone / count / step:.0f}")
                cells.append(", ".join(shares))
            lines.append(f"| `{stage}` | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    prepare()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true", help="only write the tables")
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=40, help="of each measurement")
    parser.add_argument("--largest", type=int, default=NUMBERS[-1], help="numbers to exchange")
    arguments = parser.parse_args()
    if arguments.here:
        measure_here(arguments.here, arguments.rounds, arguments.largest)
        return
    if not arguments.print:
        quick = (3, 10**5) if arguments.quick else (arguments.rounds, arguments.largest)
        found = measure(*quick)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, text in tables(json.loads(RESULTS.read_text(encoding="utf-8"))).items():
        write_between(PAGE, MARKS[name], text)


if __name__ == "__main__":
    main()
