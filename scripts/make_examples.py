"""Draw the example pictures in `work/`: digits as a hand writes them, on light paper.

Nothing is copied from MNIST or from anybody's handwriting. A digit is a few strokes, given as
points that a smooth curve goes through; a slow wobble, a slant and a changing pen width make it
look written. All random numbers are seeded, so the same versions of NumPy and Pillow draw the
same pictures.

Usage: python scripts/make_examples.py [FOLDER]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# Points in a box of height 1, x to the right and y down. A new stroke begins at a sharp corner.
STROKES = {
    0: [
        [(0.50, 0.03), (0.26, 0.10), (0.07, 0.42), (0.12, 0.82), (0.36, 0.99), (0.62, 0.84)]
        + [(0.70, 0.46), (0.60, 0.12), (0.42, 0.02), (0.33, 0.08)]
    ],
    1: [[(0.33, 0.16), (0.40, 0.10), (0.46, 0.01)], [(0.46, 0.01), (0.44, 0.50), (0.42, 1.0)]],
    2: [
        [(0.10, 0.24), (0.22, 0.06), (0.46, 0.0), (0.66, 0.16), (0.59, 0.43), (0.34, 0.74)]
        + [(0.07, 0.96)],
        [(0.07, 0.96), (0.24, 0.93), (0.48, 0.97), (0.76, 0.93)],
    ],
    3: [
        [(0.12, 0.13), (0.34, 0.0), (0.60, 0.10), (0.58, 0.32), (0.32, 0.46)],
        [(0.32, 0.46), (0.60, 0.53), (0.69, 0.74), (0.50, 0.96), (0.24, 0.98), (0.06, 0.86)],
    ],
    4: [
        [(0.40, 0.0), (0.25, 0.30), (0.06, 0.62)],
        [(0.06, 0.62), (0.40, 0.61), (0.78, 0.57)],
        [(0.58, 0.28), (0.56, 0.65), (0.53, 1.0)],
    ],
    5: [
        [(0.68, 0.02), (0.45, 0.05), (0.20, 0.05)],
        [(0.20, 0.05), (0.17, 0.22), (0.13, 0.43)],
        [(0.13, 0.43), (0.40, 0.35), (0.65, 0.50), (0.66, 0.78), (0.42, 0.99), (0.08, 0.90)],
    ],
    6: [
        [(0.56, 0.0), (0.30, 0.22), (0.11, 0.58), (0.16, 0.89), (0.40, 1.0), (0.62, 0.84)]
        + [(0.58, 0.60), (0.36, 0.53), (0.15, 0.72)]
    ],
    7: [
        [(0.06, 0.08), (0.38, 0.08), (0.72, 0.04)],
        [(0.72, 0.04), (0.52, 0.42), (0.34, 1.0)],
    ],
    8: [
        [(0.60, 0.12), (0.38, 0.0), (0.16, 0.15), (0.26, 0.37), (0.50, 0.55), (0.63, 0.78)]
        + [(0.41, 1.0), (0.14, 0.86), (0.18, 0.65), (0.43, 0.45), (0.62, 0.26), (0.58, 0.10)]
    ],
    9: [
        [(0.64, 0.18), (0.44, 0.01), (0.16, 0.15), (0.16, 0.41), (0.38, 0.51), (0.58, 0.38)]
        + [(0.65, 0.16)],
        [(0.65, 0.16), (0.63, 0.52), (0.55, 1.0)],
    ],
}
SMOOTH = 4  # the pen is drawn this many times larger and then reduced
BLUE, BLACK, PENCIL, VIOLET = (38, 56, 130), (28, 26, 30), (72, 72, 76), (70, 40, 110)
WHITE, CREAM, GREYISH = (247, 247, 245), (244, 238, 222), (222, 224, 228)


class Example(NamedTuple):
    """One picture: lengths in pixels, the pen's width as a share of the digit's height."""

    file: str
    digit: int
    size: tuple[int, int]  # (width, height)
    height: int
    corner: tuple[int, int]  # (x, y) of the digit's box
    pen: float
    slant: float
    ink: tuple[int, int, int]
    paper: tuple[int, int, int]


EXAMPLES = (
    Example("example_0.jpg", 0, (320, 400), 230, (80, 70), 0.075, 0.12, BLUE, WHITE),
    Example("example_1.jpg", 1, (300, 300), 190, (95, 60), 0.080, 0.14, BLACK, CREAM),
    Example("example_2.jpg", 2, (480, 420), 260, (190, 90), 0.065, 0.08, BLUE, WHITE),
    Example("example_3.jpg", 3, (200, 240), 150, (40, 50), 0.090, 0.04, BLACK, GREYISH),
    Example("example_4.jpg", 4, (640, 480), 300, (240, 70), 0.060, 0.06, VIOLET, WHITE),
    Example("example_5.jpg", 5, (160, 160), 100, (50, 25), 0.085, 0.10, BLACK, WHITE),
    Example("example_6.jpg", 6, (400, 600), 280, (110, 210), 0.070, 0.02, PENCIL, CREAM),
    Example("example_7.jpg", 7, (900, 700), 420, (180, 130), 0.060, 0.05, BLUE, GREYISH),
    Example("example_8.jpg", 8, (360, 360), 220, (60, 80), 0.075, 0.10, BLACK, WHITE),
    Example("example_9.jpg", 9, (280, 420), 210, (90, 110), 0.065, 0.06, BLUE, CREAM),
    Example("example_3_photo.jpg", 3, (720, 900), 380, (200, 190), 0.055, 0.10, BLUE, GREYISH),
    Example("example_7_small.png", 7, (60, 64), 38, (15, 12), 0.095, 0.08, BLACK, WHITE),
    Example("example_4_transparent.png", 4, (256, 256), 170, (70, 40), 0.085, 0.08, BLACK, WHITE),
)


def smooth_curve(points: list[tuple[float, float]]) -> np.ndarray:
    """Return `[M, 2]` points of the Catmull-Rom spline that goes through `points`.

    Source: Catmull and Rom, A class of local interpolating splines, 1974.
    """
    p = np.array(points)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])  # a neighbour for each end
    t = np.linspace(0, 1, 60, endpoint=False)[:, None]
    pieces = [
        b
        + t / 2 * (c - a)
        + t**2 / 2 * (2 * a - 5 * b + 4 * c - d)
        + t**3 / 2 * (3 * (b - c) + d - a)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:])
    ]
    return np.vstack([*pieces, p[-2]])


def wobble(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Bend the plane a little with slow waves; points that touch stay together."""
    moved = points.copy()
    for _ in range(3):
        wave, phase = random.normal(0, 0.5, 2), random.uniform(0, 2 * np.pi)
        move = random.normal(0, 0.012, 2)
        moved += np.sin(2 * np.pi * points @ wave + phase)[:, None] * move
    return moved


def draw_ink(example: Example, random: np.random.Generator) -> np.ndarray:
    """Return how much ink lies on each pixel: float `[H, W]` in 0…1."""
    strokes = [smooth_curve(points) for points in STROKES[example.digit]]
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    strokes = np.split(wobble(np.vstack(strokes), random), ends)  # one wobble for all
    mask = Image.new("L", tuple(SMOOTH * side for side in example.size))
    pen = ImageDraw.Draw(mask)
    for stroke in strokes:
        x = stroke[:, 0] + example.slant * (0.5 - stroke[:, 1])
        x, y = SMOOTH * (
            np.array(example.corner)[:, None] + example.height * np.stack([x, stroke[:, 1]])
        )
        along = np.linspace(0, 1, len(x))
        pressure = 1 + 0.16 * np.sin(2 * np.pi * (along * 1.3 + random.uniform()))
        pressure *= np.minimum(1, 0.7 + 3 * np.minimum(along, 1 - along))  # ends are thinner
        for cx, cy, r in zip(x, y, SMOOTH * example.height * example.pen / 2 * pressure):
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    mask = mask.resize(example.size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.5))
    return np.asarray(mask) / 255


def clouds(size: tuple[int, int], cells: int, random: np.random.Generator) -> np.ndarray:
    """Return slow random shade: float `[H, W]`, about -1…1; `cells` patches on a side."""
    noise = Image.fromarray(random.normal(0, 0.5, (cells, cells)).astype(np.float32))
    return np.asarray(noise.resize(size, Image.Resampling.BICUBIC))


def draw_paper(example: Example, random: np.random.Generator) -> np.ndarray:
    """Return the empty sheet: float `[H, W, 3]` in 0…255, with slight shade and grain."""
    width, height = example.size
    shade = 4 * clouds(example.size, 4, random) + random.normal(0, 1.2, (height, width))
    if "photo" in example.file:  # light from the upper left, and a shadow in one corner
        down, right = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        shade = shade - 75 * (0.6 * right + 0.4 * down) - 45 * np.clip(right + down - 1.3, 0, 1)
    return np.array(example.paper) + shade[:, :, None]


def draw_example(example: Example, seed: int) -> Image.Image:
    """Draw one picture: the ink over the paper, or the ink alone where the name says so."""
    random = np.random.default_rng(seed)
    ink = draw_ink(example, random)
    if "transparent" in example.file:  # black everywhere; only the alpha channel shows the digit
        alpha = Image.fromarray(np.rint(255 * ink).astype(np.uint8))
        black = Image.new("L", example.size)
        return Image.merge("RGBA", (black, black, black, alpha))
    paper = draw_paper(example, random)
    ink = (ink * (0.94 + 0.06 * clouds(example.size, 40, random)))[:, :, None]
    # Ink darkens whatever light the paper gets, so shade lies over the ink too.
    page = paper * (1 - ink * (1 - np.array(example.ink) / example.paper))
    return Image.fromarray(np.rint(np.clip(page, 0, 255)).astype(np.uint8))


def main(folder: Path) -> None:
    """Write all pictures and their `labels.csv` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, example in enumerate(EXAMPLES):
        options = {"quality": 85} if example.file.endswith(".jpg") else {"optimize": True}
        draw_example(example, seed).save(folder / example.file, **options)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label"])
        writer.writerows([example.file, example.digit] for example in EXAMPLES)
    print(f"{len(EXAMPLES)} pictures and labels.csv written to {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "work")
