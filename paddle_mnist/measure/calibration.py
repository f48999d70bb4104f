"""Is a network right as often as it says? The calibration error, and the temperature that mends it.

After Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017
(arXiv 1706.04599).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddle_mnist.core.metrics import predicted_digits, softmax
from paddle_mnist.data import Mnist, Split, fingerprint
from paddle_mnist.measure.measurement import check_unseen
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.system.errors import UsageError

BINS = 15
# Temperatures beyond these are not an answer: see `fit_temperature`.
_LOWEST, _HIGHEST = 0.001, 1000.0
_HALVINGS = 60  # of the logarithm of that range: finer than float64 tells apart


@dataclass(frozen=True)
class Bin:
    """The readings whose highest probability is above `low`, and `high` at most."""

    low: float
    high: float
    count: int  # how many they are
    confidence: float | None  # the mean of their highest probabilities; None where there are none
    accuracy: float | None  # the share of them that is right; None where there are none


def reliability_curve(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> list[Bin]:
    """Sort readings by how sure they are, and count how many are right.

    Args:
        probabilities: [N, 10], each row adds up to 1.
        labels: int64 [N], the true digits.
        bins: into how many ranges of equal width 0 to 1 is cut.

    Returns:
        As many bins, from low to high.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    curve = []
    for place in range(bins):
        inside = places == place
        count = int(inside.sum())
        sure = float(confidence[inside].mean()) if count else None
        accuracy = float(right[inside].mean()) if count else None
        curve.append(Bin(place / bins, (place + 1) / bins, count, sure, accuracy))
    return curve


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS
) -> float:
    """Tell how far confidence and accuracy lie apart, 0 to 1.

    It is the mean over the bins of `reliability_curve`, which takes the same arguments, weighted by
    their counts.
    """
    curve = reliability_curve(probabilities, labels, bins)
    gaps = (
        row.count * abs(row.accuracy - row.confidence)
        for row in curve
        if row.accuracy is not None and row.confidence is not None
    )
    return sum(gaps) / len(labels)


def cross_entropy_of(logits: np.ndarray, labels: np.ndarray) -> float:
    """Take the mean of -ln(softmax(logits)[label]), for logits [N, 10] and labels int64 [N]."""
    above = logits - logits.max(axis=1, keepdims=True)
    of_labels = above[np.arange(len(labels)), labels]  # [N, 10] -> [N]
    return float((np.log(np.exp(above).sum(axis=1)) - of_labels).mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float | str:
    """Find the number T > 0 for which softmax(logits / T) has the lowest cross-entropy.

    Above 1 the network is too sure of itself, below 1 not sure enough. No reading changes.

    Args:
        logits: [N, 10], N at least 1, of images that were not trained on.
        labels: int64 [N], the true digits.

    Returns:
        T; or a sentence why no T is the best: all images are read right, so that the lower T the
        better, or they are read no better than by chance, so that the higher T the better.
    """
    logits = logits.astype(np.float64)
    of_labels = logits[np.arange(len(labels)), labels]  # [N, 10] -> [N]

    def slope(inverse: float) -> float:
        """Derive the cross-entropy by 1/T: the slope rises, as the cross-entropy is convex."""
        return float(((softmax(inverse * logits) * logits).sum(axis=1) - of_labels).mean())

    if slope(1 / _LOWEST) <= 0:
        return (
            f"no temperature can be fitted: all {len(labels):,} validation images are read right, "
            "so that none is too low; hold out more images, with --validation at the training"
        )
    if slope(1 / _HIGHEST) >= 0:
        return (
            "no temperature can be fitted: the validation images are read no better than by "
            "chance, so that none is too high; train the network longer"
        )
    low, high = np.log([1 / _HIGHEST, 1 / _LOWEST])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(np.exp(middle)) < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


@dataclass(frozen=True)
class Reliability:
    """How far a network's probabilities can be relied on."""

    error: float  # the expected calibration error
    loss: float  # the cross-entropy
    curve: list[Bin]


@dataclass(frozen=True)
class Calibration:
    """What was found on test images."""

    accuracy: float  # the share read right, which no temperature changes
    count: int  # how many test images there were
    before: Reliability  # of the probabilities as they are
    after: Reliability | None  # with the temperature; None where none was fitted
    temperature: float | None  # fitted on validation images; None where none was
    validation_count: int  # how many images it was fitted on
    why_not: str | None  # why no temperature was fitted; None where one was


def validation_share(recognizer: Recognizer) -> float | None:
    """Look up which part of the training images a run held out, for `load_mnist`."""
    share: float | None = recognizer.record["config"].get("validation", 0.0)
    return share


def measure_calibration(recognizer: Recognizer, mnist: Mnist) -> Calibration:
    """Fit a temperature on a run's validation images, and measure on test images.

    Args:
        recognizer: the run.
        mnist: data with the same part held out as at the training, see `validation_share`; of other
            data, or where nothing was held out, no temperature is fitted.

    Raises:
        UsageError: the stage gives no probabilities; or the run has seen the test images.
    """
    logits = recognizer.outputs(mnist.test.images)
    if logits.shape[1] == 1:
        raise UsageError(
            f"stage {recognizer.stage!r} answers with one number and not with probabilities, so "
            "there is nothing to calibrate; take another stage"
        )
    check_unseen(recognizer, mnist)
    fitted = _temperature_of(recognizer, mnist)
    temperature = None if isinstance(fitted, str) else fitted
    return Calibration(
        accuracy=float((predicted_digits(logits) == mnist.test.labels).mean()),
        count=len(mnist.test),
        before=measure_reliability(logits, mnist.test),
        after=measure_reliability(logits, mnist.test, temperature) if temperature else None,
        temperature=temperature,
        validation_count=len(mnist.validation) if temperature else 0,
        why_not=fitted if isinstance(fitted, str) else None,
    )


def _temperature_of(recognizer: Recognizer, mnist: Mnist) -> float | str:
    data = recognizer.record["data"]
    if data.get("fingerprint") is None:
        return (
            "no temperature was fitted: what this run was trained on is not known, so no images "
            "are known to be new to it"
        )
    if not data.get("validation"):
        return (
            "no temperature was fitted: this run held out no images to fit it on; train it with "
            "--validation 0.1"
        )
    if data["fingerprint"] != fingerprint(mnist.train, mnist.validation, mnist.test):
        return (
            "no temperature was fitted: this run was trained on other data "
            f"({data.get('path')}), so the validation images of these may have been among its "
            "training images; name its data with --data"
        )
    logits = recognizer.outputs(mnist.validation.images)
    return fit_temperature(logits, mnist.validation.labels)


def measure_reliability(logits: np.ndarray, split: Split, temperature: float = 1.0) -> Reliability:
    """Measure how far softmax(logits / temperature), [N, 10], can be relied on for N images."""
    scaled = logits.astype(np.float64) / temperature
    probabilities = softmax(scaled)
    return Reliability(
        error=expected_calibration_error(probabilities, split.labels),
        loss=cross_entropy_of(scaled, split.labels),
        curve=reliability_curve(probabilities, split.labels),
    )
