"""What is told of an exported network, and how its outputs are compared."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.core.stages import build_network
from paddle_mnist.formats import export as formats
from paddle_mnist.runs.recognizer import Recognizer


def test_what_is_not_known_is_said(tmp_path):
    contract = formats.contract(Recognizer(build_network("linear"), "linear"))
    assert contract["test_accuracy"] == "not measured"
    assert contract["weights_sha256"] == contract["data_fingerprint"] == "unknown"
    assert "[N, 1]" in contract["output"]


def test_differences_are_measured_in_parts_of_the_largest_output():
    small = np.array([[0.5, -0.25]], np.float32)
    assert formats.largest_difference(small, small + np.float32(0.125)) == 0.125
    large = np.array([[-50.0, 25.0]], np.float32)
    assert formats.largest_difference(large + np.float32(0.5), large) == pytest.approx(0.01)
    assert not formats.largest_difference(small * np.nan, small) <= 1
