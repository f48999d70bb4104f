from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_mnist.data import Split, load_mnist
from paddle_mnist.homework.checking import Answer

Part = tuple[np.ndarray, np.ndarray]

NAMES = ("train", "validation", "test")
COUNT = 1003


def given(count: int, seed: int) -> str:
    """What the answer gets, in a few words of any language."""
    return f"images [{count}, 28, 28], labels [{count}], np.random.default_rng({seed})"


def split_few(answer: Callable[..., Any], count: int) -> Any:
    """Runs where the answer is: the parts themselves."""
    sample = load_mnist("sample").train.take(slice(count))
    return answer(sample.images.copy(), sample.labels.copy(), np.random.default_rng(5))


def nearest_accuracy(train: Part, part: Part) -> float:
    """The share of a part that is read right; 0 where there is nothing to read or compare."""
    if not len(train[0]) or not len(part[0]):
        return 0.0
    one, other = (np.asarray(images).reshape(-1, 784) / 255.0 for images in (part[0], train[0]))
    distances = (other**2).sum(axis=1) - 2 * one @ other.T  # [N, M]
    return float((train[1][distances.argmin(axis=1)] == part[1]).mean())


def split_many(answer: Callable[..., Any], count: int, seed: int) -> dict[str, Any]:
    """Runs where the answer is: which pictures are in each part, with which labels."""
    sample = load_mnist("sample").train.take(slice(count))
    numbers = {image.tobytes(): number for number, image in enumerate(sample.images)}
    images, labels = sample.images.copy(), sample.labels.copy()
    parts = answer(images, labels, np.random.default_rng(seed))
    same = {
        "images": np.array_equal(images, sample.images),
        "labels": np.array_equal(labels, sample.labels),
    }
    changed = [name for name, is_same in same.items() if not is_same]
    found: dict[str, Any] = {"changed": changed}
    for name, (images, labels) in zip(NAMES, parts):
        places = [numbers.get(image.tobytes(), -1) for image in images]
        found[name] = {"numbers": places, "labels": [int(label) for label in labels]}
    train, *others = parts
    accuracies = [nearest_accuracy(train, part) for part in others]
    return {**found, "accuracy": dict(zip(NAMES[1:], accuracies))}


def measured(answer: Answer) -> dict[str, Any]:
    # Once for all checks.
    if "parts" not in answer.memory:
        answer.memory["parts"] = answer.run(split_many, COUNT, 0, given=given(COUNT, 0))
    return answer.memory["parts"]


def in_right_form(part: Any, sample: Split) -> Part:
    """This part as it should be; another one where it cannot be a part."""
    images, labels = part if isinstance(part, (list, tuple)) and len(part) == 2 else (None, None)
    if not isinstance(images, np.ndarray) or images.shape[1:] != (28, 28):
        return sample.images[:2], sample.labels[:2]
    if not isinstance(labels, np.ndarray) or labels.shape != (len(images),):
        return images.astype("uint8"), sample.labels[: len(images)]
    return images.astype("uint8"), labels.astype("int64")


def check_form(answer: Answer) -> None:
    sample = load_mnist("sample").train
    got = answer.run(split_few, 13, given=given(13, 5))
    parts = [*got, None, None, None] if isinstance(got, (list, tuple)) else [None] * 3
    # Which pictures they are is drawn at random: only the form can be expected.
    answer.expect(got, tuple(in_right_form(part, sample) for part in parts[:3]))


def check_apart(answer: Answer) -> None:
    found = measured(answer)
    accuracy = found["accuracy"]
    answer.note("reached", **accuracy)
    train, validation, test = (set(found[name]["numbers"]) - {-1} for name in NAMES)
    if test & train:
        answer.wrong(
            "test_in_training",
            common=len(test & train),
            size=len(test),
            accuracy=accuracy["test"],
        )
    if validation & train:
        answer.wrong(
            "validation_in_training",
            common=len(validation & train),
            size=len(validation),
            accuracy=accuracy["validation"],
        )
    if validation & test:
        answer.wrong("validation_in_test", common=len(validation & test), size=len(validation))


def check_labels(answer: Answer) -> None:
    found = measured(answer)
    truth = load_mnist("sample").train.labels
    pairs = [
        (truth[number], label)
        for name in NAMES
        for number, label in zip(found[name]["numbers"], found[name]["labels"])
        if number >= 0
    ]
    wrong = sum(int(own != label) for own, label in pairs)
    if wrong:
        answer.wrong("labels_mixed", wrong=wrong, size=len(pairs), **found["accuracy"])


def check_whole(answer: Answer) -> None:
    found = measured(answer)
    numbers = [number for name in NAMES for number in found[name]["numbers"]]
    known = [number for number in numbers if number >= 0]
    twice = len(known) - len(set(known))
    if twice:
        answer.wrong("picture_twice", twice=twice)
    lost = COUNT - len(known)
    if lost:
        answer.wrong("pictures_lost", lost=lost, size=COUNT)
    fifth = COUNT // 5
    expected = {"train": COUNT - 2 * fifth, "validation": fifth, "test": fifth}
    sizes = {name: len(found[name]["numbers"]) for name in NAMES}
    if sizes != expected:
        wanted = {f"expected_{name}": size for name, size in expected.items()}
        answer.wrong("wrong_sizes", **sizes, **wanted)


def check_drawn(answer: Answer) -> None:
    first = measured(answer)
    again = answer.run(split_many, COUNT, 0, given=given(COUNT, 0))
    if any(again[name]["numbers"] != first[name]["numbers"] for name in NAMES):
        answer.wrong("other_generator")
    others = answer.run(split_many, COUNT, 1, given=given(COUNT, 1))
    common = {
        name: len(set(others[name]["numbers"]) & set(first[name]["numbers"])) for name in NAMES[1:]
    }
    fifth = COUNT // 5
    # By chance a fifth of them: 40 of 200.
    if max(common.values()) > fifth / 2:
        answer.wrong("always_the_same", size=fifth, chance=fifth // 5, **common)


def check_unchanged(answer: Answer) -> None:
    for argument in measured(answer)["changed"]:
        answer.wrong("changed_input", argument=argument)
