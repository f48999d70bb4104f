"""Calibration: answers known by hand and from theory, and honest refusals."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import paddle
import pytest
from paddle import nn

from paddle_mnist.core.metrics import softmax
from paddle_mnist.data import Split, fingerprint, load_mnist
from paddle_mnist.measure.calibration import (
    cross_entropy_of,
    expected_calibration_error,
    fit_temperature,
    measure_calibration,
    measure_reliability,
    reliability_curve,
)
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.system.errors import UsageError

SEVERAL = 5_000


def sure_of(digits: list[int], confidences: list[float]) -> np.ndarray:
    """Probabilities [N, 10] that give each digit its confidence, and all others the same rest."""
    rows = np.repeat((1 - np.array(confidences))[:, np.newaxis] / 9, 10, axis=1)
    rows[np.arange(len(digits)), digits] = confidences
    return rows


@functools.lru_cache(maxsize=1)
def honest_logits() -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is right exactly as often as it says, and drawn labels."""
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (SEVERAL, 10))
    return logits, drawn(logits, random)


def drawn(logits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A label for each row of logits, drawn with the probabilities that they stand for."""
    chances = softmax(logits).cumsum(axis=1)
    labels = (random.uniform(size=(len(logits), 1)) > chances).sum(axis=1)
    return np.minimum(labels, 9)  # the last sum may be a little below 1


def test_the_error_is_counted_as_by_hand():
    # Of 10 bins: 0.9 to 1 holds 0.95 (right) and 0.91 (wrong), 0.5 to 0.6 holds 0.6 (right).
    probabilities = sure_of([3, 4, 5], [0.95, 0.91, 0.6])
    labels = np.array([3, 0, 5])
    expected = 2 / 3 * abs(1 / 2 - 0.93) + 1 / 3 * abs(1 - 0.6)
    assert expected_calibration_error(probabilities, labels, bins=10) == pytest.approx(expected)
    filled = {round(row.low, 1): row for row in reliability_curve(probabilities, labels, 10)}
    assert {low: row.count for low, row in filled.items() if row.count} == {0.5: 1, 0.9: 2}
    assert (filled[0.9].confidence, filled[0.9].accuracy) == pytest.approx((0.93, 0.5))
    assert (filled[0.1].confidence, filled[0.1].accuracy) == (None, None)


def test_the_bins_share_out_all_readings_from_0_to_1():
    probabilities = sure_of([1, 2, 3], [1.0, 0.5, 0.1])
    curve = reliability_curve(probabilities, np.array([1, 2, 3]), bins=2)
    assert [(row.low, row.high, row.count) for row in curve] == [(0, 0.5, 2), (0.5, 1, 1)]


@pytest.mark.parametrize("share, error", [(1.0, 0.0), (0.7, 0.3), (0.0, 1.0)])
def test_who_is_always_sure_errs_by_the_share_of_mistakes(share, error):
    labels = np.array([0] * round(100 * share) + [1] * round(100 - 100 * share))
    probabilities = sure_of(100 * [0], 100 * [1.0])
    assert expected_calibration_error(probabilities, labels) == pytest.approx(error)


def test_the_cross_entropy_is_that_of_paddle():
    logits = np.random.default_rng(0).normal(0, 5, (50, 10))
    labels = np.arange(50) % 10
    paddles = nn.functional.cross_entropy(paddle.to_tensor(logits), paddle.to_tensor(labels))
    assert cross_entropy_of(logits, labels) == pytest.approx(float(paddles))
    # Paddle stops at 64, and exp of these would overflow: this is 1000 less the label's score.
    assert cross_entropy_of(np.array([[1000.0, 200] + 8 * [-1000.0]]), np.array([1])) == 800


def test_a_network_that_is_right_as_often_as_it_says_needs_no_temperature():
    logits, labels = honest_logits()
    assert fit_temperature(logits, labels) == pytest.approx(1, abs=0.05)
    # Chance alone leaves about the mean over bins of sqrt(p(1 - p) / n).
    assert expected_calibration_error(softmax(logits), labels) < 0.02


@pytest.mark.parametrize("factor", [0.25, 3, 40])
def test_the_temperature_is_the_factor_that_made_a_network_too_sure(factor):
    logits, labels = honest_logits()
    temperature = fit_temperature(factor * logits, labels)
    assert temperature == pytest.approx(factor * fit_temperature(logits, labels), rel=1e-6)
    split = Split(np.zeros((SEVERAL, 28, 28), np.uint8), labels)
    before = measure_reliability(factor * logits, split)
    after = measure_reliability(factor * logits, split, temperature)
    assert before.error > 0.1 > 0.02 > after.error
    assert after.loss < before.loss
    digits = (factor * logits).argmax(axis=1)
    assert (digits == (factor * logits / temperature).argmax(axis=1)).all()


def test_no_other_temperature_has_a_lower_cross_entropy():
    logits, labels = honest_logits()
    temperature = fit_temperature(3 * logits, labels)
    lowest = cross_entropy_of(3 * logits / temperature, labels)
    for other in (0.1, 0.99 * temperature, 1.01 * temperature, 100):
        assert cross_entropy_of(3 * logits / other, labels) > lowest


def test_where_no_temperature_is_the_best_it_says_why():
    logits, _labels = honest_logits()
    too_good = fit_temperature(logits, logits.argmax(axis=1))
    assert "all 5,000 validation images are read right" in too_good
    too_bad = fit_temperature(logits, logits.argmin(axis=1))
    assert "no better than by chance" in too_bad


# A run: what was held out for it, and what was not


class Sums(nn.Layer):
    """Ten fixed sums of the pixels of each picture."""

    def __init__(self) -> None:
        super().__init__()
        weights = np.random.default_rng(0).normal(0, 0.4, (784, 10))
        self.weights = paddle.to_tensor(weights.astype(np.float32))

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return images @ self.weights


def labelled(count: int, seed: int, network: nn.Layer) -> Split:
    """Random images, with labels for which the network is three times too sure."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return Split(images, drawn(Recognizer(network, "cnn").outputs(images) / 3, random))


@pytest.fixture
def case():
    """A made-up run with a validation part, and its data."""
    network = Sums()
    train, validation, test = (labelled(200, seed, network) for seed in range(3))
    mnist = dataclasses.replace(load_mnist("sample"), train=train, validation=validation, test=test)
    saved = {"fingerprint": fingerprint(train, validation, test), "validation": 200}
    record = {"stage": "cnn", "config": {"validation": 0.5}, "data": {**saved, "path": "made up"}}
    return Recognizer(network, "cnn", record), mnist


def test_the_temperature_comes_from_validation_images_and_is_measured_on_test_images(case):
    recognizer, mnist = case
    found = measure_calibration(recognizer, mnist)
    outputs = recognizer.outputs(mnist.validation.images)
    assert found.temperature == fit_temperature(outputs, mnist.validation.labels)
    assert found.temperature == pytest.approx(3, rel=0.3)
    assert found.validation_count == found.count == 200
    logits, labels = recognizer.outputs(mnist.test.images).astype(np.float64), mnist.test.labels
    assert found.accuracy == (logits.argmax(axis=1) == labels).mean()
    for measured, scaled in ((found.before, logits), (found.after, logits / found.temperature)):
        error = expected_calibration_error(softmax(scaled), labels)
        assert (measured.error, measured.loss) == (error, cross_entropy_of(scaled, labels))
    assert found.after.error < found.before.error
    assert found.why_not is None
    found_as_json = dataclasses.asdict(found)
    assert json.loads(json.dumps(found_as_json)) == found_as_json


def changed(recognizer: Recognizer, **data: object) -> Recognizer:
    """The same run with other entries about its data; None takes an entry away."""
    entries = {**recognizer.record["data"], **data}
    kept = {name: value for name, value in entries.items() if value is not None}
    return Recognizer(recognizer.network, "cnn", {**recognizer.record, "data": kept})


@pytest.mark.parametrize(
    "data, why",
    [
        ({"validation": 0}, "held out no images to fit it on; train it with --validation 0.1"),
        ({"fingerprint": "0"}, "was trained on other data (made up)"),
        ({"fingerprint": None}, "what this run was trained on is not known"),
    ],
)
def test_without_images_that_were_held_out_no_temperature_is_fitted(case, data, why):
    recognizer, mnist = case
    found = measure_calibration(changed(recognizer, **data), mnist)
    assert (found.temperature, found.after, found.validation_count) == (None, None, 0)
    assert why in found.why_not
    assert found.before == measure_calibration(recognizer, mnist).before


def test_the_linear_stage_has_nothing_to_calibrate(case):
    class Number(nn.Layer):
        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            return paddle.full([len(images), 1], 3.2)

    recognizer, mnist = case
    with pytest.raises(UsageError, match="answers with one number and not with probabilities"):
        measure_calibration(Recognizer(Number(), "linear", recognizer.record), mnist)


def test_images_that_the_network_has_seen_are_refused():
    with pytest.raises(UsageError, match="it has seen them"):
        measure_calibration(Recognizer.load(shipped_run("cnn")), load_mnist("sample"))
