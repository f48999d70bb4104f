"""Measure how far the stages that ship can be trusted, what disturbs them, and what they misread.

    python benchmarks/understanding.py                   measure, and write everything
    python benchmarks/understanding.py --print           measure nothing, only write and draw
    python benchmarks/understanding.py --blind FILE.png  draw the mistakes without any answer
    python benchmarks/understanding.py --opinions FIRST.json SECOND.json

Needs all of MNIST (in the cache, or named by PADDLE_MNIST_DATA). The figures go to
benchmarks/understanding.json, the table into docs/trust.md and its Chinese twin, the curves into
benchmarks/robustness.png, and the mistakes of the stage that is used by default into
benchmarks/mistakes.png.

What people say that a misread digit is, they must say without knowing its label or what was read:
`--blind` draws the mistakes in a random order, numbered. Each of two people writes a JSON file with
what they see, {"1": "4", "2": "9 or 4"}; `--opinions` puts both into benchmarks/opinions.json, by
the index of the test image, and draws the mistakes again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_mnist.system.runtime import prepare

prepare()

import numpy as np
from between_marks import pages, table_head, write_between
from matplotlib.figure import Figure

from paddle_mnist.core.metrics import softmax
from paddle_mnist.data import Mnist, Split, load_mnist
from paddle_mnist.measure.calibration import measure_calibration, validation_share
from paddle_mnist.measure.robustness import DISTURBANCES, SEED, measure_robustness, some_test_images
from paddle_mnist.plots import plot_robustness, save_figure
from paddle_mnist.runs.folder import MODEL, load_record
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import SHIPPED, shipped_run

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "understanding.json"
OPINIONS = ROOT / "benchmarks" / "opinions.json"
CURVES = ROOT / "benchmarks" / "robustness.png"
MISTAKES = ROOT / "benchmarks" / "mistakes.png"
PAGES = pages("trust")
BEGIN, END = "<!-- understanding: benchmarks/understanding.py -->", "<!-- end of understanding -->"
# The strengths whose accuracies the table has.
SHOWN = (("noise", 0.3), ("rotation", 30.0), ("shift", 4.0), ("patch", 8.0))
HEADS = {
    "en": (
        "stage",
        "calibration error, %",
        "temperature",
        "error with it, %",
        "noise 0.3",
        "rotated by 30°",
        "shifted by 4 pixels",
        "patch of 8×8 erased",
    ),
    "zh": (
        "阶段",
        "校准误差（%）",
        "温度",
        "用温度修正后的误差（%）",
        "噪声 0.3",
        "旋转 30°",
        "平移 4 个像素",
        "擦掉 8 × 8 的一块",
    ),
}
NO_FIGURE = "—"

Opinions = dict[str, list[str]]


def all_of_mnist(validation: float | None) -> Mnist:
    """MNIST; nothing else has the test images that are measured on."""
    mnist = load_mnist(validation=validation)
    if not mnist.source.is_mnist or len(mnist.test) != 10_000:
        raise SystemExit("error: all of MNIST is needed; name its folder in PADDLE_MNIST_DATA")
    return mnist


def weights_of(stage: str) -> str:
    """The SHA-256 of a stage's weights that ship."""
    return load_record(shipped_run(stage))["files"][MODEL]


def measure() -> dict[str, Any]:
    """Measure all stages that ship, and find the mistakes of the last one, which is the default."""
    found: dict[str, Any] = {"stages": {}}
    for stage in SHIPPED:
        print(stage, flush=True)
        found["stages"][stage] = measure_stage(stage)
    found["mistakes_of"] = SHIPPED[-1]
    test = all_of_mnist(0.0).test
    found["mistakes"] = mistakes_of(Recognizer.load(shipped_run(SHIPPED[-1])), test)
    return found


def measure_stage(stage: str) -> dict[str, Any]:
    """A stage's calibration, None where it gives no probabilities, and its accuracies."""
    recognizer = Recognizer.load(shipped_run(stage))
    mnist = all_of_mnist(validation_share(recognizer))
    calibration = None
    # The neuron that answers with a number has no probabilities.
    if recognizer.outputs(mnist.test.images[:1]).shape[1] > 1:
        measured = dataclasses.asdict(measure_calibration(recognizer, mnist))
        for trust in (measured["before"], measured["after"]):
            if trust:
                del trust["curve"]  # long, and shown by `evaluate --calibration --plot`
        calibration = measured
    some = some_test_images(mnist)
    accuracies: dict[str, list[list[float]]] = {}
    for name, strength, accuracy in measure_robustness(recognizer, some):
        accuracies.setdefault(name, []).append([strength, accuracy])
    return {
        "weights": weights_of(stage),
        "calibration": calibration,
        "count": len(some.test),
        "robustness": accuracies,
    }


def mistakes_of(recognizer: Recognizer, test: Split) -> list[dict[str, Any]]:
    """The test images that are misread: index, label, what was read, and its probability."""
    probabilities = softmax(recognizer.outputs(test.images))
    digits = probabilities.argmax(axis=1)
    return [
        {
            "index": int(index),
            "label": int(test.labels[index]),
            "read": int(digits[index]),
            "probability": float(probabilities[index].max()),
        }
        for index in np.flatnonzero(digits != test.labels)
    ]


def table(found: dict[str, Any], language: str) -> str:
    """The table of docs/trust.md, in a language."""
    lines = table_head(HEADS[language])
    for stage, row in found["stages"].items():
        cells = [f"`{stage}`", *calibration_cells(row["calibration"])]
        for name, strength in SHOWN:
            cells.append(f"{100 * dict(row['robustness'][name])[strength]:.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def calibration_cells(calibration: dict[str, Any] | None) -> list[str]:
    """Error, temperature, and error with it, as they stand in the table."""
    if calibration is None:
        return 3 * [NO_FIGURE]
    before = f"{100 * calibration['before']['error']:.2f}"
    if calibration["after"] is None:
        return [before, NO_FIGURE, NO_FIGURE]
    after = f"{100 * calibration['after']['error']:.2f}"
    return [before, f"{calibration['temperature']:.2f}", after]


def write_tables(found: dict[str, Any]) -> None:
    """Put the table between its marks."""
    for language, path in PAGES.items():
        write_between(path, (BEGIN, END), table(found, language))


def draw_curves(found: dict[str, Any]) -> Figure:
    """Accuracy against strength: a panel for each disturbance, a line for each stage."""
    accuracies = {
        stage: {name: dict(pairs) for name, pairs in row["robustness"].items()}
        for stage, row in found["stages"].items()
    }
    units = {name: disturbance.unit for name, disturbance in DISTURBANCES.items()}
    (count,) = {row["count"] for row in found["stages"].values()}
    return plot_robustness(accuracies, units, f"accuracy on {count:,} of MNIST's test images")


def blind_order(mistakes: Sequence[dict[str, Any]]) -> list[int]:
    """The indices of the mistakes in the order of the blind picture, whose first number is 1."""
    indices = [mistake["index"] for mistake in mistakes]
    return [int(index) for index in np.random.default_rng(SEED).permutation(indices)]


def draw_grid(images: np.ndarray, titles: Sequence[str], lines: int) -> Figure:
    """Draw large digits, each with a title of so many lines."""
    columns = min(6, len(images))
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.7 * columns, (1.5 + 0.15 * lines) * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    for axes, image, title in zip(grid, images, titles):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=8)
    return figure


def draw_blind(mistakes: Sequence[dict[str, Any]], images: np.ndarray) -> Figure:
    """The mistakes in a random order, with nothing but a number."""
    order = blind_order(mistakes)
    return draw_grid(images[order], [f"{number}" for number in range(1, len(order) + 1)], 1)


def draw_mistakes(
    mistakes: Sequence[dict[str, Any]], images: np.ndarray, opinions: Opinions
) -> Figure:
    """The mistakes with label, reading, and what two people say."""
    indices = [mistake["index"] for mistake in mistakes]
    return draw_grid(images[indices], [title_of(mistake, opinions) for mistake in mistakes], 3)


def title_of(mistake: dict[str, Any], opinions: Opinions) -> str:
    """What stands above a mistake."""
    first, second = opinions.get(str(mistake["index"]), 2 * [NO_FIGURE])
    read = f"{mistake['label']} read as {mistake['read']} ({mistake['probability']:.0%})"
    people = (f"{who}: {said}" for who, said in (("A", first), ("B", second)))
    return "\n".join([read, *(textwrap.shorten(text, 28, placeholder="…") for text in people)])


def combine(
    mistakes: Sequence[dict[str, Any]], first: dict[str, str], second: dict[str, str]
) -> Opinions:
    """From two people's answers, by the number in the blind picture, to answers by index.

    Raises:
        SystemExit: an answer is to a number that is not in the picture.
    """
    order = blind_order(mistakes)
    unknown = (set(first) | set(second)) - {str(number + 1) for number in range(len(order))}
    if unknown:
        raise SystemExit(f"error: there is no number {', '.join(sorted(unknown))} in the picture")
    answers = {
        index: [said.get(str(number), NO_FIGURE) for said in (first, second)]
        for number, index in enumerate(order, 1)
    }
    return {
        str(index): answers[index] for index in sorted(answers) if answers[index] != 2 * [NO_FIGURE]
    }


def load_results() -> dict[str, Any]:
    """What was measured; refused where other weights ship by now.

    Raises:
        SystemExit: nothing was measured, or of other weights.
    """
    if not RESULTS.exists():
        raise SystemExit(f"error: nothing was measured yet; run {Path(__file__).name} alone")
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    old = [stage for stage in SHIPPED if not is_measured(found, stage)]
    if old:
        raise SystemExit(
            f"error: other weights of {', '.join(old)} ship by now; run {Path(__file__).name} alone"
        )
    return found


def agreement(mistakes: Sequence[dict[str, Any]], opinions: Opinions) -> str:
    """How often the two readers name the label first, or think of what the network read."""
    both = neither = understood = 0
    for mistake in mistakes:
        said = opinions.get(str(mistake["index"]), [])
        label_first = [text.startswith(str(mistake["label"])) for text in said]
        both += bool(said) and all(label_first)
        neither += bool(said) and not any(label_first)
        understood += any(str(mistake["read"]) in text for text in said)
    return (
        f"of {len(mistakes)} mistakes, both readers name the label first in {both}, neither in "
        f"{neither}; in {understood} one of them names what the network read"
    )


def is_measured(found: dict[str, Any], stage: str) -> bool:
    """Whether a stage was measured with the weights that ship."""
    return found["stages"].get(stage, {}).get("weights") == weights_of(stage)


def write(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read a JSON file; one that is not there is empty."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--print", action="store_true", help="measure nothing")
    instead.add_argument("--blind", type=Path, metavar="FILE.png", help="draw nothing but mistakes")
    instead.add_argument("--opinions", type=Path, nargs=2, metavar=("FIRST", "SECOND"))
    arguments = parser.parse_args()
    if not (arguments.print or arguments.blind or arguments.opinions):
        write(RESULTS, measure())
    found = load_results()
    mistakes, images = found["mistakes"], all_of_mnist(0.0).test.images
    if arguments.blind:
        save_figure(draw_blind(mistakes, images), arguments.blind)
        return
    if arguments.opinions:
        first, second = (json.loads(path.read_text("utf-8")) for path in arguments.opinions)
        write(OPINIONS, combine(mistakes, first, second))
    write_tables(found)
    save_figure(draw_curves(found), CURVES)
    save_figure(draw_mistakes(mistakes, images, read(OPINIONS)), MISTAKES)
    print(agreement(mistakes, read(OPINIONS)))


if __name__ == "__main__":
    main()
