from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer


def moved(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """By hand, pixel by pixel."""
    result = np.zeros_like(images)
    for number, row, column in np.argwhere(images):
        place = row + rows[number], column + columns[number]
        if all(0 <= index < 28 for index in place):
            result[(number, *place)] = images[number, row, column]
    return result


def rolled(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    pairs = zip(images, rows, columns)
    return np.array([np.roll(image, (row, column), (0, 1)) for image, row, column in pairs])


def picture_with(*places: tuple[int, int]) -> np.ndarray:
    """A picture whose pixels at these places are bright, each in another grey."""
    picture = np.zeros((28, 28), "uint8")
    for number, place in enumerate(places):
        picture[place] = 250 - 7 * number
    return picture


def call(
    answer: Callable[..., Any], images: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> dict[str, Any]:
    """Runs where the answer is: the copies, and whether what was given is changed."""
    before = images.copy()
    copies = answer(images, rows, columns)
    return {"copies": copies, "changed": not np.array_equal(images, before)}


def ask(answer: Answer, images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Any:
    """The copies. A picture printed as numbers is mostly zeros: name its bright pixels instead."""
    places = np.argwhere(images).tolist()
    given = [
        f"images[{n}, {row}, {column}] = {images[n, row, column]}" for n, row, column in places
    ]
    lines = [", ".join(given), f"rows = {rows.tolist()}", f"columns = {columns.tolist()}"]
    found = answer.run(call, images, rows, columns, given="\n".join(lines))
    if found["changed"]:
        answer(images, rows, columns)  # ends the check and says so
    return found["copies"]


def expect_moved(
    answer: Answer, images: np.ndarray, rows: Any, columns: Any, mistakes: Sequence[str]
) -> None:
    rows, columns = np.array(rows, "int64"), np.array(columns, "int64")
    expected = moved(images, rows, columns)
    got = ask(answer, images, rows, columns)
    ways = [(-rows, -columns), (-rows, columns), (rows, -columns)]
    first = rows[:1].repeat(len(rows)), columns[:1].repeat(len(rows))
    known = {
        "wrong_way": [moved(images, *way) for way in ways],
        "swapped": [moved(images, columns, rows)],
        "same_for_all": [moved(images, *first)],
        "wraps_round": [rolled(images, rows, columns)],
    }
    if isinstance(got, np.ndarray) and got.shape == expected.shape:
        for key in mistakes:
            if any(np.array_equal(got, each) for each in known[key]):
                answer.wrong(key)
        tell_other_place(answer, got, images, rows, columns)
    answer.expect(got, expected)


def tell_other_place(
    answer: Answer, got: np.ndarray, images: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> None:
    """Tell where the first pixel has gone that is not where it should be."""
    for number, row, column in np.argwhere(images).tolist():
        level = images[number, row, column]
        to_row, to_column = int(row + rows[number]), int(column + columns[number])
        is_inside = 0 <= to_row < 28 and 0 <= to_column < 28
        if is_inside and got[number, to_row, to_column] != level:
            places = np.argwhere(got[number] == level).tolist()
            answer.wrong(
                "other_place",
                image=number,
                row=row,
                column=column,
                to_row=to_row,
                to_column=to_column,
                level=int(level),
                places=" ".join(f"[{number}, {r}, {c}]" for r, c in places[:4]) or "-",
            )


def check_one(answer: Answer) -> None:
    images = picture_with((12, 14), (13, 14), (13, 15))[np.newaxis]
    expect_moved(answer, images, [5], [-2], ["wrong_way", "swapped"])


def check_each(answer: Answer) -> None:
    images = np.stack([picture_with((14 + k, 12), (14, 13 + k)) for k in range(4)])
    expect_moved(
        answer, images, [3, -4, 0, 6], [1, 5, -6, -2], ["same_for_all", "wrong_way", "swapped"]
    )


def check_edge(answer: Answer) -> None:
    # Of the two pixels of each picture, the first one leaves it.
    places = [
        ((27, 20), (14, 13)),
        ((0, 4), (14, 13)),
        ((15, 27), (14, 13)),
        ((9, 0), (0, 24)),
    ]
    images = np.stack([picture_with(*each) for each in places])
    expect_moved(answer, images, [1, -1, 0, 27], [0, 0, 3, -20], ["wraps_round"])


def check_far(answer: Answer) -> None:
    random = np.random.default_rng(0)
    images = random.integers(1, 256, (6, 28, 28), dtype="uint8")
    rows = np.array([28, -28, 0, 0, 31, -70], "int64")
    columns = np.array([0, 0, 28, -28, -29, 100], "int64")
    error = answer.error_of(images, rows, columns)
    if error:
        answer.wrong("too_far", seen=error.split()[0])
    got = answer(images, rows, columns)
    if isinstance(got, np.ndarray) and got.shape != images.shape:
        answer.wrong("too_far", seen=list(got.shape), got=got)
    if isinstance(got, np.ndarray) and got.any():
        answer.wrong("too_far", seen=f"max = {got.max()}", got=got)
    answer.expect(got, np.zeros_like(images))


def check_none(answer: Answer) -> None:
    image = picture_with((3, 3), (20, 24), (27, 0))[np.newaxis]
    still = np.zeros(1, "int64")
    answer.expect(answer(image, still, still), image)
    answer.expect(answer(image[:0], still[:0], still[:0]), image[:0])
