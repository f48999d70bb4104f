from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer

Place = tuple[int, ...]


def strokes(picture: np.ndarray, least: int, nearest: int = 2, around: bool = False) -> list[Place]:
    """The places of all ink that is not lonely; nearest=1: corners do not count as near."""
    ink = [tuple(place) for place in np.argwhere(picture >= least)]
    return [place for place in ink if any(near(place, o, picture, nearest, around) for o in ink)]


def near(place: Place, other: Place, picture: np.ndarray, nearest: int, around: bool) -> bool:
    steps = np.abs(np.subtract(place, other))
    if around:
        steps = np.minimum(steps, np.array(picture.shape) - steps)
    return bool(steps.max() == 1 and steps.sum() <= nearest)


def is_within(place: Place, picture: np.ndarray) -> bool:
    """Whether a place is not at the edge of the picture."""
    return all(0 < index < size - 1 for index, size in zip(place, picture.shape))


def part(picture: np.ndarray, places: Any, row_end: int = 1, column_end: int = 1) -> np.ndarray:
    """The smallest part that holds these places."""
    if len(places) == 0:
        return picture
    (top, left), (bottom, right) = np.min(places, axis=0), np.max(places, axis=0)
    return picture[top : bottom + row_end, left : right + column_end]


def wiped(picture: np.ndarray, least: int) -> list[np.ndarray]:
    """Three pictures: without what is no stroke, without specks, without what is faint."""
    stroke = np.zeros(picture.shape, bool)
    stroke[tuple(np.transpose(strokes(picture, least)))] = True
    ink = picture >= least
    return [picture * stroke, picture * (stroke | ~ink), picture * ink]


def expect_part(answer: Answer, picture: np.ndarray, least: int, mistakes: Sequence[str]) -> None:
    places = strokes(picture, least)
    expected = part(picture, places)
    ends = [(0, 0), (0, 1), (1, 0)]
    known = {
        "last_missing": lambda: [part(picture, places, *end) for end in ends],
        "larger_only": lambda: [part(picture, strokes(picture, least + 1))],
        "swapped": lambda: [part(picture, [place[::-1] for place in places])],
        "specks_count": lambda: [part(picture, np.argwhere(picture >= least))],
        "four_neighbours": lambda: [part(picture, strokes(picture, least, nearest=1))],
        "border_ignored": lambda: [part(picture, [p for p in places if is_within(p, picture)])],
        "other_edge": lambda: [part(picture, strokes(picture, least, around=True))],
        "wiped": lambda: [part(each, places) for each in wiped(picture, least)],
    }
    got = answer(picture, least)
    for key in mistakes:
        if isinstance(got, np.ndarray) and any(np.array_equal(got, one) for one in known[key]()):
            answer.wrong(key, expected=expected, got=got)
    answer.expect(got, expected)


# No picture has more than 40 pixels, so that all of them are shown when something is wrong.
def check_stroke(answer: Answer) -> None:
    # A stroke in rows 1 to 4 and columns 2 to 4, whose edges are just ink, among faint pixels.
    picture = np.zeros((6, 6), "uint8")
    picture[0:6, 1:6] = 63
    picture[1:5, 2:5] = 64
    picture[2:4, 3] = 255
    expect_part(answer, picture, 64, ["last_missing", "larger_only", "swapped"])


def check_specks(answer: Answer) -> None:
    picture = np.zeros((5, 8), "uint8")
    picture[1:4, 3:5] = 150
    picture[0, 1] = picture[1, 6] = picture[4, 6] = 200
    expect_part(answer, picture, 64, ["specks_count", "last_missing"])


def check_diagonal(answer: Answer) -> None:
    picture = np.zeros((6, 6), "uint8")
    for step in range(3):
        picture[1 + step, 4 - step] = 150
    picture[4, 2] = 150
    expect_part(answer, picture, 150, ["four_neighbours", "last_missing"])


def check_inside(answer: Answer) -> None:
    picture = np.zeros((5, 8), "uint8")
    picture[0, 1:6] = picture[:, 1] = picture[4, 1:6] = 180
    picture[2, 3], picture[2, 4], picture[2, 7] = 90, 250, 250
    expect_part(answer, picture, 100, ["border_ignored", "wiped", "specks_count"])


def check_border(answer: Answer) -> None:
    picture = np.zeros((6, 6), "uint8")
    picture[2:4, 2:4] = 77
    picture[4, 0] = picture[4, 5] = picture[0, 3] = picture[5, 3] = 77
    expect_part(answer, picture, 70, ["other_edge"])
    full = np.random.default_rng(0).integers(90, 256, (5, 7), dtype="uint8")
    got = answer(full, 90)
    if isinstance(got, np.ndarray) and 0 < got.size < full.size:
        answer.wrong("border_ignored", expected=full, got=got)
    answer.expect(got, full)


def check_nothing(answer: Answer) -> None:
    specks = np.zeros((4, 7), "uint8")
    specks[0, 0] = specks[2, 3] = specks[3, 6] = 255
    blank, one_pixel = np.zeros((4, 7), "uint8"), np.full((1, 1), 200, "uint8")
    for picture in (blank, specks, one_pixel):
        error = answer.error_of(picture, 128)
        if error:
            answer.wrong("no_ink", error=error.split()[0])
        answer.expect(answer(picture, 128), picture)
