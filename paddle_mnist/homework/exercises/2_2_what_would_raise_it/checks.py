from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from paddle_mnist.data import load_mnist
from paddle_mnist.homework.checking import Answer
from paddle_mnist.homework.comparing import kind_of, shorten

Neurons = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

# What counts as a clear rise: two points.
CLEAR = 0.02
WRONGLY_CHOSEN = {
    "a": "longer_training",
    "b": "least_squares",
    "d": "not_scaled",
    "f": "second_neuron",
}
MISSING = {"c": "cut_off_missing", "e": "ten_missing"}
LETTERS = "abcdef"
SEEDS = (0, 1, 2)


def check_letters(answer: Answer) -> None:
    got = answer()
    if got is None:
        answer.wrong("nothing")
    if not isinstance(got, (list, tuple)):
        answer.wrong("kind", expected_kind="list", got_kind=kind_of(got))
    if not got:
        answer.wrong("empty")
    for letter in got:
        if not isinstance(letter, str) or letter not in list(LETTERS):
            answer.wrong("unknown_letter", letter=shorten(letter))
    answer.memory["letters"] = set(got)


def check_measured(answer: Answer) -> None:
    letters, accuracy = answer.memory["letters"], measure()
    raising = {letter for letter in LETTERS if accuracy[letter] - accuracy["now"] > CLEAR}
    for letter in sorted(letters - raising):
        answer.wrong(WRONGLY_CHOSEN[letter], now=accuracy["now"], then=accuracy[letter])
    for letter in sorted(raising - letters):
        answer.wrong(MISSING[letter])
    # Only now: before, they would give the answer away.
    answer.note("now", accuracy=accuracy["now"])
    for letter in LETTERS:
        answer.note(f"with_{letter}", accuracy=accuracy[letter])


@cache
def measure() -> dict[str, float]:
    """The accuracy as it is now, and with each change: a mean over the seeds."""
    sample = load_mnist("sample")
    pixels = sample.train.images.reshape(-1, 784).astype("float32") / 255  # [3500, 784]
    rows, labels = pixels[:2500], sample.train.labels[:2500]
    unseen = np.concatenate([pixels[2500:], norm(sample.validation.images)])  # [1500, 784]
    true = np.concatenate([sample.train.labels[2500:], sample.validation.labels])
    targets = labels[:, None].astype("float32")  # [2500, 1]

    def share(
        numbers: np.ndarray, to_digits: Callable[[np.ndarray], np.ndarray] = np.rint
    ) -> float:
        return float((np.clip(to_digits(numbers), 0, 9)[:, :, 0] == true).mean())

    now, longer = train(rows, targets, epochs=100, keep=(50, 100))
    large = train(rows * 255, targets, epochs=50)[-1]
    ten = train(rows, np.eye(10, dtype="float32")[labels], epochs=50)[-1]
    two = train(rows, targets, epochs=50, second_neuron=True)[-1]
    with np.errstate(all="ignore"):
        overflowed = np.nan_to_num(say(large, unseen * 255))
    return {
        "now": share(say(now, unseen)),
        "a": share(say(longer, unseen)),
        "b": share(least_squares(rows, labels, unseen)),
        "c": share(say(now, unseen), to_digits=np.trunc),
        "d": share(overflowed),
        "e": float((say(ten, unseen).argmax(axis=2) == true).mean()),
        "f": share(say(two, unseen)),
    }


def norm(images: np.ndarray) -> np.ndarray:
    return images.reshape(-1, 784).astype("float32") / 255


def say(parameters: Neurons, rows: np.ndarray) -> np.ndarray:
    """What the neurons of all seeds say: [seeds, N, K]."""
    weights, bias, factor, addition = parameters
    return (rows @ weights + bias) * factor + addition


def train(
    rows: np.ndarray,
    targets: np.ndarray,
    epochs: int,
    keep: tuple[int, ...] = (),
    second_neuron: bool = False,
    rate: float = 0.001,
    batch: int = 16,
) -> list[Neurons]:
    """Gradient descent as in chapter 2, for all seeds at once; weights [seeds, 784, K]."""
    count = targets.shape[1]
    generators = [np.random.default_rng(seed) for seed in SEEDS]

    def draw(ins: int, outs: int) -> np.ndarray:
        limit = np.sqrt(6 / (ins + outs))
        drawn = [generator.uniform(-limit, limit, (ins, outs)) for generator in generators]
        return np.array(drawn, dtype="float32")

    weights, bias = draw(784, count), np.zeros((len(SEEDS), 1, count), "float32")
    factor, addition = np.ones_like(bias), np.zeros_like(bias)
    if second_neuron:
        factor = draw(1, 1)
    kept = []
    with np.errstate(all="ignore"):
        for epoch in range(1, epochs + 1):
            order = np.array([generator.permutation(len(rows)) for generator in generators])
            for start in range(0, len(rows), batch):
                chosen = order[:, start : start + batch]
                images = rows[chosen]  # [seeds, N, 784]
                first = images @ weights + bias  # [seeds, N, K]
                errors = first * factor + addition - targets[chosen]  # [seeds, N, K]
                errors *= np.float32(2 * rate / chosen.shape[1])
                back = errors * factor
                if second_neuron:
                    factor = factor - (errors * first).sum(axis=1, keepdims=True)
                    addition = addition - errors.sum(axis=1, keepdims=True)
                weights = weights - images.transpose(0, 2, 1) @ back
                bias = bias - back.sum(axis=1, keepdims=True)
            finite = np.isfinite(weights).all()
            if epoch in keep or epoch == epochs or not finite:
                kept.append((weights, bias, factor, addition))
            if not finite:
                break
    return kept


def least_squares(rows: np.ndarray, labels: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """What the best single neuron says: [1, N, 1]."""
    known, new = (
        np.column_stack([part, np.ones(len(part))]).astype("float64") for part in (rows, unseen)
    )
    best = np.linalg.lstsq(known.T @ known, known.T @ labels, rcond=1e-10)[0]  # [785]
    return (new @ best)[None, :, None]
