import numpy as np

from paddle_mnist.homework.checking import Answer


def strokes(picture, least, nearest=2, around=False):
    """The places of all ink that is not lonely; nearest=1: corners do not count as near."""
    ink = [tuple(place) for place in np.argwhere(picture >= least)]
    return [place for place in ink if any(near(place, o, picture, nearest, around) for o in ink)]


def near(place, other, picture, nearest, around):
    steps = np.abs(np.subtract(place, other))
    if around:
        steps = np.minimum(steps, np.array(picture.shape) - steps)
    return steps.max() == 1 and steps.sum() <= nearest


def part(picture, places, end=1):
    """The smallest part that holds these places."""
    if len(places) == 0:
        return picture
    (top, left), (bottom, right) = np.min(places, axis=0), np.max(places, axis=0)
    return picture[top : bottom + end, left : right + end]


def wiped(picture, least):
    """Three pictures: without what is no stroke, without specks, without what is faint."""
    stroke = np.zeros(picture.shape, bool)
    stroke[tuple(np.transpose(strokes(picture, least)))] = True
    ink = picture >= least
    return [picture * stroke, picture * (stroke | ~ink), picture * ink]


def expect_part(answer, picture, least, mistakes):
    places = strokes(picture, least)
    expected = part(picture, places)
    known = {
        "last_missing": lambda: part(picture, places, end=0),
        "larger_only": lambda: part(picture, strokes(picture, least + 1)),
        "swapped": lambda: part(picture, [place[::-1] for place in places]),
        "specks_count": lambda: part(picture, np.argwhere(picture >= least)),
        "four_neighbours": lambda: part(picture, strokes(picture, least, nearest=1)),
        "other_edge": lambda: part(picture, strokes(picture, least, around=True)),
        "wiped": lambda: is_wiped,
    }

    def is_wiped(got):
        return any(np.array_equal(got, part(each, places)) for each in wiped(picture, least))

    answer.expect(answer(picture, least), expected, {name: known[name]() for name in mistakes})


def stroke():
    """A stroke in rows 4 to 8 and columns 9 to 11, whose edges are just ink, among faint pixels."""
    picture = np.zeros((14, 18), "uint8")
    picture[3:10, 8:13] = 63
    picture[4:9, 9:12] = 64
    picture[5:8, 10] = 255
    return picture


def check_stroke(answer: Answer) -> None:
    expect_part(answer, stroke(), 64, ["last_missing", "larger_only", "swapped"])


def check_specks(answer: Answer) -> None:
    picture = stroke()
    picture[1, 2] = picture[12, 5] = picture[6, 15] = 200
    expect_part(answer, picture, 64, ["specks_count", "last_missing", "larger_only", "swapped"])


def check_diagonal(answer: Answer) -> None:
    picture = np.zeros((12, 9), "uint8")
    for step in range(5):
        picture[3 + step, 7 - step] = 150
    picture[8, 3] = 150
    expect_part(answer, picture, 150, ["four_neighbours", "last_missing"])


def check_inside(answer: Answer) -> None:
    picture = np.zeros((10, 13), "uint8")
    picture[2, 3:10] = picture[2:8, 3] = picture[7, 3:10] = 180
    picture[4, 5], picture[5, 8], picture[9, 12] = 90, 250, 250
    expect_part(answer, picture, 100, ["wiped", "specks_count"])


def check_border(answer: Answer) -> None:
    picture = np.zeros((11, 8), "uint8")
    picture[5:7, 3:5] = 77
    picture[2, 0] = picture[2, 7] = picture[0, 5] = picture[10, 5] = 77
    expect_part(answer, picture, 70, ["other_edge", "specks_count"])
    full = np.random.default_rng(0).integers(90, 256, (5, 7), dtype="uint8")
    got = answer(full, 90)
    if isinstance(got, np.ndarray) and 0 < got.size < full.size:
        answer.wrong("border_ignored", expected=full, got=got)
    answer.expect(got, full)


def check_nothing(answer: Answer) -> None:
    specks = np.zeros((6, 9), "uint8")
    specks[0, 0] = specks[3, 4] = specks[5, 8] = 255
    blank, one_pixel = np.zeros((6, 9), "uint8"), np.full((1, 1), 200, "uint8")
    for picture in (blank, specks, one_pixel):
        error = answer.error_of(picture, 128)
        if error:
            answer.wrong("no_ink", error=error.split()[0])
        answer.expect(answer(picture, 128), picture)
