from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer

WIDTH, HEIGHT = 120, 100


def write_and_read(answer: Callable[..., Any], pixels: np.ndarray, name: str) -> Any:
    """Runs where the answer is: write an array of pixels into a file, and have it read."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / name)
        Image.fromarray(pixels).save(path)
        return answer(path)


def prepare(answer: Answer, pixels: np.ndarray, name: str) -> Any:
    """What the answer makes of a picture; its name says what there is to be seen."""
    return answer.run(write_and_read, pixels, name, given=f'path = "…/{name}"')


def draw(paper: Any, ink: Any) -> np.ndarray:
    """A cross of strokes, 12 pixels wide, as uint8 [100, 120], or [100, 120, 3] for colours."""
    pixels = np.full((HEIGHT, WIDTH, *np.shape(paper)), paper, dtype=np.uint8)
    pixels[20:80, 54:66] = ink
    pixels[44:56, 30:90] = ink
    return pixels


def draw_thick(paper: int, ink: int) -> np.ndarray:
    """A stroke as thick as two fifths of the picture, as uint8 [100, 120]."""
    pixels = np.full((HEIGHT, WIDTH), paper, dtype=np.uint8)
    pixels[20:80, 20:100] = ink
    return pixels


def white_on_black(pixels: np.ndarray, paper_is_light: bool) -> np.ndarray:
    """What has to come out: resized by Pillow, and turned where the paper is light."""
    small = Image.fromarray(pixels).convert("L").resize((28, 28), Image.Resampling.LANCZOS)
    levels = np.asarray(small).astype(int)
    return (255 - levels if paper_is_light else levels).astype(np.uint8)[np.newaxis]


def border_of(image: Any) -> float:
    levels = np.asarray(image, dtype=float).reshape(28, 28)
    return float(np.median([*levels[0], *levels[-1], *levels[:, 0], *levels[:, -1]]))


def is_picture(got: Any) -> bool:
    return type(got) is np.ndarray and got.size == 784 and bool(np.isfinite(got).all())


def expect_nearly(answer: Answer, got: Any, expected: np.ndarray) -> None:
    # Turning before or after the resizing may make a difference of 1 by rounding.
    if is_picture(got) and got.shape == expected.shape and got.dtype == expected.dtype:
        difference = np.abs(got.astype(int) - expected.astype(int))
        if difference.max() <= 2:
            return
    answer.expect(got, expected)


def tell_two_levels(answer: Answer, got: Any) -> None:
    levels: list[Any] = list(np.unique(got)) if is_picture(got) else []
    if len(levels) == 2:
        answer.wrong("only_two_levels", levels=" / ".join(str(level) for level in levels))


def check_paper(answer: Answer) -> None:
    for paper, ink in ((240, 30), (145, 60)):
        pixels = draw(paper, ink)
        got = prepare(answer, pixels, f"paper_{paper}_ink_{ink}.png")
        if is_picture(got):
            border, lightest = border_of(got), float(got.max())
            if 0 < lightest <= 1.01 and got.dtype.kind == "f":
                answer.wrong("scaled_already", lightest=lightest)
            if border > 127:
                answer.wrong("ink_everywhere", mean=float(got.mean()), border=border)
            if lightest < 127:
                answer.wrong("ink_is_lost", lightest=lightest)
        tell_two_levels(answer, got)
        expected = white_on_black(pixels, paper_is_light=True)
        if is_picture(got) and got.shape == expected.shape and got.dtype == expected.dtype:
            difference = np.abs(got.astype(int) - expected.astype(int)).max()
            if difference > 2:
                answer.wrong("other_picture", difference=int(difference))
        expect_nearly(answer, got, expected)


def check_board(answer: Answer) -> None:
    for board, chalk in ((40, 220), (110, 235)):
        pixels = draw(board, chalk)
        got = prepare(answer, pixels, f"board_{board}_chalk_{chalk}.png")
        if is_picture(got) and border_of(got) > 127:
            answer.wrong("board_spoiled", border=border_of(got))
        expect_nearly(answer, got, white_on_black(pixels, paper_is_light=False))


def check_blank(answer: Answer) -> None:
    for name, level in (("paper", 255), ("paper", 250), ("board", 30)):
        sheet = draw(level, level)
        got = prepare(answer, sheet, f"blank_{name}_{level}.png")
        if name == "paper" and is_picture(got) and got.mean() > 127:
            answer.wrong("blank_is_ink", mean=float(got.mean()))
        expect_nearly(answer, got, white_on_black(sheet, paper_is_light=name == "paper"))


def check_greys(answer: Answer) -> None:
    for ink in (0, 100, 210):
        pixels = draw(250, ink)
        got = prepare(answer, pixels, f"paper_250_ink_{ink}.png")
        middle = got.reshape(28, 28)[14, 14] if is_picture(got) else 255
        if middle < 10:
            answer.wrong("black_becomes_paper", level=int(middle))
        tell_two_levels(answer, got)
        expect_nearly(answer, got, white_on_black(pixels, paper_is_light=True))


def check_colours(answer: Answer) -> None:
    pixels = draw(paper=(250, 240, 120), ink=(40, 60, 200))
    got = prepare(answer, pixels, "blue_ink_on_yellow_paper.png")
    expect_nearly(answer, got, white_on_black(pixels, paper_is_light=True))


def check_thick(answer: Answer) -> None:
    # The mean of the whole picture lies on the other side of 127 than the paper.
    for name, paper, ink in (("paper", 140, 0), ("board", 110, 250)):
        pixels = draw_thick(paper, ink)
        got = prepare(answer, pixels, f"{name}_{paper}_thick_stroke_{ink}.png")
        if is_picture(got) and border_of(got) > 127:
            mean, border = float(pixels.mean()), border_of(got)
            answer.wrong("judged_by_all", paper=paper, ink=ink, mean=mean, border=border)
        expect_nearly(answer, got, white_on_black(pixels, paper_is_light=name == "paper"))


def photo_of(digit: np.ndarray, paper: int, pen: int) -> np.ndarray:
    """A digit [28, 28] four times as large, drawn on paper: uint8 [112, 112]."""
    ink = np.asarray(Image.fromarray(digit).resize((112, 112), Image.Resampling.BICUBIC)) / 255
    return np.rint(paper + (pen - paper) * ink).astype(np.uint8)


def check_digits(answer: Answer) -> None:
    sample = load_mnist("sample")
    digits, labels = sample.validation.images[:40], sample.validation.labels[:40]
    # Every fourth is chalk on a board.
    is_light = np.arange(40) % 4 != 0
    photos = [
        photo_of(digit, *((235, 20) if light else (35, 240)))
        for digit, light in zip(digits, is_light)
    ]
    prepared = []
    for photo, light, label in zip(photos, is_light, labels):
        name = f"{label}_on_paper.png" if light else f"{label}_on_board.png"
        prepared.append(prepare(answer, photo, name))
        expect_nearly(answer, prepared[-1], white_on_black(photo, light))
    train = sample.train.take(slice(2000))
    means = np.stack([train.images[train.labels == digit].mean(axis=0) for digit in range(10)])
    distances = [((means - image[0]) ** 2).sum(axis=(1, 2)) for image in prepared]
    answer.note("reached", accuracy=float((np.argmin(distances, axis=1) == labels).mean()))
