import numpy as np

from paddle_mnist.homework.checking import Answer

ROWS, COLUMNS = np.mgrid[0:28, 0:28]


def centre_of(picture):
    """The centre of mass: its row and its column."""
    ink = picture.astype("float64")
    return (ROWS * ink).sum() / ink.sum(), (COLUMNS * ink).sum() / ink.sum()


def moved(picture, down, right):
    # Right as long as no ink leaves the picture, and in the checks none does.
    return np.roll(picture, (down, right), axis=(0, 1))


def centred(picture):
    """Try all moves, and keep the one after which the centre is nearest to the middle."""
    moves = range(-14, 15)
    nearest = [min(moves, key=lambda move: abs(place + move - 14)) for place in centre_of(picture)]
    return moved(picture, *nearest)


def check_faint(answer: Answer) -> None:
    picture = np.zeros((28, 28), "uint8")
    # So faint that no sum overflows, even one of uint8. Centre: row 11.4, column 17.6.
    picture[11, 17], picture[11, 22], picture[15, 18] = 8, 1, 1
    moves = {  # instead of (3, -4)
        "wrong_way": [(-3, 4)],
        "swapped": [(-4, 3)],
        "middle_of_box": [(1, -5), (1, -6)],  # of rows 11 to 15, columns 17 to 22
        "every_pixel_alike": [(2, -5)],  # for the centre (12.33, 19)
        "cut_not_rounded": [(2, -3), (3, -3)],
        "other_middle": [(2, -4)],
    }
    got, expected = answer(picture), centred(picture)
    if isinstance(got, np.ndarray) and got.shape == expected.shape:
        for key, known in moves.items():
            if any(np.array_equal(got, moved(picture, *move)) for move in known):
                answer.wrong(key)
        if got.any() and not np.array_equal(got, expected):
            # A picture printed as numbers is mostly zeros: tell where its ink is instead.
            (row, column), (to_row, to_column) = centre_of(got), centre_of(expected)
            facts = {"row": row, "column": column, "to_row": to_row, "to_column": to_column}
            answer.wrong("not_in_middle", **facts)
    answer.expect(got, expected)


def check_bright(answer: Answer) -> None:
    picture = np.zeros((28, 28), "uint8")
    picture[6:16, 5:8], picture[6:9, 8:15] = 250, 190
    answer.expect(answer(picture), centred(picture), {"overflow": lambda got: True})


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
            answer.expect(answer(picture), centred(picture))
            done += 1
