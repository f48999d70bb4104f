"""Measure what the stages read of real handwriting, and what each step of the preparation is worth.

    python benchmarks/handwriting.py DIR       measure, and write everything
    python benchmarks/handwriting.py --print   measure nothing, only write tables and picture

DIR is a folder of pictures with `labels.csv`, as for `evaluate --images`; an `optdigits.npz` in it
is measured too. The figures go to benchmarks/handwriting.json, the tables into docs/handwriting.md
and its Chinese twin, and benchmarks/preparation.png shows made photos before and after. The
pictures of DIR are in neither.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from paddle_mnist.system import runtime

runtime.prepare()

import numpy as np
from between_marks import pages, table_head, write_between
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFilter

from paddle_mnist.data import load_mnist
from paddle_mnist.images.preparation import SIZE, prepare
from paddle_mnist.plots import save_figure
from paddle_mnist.runs.folder import load_record
from paddle_mnist.runs.recognizer import Reading, Recognizer
from paddle_mnist.runs.shipped import shipped_run

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "handwriting.json"
PICTURE = ROOT / "benchmarks" / "preparation.png"
PAGES = pages("handwriting")
BEGIN, END = "<!-- handwriting: benchmarks/handwriting.py -->", "<!-- end of handwriting -->"
STAGES = ("linear", "mlp", "cnn", "tiny", "best")
ABLATED = ("best", "cnn")
HEIGHT, WIDTH = 220, 240
HEADS = {
    "en": {
        "stages": (
            "stage",
            "overall, %",
            "mean of the sources, %",
            "optdigits, %",
            "MNIST's test images as they are, %",
            "the same, prepared, %",
        ),
        "ablation": ("preparation", "`{}`, %", "mean, %", "`{}`, %", "mean, %"),
        "coverage": ("`best` is believed from", "accuracy, %", "of the pictures, %"),
    },
    "zh": {
        "stages": (
            "阶段",
            "总体（%）",
            "各来源的平均（%）",
            "optdigits（%）",
            "MNIST 测试图片原样（%）",
            "同样的图片，经过预处理（%）",
        ),
        "ablation": ("预处理", "`{}`（%）", "各来源的平均（%）", "`{}`（%）", "各来源的平均（%）"),
        "coverage": ("`best` 的概率不低于", "准确率（%）", "占全部图片（%）"),
    },
}
# The ways of preparing a picture, as `evaluate --ablation` calls them, in Chinese.
CHINESE = {
    "all steps": "全部步骤",
    "without {}": "不做 {}",
    "stretched to 20x20, not fitted": "拉伸成 20 × 20，不保持长宽比",
    "fitted into 28x28, not 20x20": "缩放到 28 × 28，而不是 20 × 20",
    "box in the middle, not the mass": "外框居中，而不是重心居中",
}


def evaluated(*words: str) -> dict[str, Any]:
    """What `evaluate --json` prints."""
    command = [sys.executable, "-m", "paddle_mnist.evaluate", "--json", *words]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def short(result: dict[str, Any]) -> dict[str, float]:
    """The two figures of a measurement that are shown."""
    return {name: result[name] for name in ("accuracy", "mean_of_sources") if name in result}


def measure(folder: Path) -> dict[str, Any]:
    """Measure all stages that ship, and leave out steps for the best ones."""
    found: dict[str, Any] = {"stages": {}, "ablation": {}, "optdigits": {}}
    for stage in STAGES:
        result = evaluated("--stage", stage, "--images", str(folder))
        found["stages"][stage] = short(result)
        found["count"], found["sources"] = result["count"], len(result["by_source"])
        if stage == "best":
            found["coverage"] = result["coverage"]
        if (folder / "optdigits.npz").exists():
            other = evaluated("--stage", stage, "--images", str(folder / "optdigits.npz"))
            found["optdigits"][stage] = short(other)
            found["optdigits_count"] = other["count"]
    for stage in ABLATED:
        rows = evaluated("--stage", stage, "--images", str(folder), "--ablation")
        found["ablation"][stage] = {name: short(result) for name, result in rows.items()}
    found["mnist"] = measure_mnist()
    return found


def measure_mnist() -> dict[str, Any]:
    """What the preparation costs on MNIST's own test images, which need none."""
    mnist = load_mnist(validation=0.0)
    if not mnist.source.is_mnist:
        raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mnist.npz"
        np.savez(path, images=mnist.test.images, labels=mnist.test.labels)
        for stage in STAGES:
            record = load_record(shipped_run(stage))
            prepared = evaluated("--stage", stage, "--images", str(path))["accuracy"]
            found[stage] = {"as it is": record["test"]["accuracy"], "prepared": prepared}
    return found


def percent(value: float | None) -> str:
    """A share as it stands in a table."""
    return "" if value is None else f"{100 * value:.1f}"


def way_in(language: str, name: str) -> str:
    """What a way of preparing is called in a language."""
    if language == "en":
        return name
    without, _, steps = name.partition("without ")
    return CHINESE[name] if without else CHINESE["without {}"].format(steps.replace(", ", "、"))


def table(found: dict[str, Any], language: str) -> str:
    """The tables of docs/handwriting.md, in a language."""
    heads = HEADS[language]
    lines = table_head(heads["stages"])
    for stage, row in found["stages"].items():
        other, mnist = found["optdigits"].get(stage, {}).get("accuracy"), found["mnist"][stage]
        cells = [percent(cell) for cell in (row["accuracy"], row["mean_of_sources"], other)]
        cells += [f"{100 * mnist[way]:.2f}" for way in ("as it is", "prepared")]
        lines.append(f"| `{stage}` | " + " | ".join(cells) + " |")
    first, second = ABLATED
    names = iter(ABLATED)
    head = [cell.format(next(names)) if "{}" in cell else cell for cell in heads["ablation"]]
    lines += ["", *table_head(head)]
    for name, row in found["ablation"][first].items():
        other = found["ablation"][second][name]
        cells = [row["accuracy"], row["mean_of_sources"]]
        cells += [other["accuracy"], other["mean_of_sources"]]
        cells = [percent(cell) for cell in cells]
        lines.append(f"| {way_in(language, name)} | " + " | ".join(cells) + " |")
    lines += ["", *table_head(heads["coverage"])]
    for row in found["coverage"]:
        cells = (percent(row["accuracy"]), percent(row["coverage"]))
        lines.append(f"| {row['threshold']:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_tables(found: dict[str, Any]) -> None:
    """Put the tables between their marks."""
    for language, path in PAGES.items():
        write_between(path, (BEGIN, END), table(found, language))


def made_photos() -> dict[str, Image.Image]:
    """Digits of the sample on the kinds of paper that people have, by name."""
    images = load_mnist("sample").test.images
    random = np.random.default_rng(0)
    marks = {name: Image.new("L", (WIDTH, HEIGHT), 0) for name in ("ruled", "squared", "framed")}
    pens = {name: ImageDraw.Draw(mark) for name, mark in marks.items()}
    for row in range(15, HEIGHT, 38):
        pens["ruled"].line([(0, row + 4), (WIDTH, row - 4)], fill=170, width=2)
    for place in range(8, WIDTH, 26):
        pens["squared"].line([(0, place), (WIDTH, place)], fill=100, width=2)
        pens["squared"].line([(place, 0), (place, HEIGHT)], fill=100, width=2)
    pens["framed"].rectangle([30, 14, 216, 204], outline=230, width=3)
    down, across = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    even = np.full((HEIGHT, WIDTH), 225.0)
    photos = {}
    for number, name in enumerate(
        ("clean", "ruled", "squared", "framed", "shade", "fine pen", "thick pen", "desk")
    ):
        ink = Image.new("L", (WIDTH, HEIGHT), 0)
        large = Image.fromarray(images[number]).resize((96, 96), Image.Resampling.BICUBIC)
        left, top = (int(place) for place in random.integers((40, 24), (116, 92)))
        ink.paste(large, (left, top))
        ink = ink.point(lambda level: min(255, max(0, 3 * (level - 85))))
        if name == "fine pen":
            ink = ink.filter(ImageFilter.MinFilter(7))
        if name == "thick pen":
            ink = ink.filter(ImageFilter.MaxFilter(9))
        drawn = np.maximum(ink, marks.get(name, Image.new("L", (WIDTH, HEIGHT), 0))) / 255
        light = 235 - 150 * (0.6 * down + 0.4 * across) if name == "shade" else even.copy()
        if name == "desk":
            light[-24:] = 70
        levels = light * (1 - drawn) + np.minimum(light, 50) * drawn
        levels = levels + random.normal(0, 3, levels.shape)
        photos[name] = Image.fromarray(np.rint(levels.clip(0, 255)).astype(np.uint8))
    return photos


def draw_photos() -> Figure:
    """Each made photo, as a whole shrunk to 28x28, and after all steps, with what `best` reads."""
    reader = Recognizer.load(shipped_run("best"))
    photos = made_photos()
    labels = load_mnist("sample").test.labels
    figure = Figure(figsize=(1.25 * len(photos), 4.4), layout="constrained")
    for column, (label, (name, photo)) in enumerate(zip(labels, photos.items())):
        small = 255 - np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
        ways: tuple[Reading, ...] = tuple(reader.read(np.stack([small, prepare(photo)])))
        rows = (("a made photo", np.asarray(photo), name, "black"),) + tuple(
            (way, reading.image, f"{reading.digit}", "black" if reading.digit == label else "red")
            for way, reading in zip(("resized", "all steps"), ways)
        )
        for row, (way, pixels, title, color) in enumerate(rows):
            axes = figure.add_subplot(3, len(photos), row * len(photos) + column + 1)
            axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            axes.set_title(title, color=color, fontsize=11)
            if column == 0:
                axes.set_ylabel(way)
    return figure


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR")
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    if arguments.folder:
        found = measure(arguments.folder.absolute())
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    elif not arguments.print:
        parser.error("name a folder of pictures, or give --print")
    write_tables(json.loads(RESULTS.read_text(encoding="utf-8")))
    save_figure(draw_photos(), PICTURE)


if __name__ == "__main__":
    main()
