from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer

ROWS, COLUMNS = np.mgrid[0:28, 0:28]


def centre_of(picture: np.ndarray) -> tuple[float, float]:
    """The centre of mass: its row and its column."""
    ink = picture.astype("float64")
    return (ROWS * ink).sum() / ink.sum(), (COLUMNS * ink).sum() / ink.sum()


def moved(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    # Right as long as no ink leaves the picture, and in the checks none does.
    return np.roll(picture, (down, right), axis=(0, 1))


def centred(picture: np.ndarray) -> np.ndarray:
    """Try all moves, and keep the one after which the centre is nearest to the middle."""
    moves = range(-14, 15)
    nearest = [min(moves, key=lambda move: abs(place + move - 14)) for place in centre_of(picture)]
    return moved(picture, *nearest)


def call(answer: Callable[..., Any], picture: np.ndarray) -> dict[str, Any]:
    """Runs where the answer is: the copy, and whether what was given is changed."""
    before = picture.copy()
    copy = answer(picture)
    return {"copy": copy, "changed": not np.array_equal(picture, before)}


def ask(answer: Answer, picture: np.ndarray, given: str) -> Any:
    """The copy. A picture printed as numbers is mostly zeros: `given` names its ink instead."""
    found = answer.run(call, picture, given=given)
    if found["changed"]:
        answer(picture)  # ends the check and says so
    return found["copy"]


def is_picture(got: Any) -> bool:
    return isinstance(got, np.ndarray) and got.shape == (28, 28)


def expect_centred(answer: Answer, got: Any, picture: np.ndarray) -> None:
    expected = centred(picture)
    if is_picture(got) and got.any() and not np.array_equal(got, expected):
        (row, column), (to_row, to_column) = centre_of(got), centre_of(expected)
        if abs(row - to_row) + abs(column - to_column) > 0.1:
            facts = {"row": row, "column": column, "to_row": to_row, "to_column": to_column}
            answer.wrong("not_in_middle", **facts)
    answer.expect(got, expected)


def check_faint(answer: Answer) -> None:
    picture = np.zeros((28, 28), "uint8")
    # So faint that no sum overflows, even one of uint8. Centre: row 11.4, column 17.6.
    picture[10, 17], picture[16, 22], picture[18, 18] = 8, 1, 1
    moves = {  # instead of (3, -4)
        "wrong_way": [(-3, 4)],
        "swapped": [(-4, 3)],
        "middle_of_box": [(0, -5), (0, -6)],  # of rows 10 to 18, columns 17 to 22
        "every_pixel_alike": [(-1, -5)],  # for the centre (14.67, 19)
        "cut_not_rounded": [(2, -3), (3, -3)],
        "other_middle": [(2, -4)],
        "counted_from_one": [(2, -5)],  # for the centre (12.4, 18.6), or the middle 13
    }
    given = "picture[10, 17] = 8, picture[16, 22] = 1, picture[18, 18] = 1"
    got = ask(answer, picture, given)
    if is_picture(got):
        for key, known in moves.items():
            if any(np.array_equal(got, moved(picture, *move)) for move in known):
                answer.wrong(key)
    expect_centred(answer, got, picture)


def check_bright(answer: Answer) -> None:
    picture = np.zeros((28, 28), "uint8")
    picture[6:16, 5:8], picture[6:9, 8:15] = 250, 190
    got = ask(answer, picture, "picture[6:16, 5:8] = 250, picture[6:9, 8:15] = 190")
    if is_picture(got) and not np.array_equal(got, centred(picture)):
        answer.wrong("overflow")
    answer.expect(got, centred(picture))


def check_blank(answer: Answer) -> None:
    blank = np.zeros((28, 28), "uint8")
    error = answer.error_of(blank)
    if error:
        answer.wrong("blank", error=error.split()[0])
    answer.expect(answer(blank), blank)


def check_random(answer: Answer) -> None:
    random = np.random.default_rng(0)
    done = 0
    while done < 50:
        height, width = random.integers(1, 14, 2)
        top, left = random.integers(0, 29 - height), random.integers(0, 29 - width)
        picture = np.zeros((28, 28), "uint8")
        stroke = random.integers(0, 256, (height, width)) * (random.random((height, width)) < 0.7)
        picture[top : top + height, left : left + width] = stroke
        if picture.any() and all(abs(place % 1 - 0.5) > 0.01 for place in centre_of(picture)):
            given = f"picture[{top}:{top + height}, {left}:{left + width}] = 0…255"
            expect_centred(answer, ask(answer, picture, given), picture)
            done += 1
