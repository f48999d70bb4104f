import numpy as np

from paddle_mnist.homework.checking import Answer


def moved(images, rows, columns):
    """By hand, pixel by pixel."""
    result = np.zeros_like(images)
    for number, row, column in np.argwhere(images):
        place = row + rows[number], column + columns[number]
        if all(0 <= index < 28 for index in place):
            result[(number, *place)] = images[number, row, column]
    return result


def rolled(images, rows, columns):
    pairs = zip(images, rows, columns)
    return np.array([np.roll(image, (row, column), (0, 1)) for image, row, column in pairs])


def picture_with(*places):
    """A picture whose pixels at these places are bright, each in another grey."""
    picture = np.zeros((28, 28), "uint8")
    for number, place in enumerate(places):
        picture[place] = 250 - 7 * number
    return picture


def expect_moved(answer, images, rows, columns, mistakes):
    rows, columns = np.array(rows, "int64"), np.array(columns, "int64")
    expected = moved(images, rows, columns)

    def is_wrong_way(got):
        ways = [(-rows, -columns), (-rows, columns), (rows, -columns)]
        return any(np.array_equal(got, moved(images, *way)) for way in ways)

    known = {
        "wrong_way": is_wrong_way,
        "swapped": moved(images, columns, rows),
        "same_for_all": moved(images, rows[:1].repeat(len(rows)), columns[:1].repeat(len(rows))),
        "wraps_round": rolled(images, rows, columns),
    }
    answer.expect(answer(images, rows, columns), expected, {name: known[name] for name in mistakes})


def check_one(answer: Answer) -> None:
    images = picture_with((12, 14), (13, 14), (13, 15))[np.newaxis]
    got = answer(images, np.array([5], "int64"), np.array([-2], "int64"))
    if isinstance(got, np.ndarray) and got.shape == images.shape and not known_move(got, images):
        # A picture printed as numbers is mostly zeros: tell the place of one pixel instead.
        places = [f"({row}, {column})" for row, column in np.argwhere(got[0] == images.max())]
        if places != ["(17, 12)"]:
            facts = {"row": 12, "column": 14, "to_row": 17, "to_column": 12}
            answer.wrong("other_place", **facts, places=", ".join(places) or "-")
    expect_moved(answer, images, [5], [-2], ["wrong_way", "swapped"])


def known_move(got, images):
    ways = [(5, 2), (-5, -2), (-5, 2), (-2, 5)]
    return any(np.array_equal(got, moved(images, [down], [right])) for down, right in ways)


def check_each(answer: Answer) -> None:
    images = np.stack([picture_with((14 + k, 12), (14, 13 + k)) for k in range(4)])
    expect_moved(
        answer, images, [3, -4, 0, 6], [1, 5, -6, -2], ["same_for_all", "wrong_way", "swapped"]
    )


def check_edge(answer: Answer) -> None:
    images = np.stack([picture_with((0, 4), (27, 20), (9, 0), (15, 27), (14, 13))] * 4)
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
