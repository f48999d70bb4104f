"""What the page makes of its state, computed without the page: readings, silence and doubt."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mnist.demo.page import stages_of
from paddle_mnist.images import open_picture

WORK = Path(__file__).parents[2] / "work"
PARTS = ("elements.js", "statistics.js", "network.js", "resampling.js", "extremes.js")
PARTS += ("components.js", "surroundings.js", "preparation.js", "reading.js")


@pytest.fixture(scope="module")
def engine(run_parts):
    """A window with all that computes and nothing that shows."""
    return run_parts(*PARTS)


READ = """([stages, picture, options]) => {
  const bytes = picture && Uint8ClampedArray.from(atob(picture.data), (c) => c.charCodeAt(0));
  const state = {
    stages: decodeStages({ stages }),
    picture: picture && { ...picture, data: bytes },
    options,
  };
  const before = JSON.stringify(state);
  const [found, again] = [read(state), read(state)];
  return {
    isPure: JSON.stringify(state) === before && JSON.stringify(found) === JSON.stringify(again),
    steps: found.prepared.steps.map(({ name }) => name),
    image: found.prepared.image && [...found.prepared.image],
    readings: found.readings.map(({ stage, digit, probabilities, number }) => (
      { stage, digit, probabilities, number }
    )),
    silence: reasonOfSilence({ ...state, ...found }),
    doubt: reasonOfDoubt({ ...state, ...found }),
  };
}"""


def read(engine, recognizers, picture: Image.Image | None, **options) -> dict:
    """What `read` gives, and what the reasons are then."""
    data = None
    if picture:
        rgba = picture.convert("RGBA")
        data = base64.b64encode(rgba.tobytes()).decode()
        data = {"width": rgba.width, "height": rgba.height, "data": data}
    found = engine.evaluate(READ, [stages_of(recognizers), data, options])
    assert found.pop("isPure")
    return found


def test_an_empty_board_is_not_read_and_nothing_is_said_of_it(engine, recognizers):
    found = read(engine, recognizers, None)
    assert found == {"steps": [], "image": None, "readings": [], "silence": None, "doubt": None}


def test_a_blank_picture_is_not_read_and_it_is_said_why(engine, recognizers):
    found = read(engine, recognizers, Image.new("L", (60, 50), 255))
    assert (found["image"], found["readings"]) == (None, [])
    assert (found["silence"], found["doubt"]) == ("blank", None)
    assert found["steps"][0] == "upright"


def test_every_network_reads_what_it_reads_in_python(engine, recognizers):
    found = read(engine, recognizers, open_picture(WORK / "example_7.jpg"))
    image = np.array([found["image"]], np.uint8).reshape(1, 28, 28)
    assert [reading["stage"] for reading in found["readings"]] == [
        recognizer.stage for recognizer in recognizers
    ]
    for reading, recognizer in zip(found["readings"], recognizers):
        (expected,) = recognizer.read(image)
        assert reading["digit"] == expected.digit
        if expected.probabilities is None:
            assert reading["probabilities"] is None
            assert reading["number"] == pytest.approx(expected.value, abs=1e-4)
        else:
            assert reading["number"] is None
            np.testing.assert_allclose(
                reading["probabilities"], expected.probabilities, rtol=0, atol=1e-4
            )
    assert found["silence"] is None


def test_the_options_reach_the_preparation(engine, recognizers):
    picture = open_picture(WORK / "example_7.jpg")
    usual = read(engine, recognizers, picture)
    assert read(engine, recognizers, picture, centre=True, scale=True) == usual
    assert read(engine, recognizers, picture, scale=False)["image"] != usual["image"]


# A network that gives ten numbers, or one, as far as the judgement looks at it.
TEN, ONE = ({"kind": "linear", "weight": {"shape": [784, count]}} for count in (10, 1))


def stage(name: str, accuracy: float | None = None, last: dict = TEN) -> dict:
    return {"stage": name, "accuracy": accuracy, "layers": [last]}


@pytest.mark.parametrize(
    "stages, judge",
    [
        ([stage("cnn", 0.99), stage("best", 0.9), stage("mlp", 0.97)], "best"),
        ([stage("mlp", 0.97), stage("cnn", 0.99), stage("softmax")], "cnn"),
        ([stage("softmax"), stage("linear", 1.0, ONE)], "softmax"),
        ([stage("linear", 1.0, ONE)], None),
    ],
    ids=["best", "the highest accuracy", "not a number", "none"],
)
def test_the_judge_is_the_best_network_with_probabilities(engine, stages, judge):
    assert engine.evaluate("(stages) => judgeAmong(stages)?.stage ?? null", stages) == judge


def of_probability(highest: float | None) -> dict:
    return {"probabilities": highest and [highest, *[(1 - highest) / 9] * 9]}


@pytest.mark.parametrize(
    "doubt, sure, reason",
    [
        (None, 0.81, None),
        (None, 0.8, None),
        (None, 0.79, "low"),
        ("several", 0.99, "several"),
        ("nothing", 0.5, "nothing"),
    ],
)
def test_a_doubt_of_the_picture_comes_before_that_of_the_network(engine, doubt, sure, reason):
    state = {
        "stages": [stage("linear", None, ONE), stage("cnn", 0.9), stage("mlp", 0.8)],
        "prepared": {"doubt": doubt},
        "readings": [of_probability(None), of_probability(sure), of_probability(0.3)],
    }
    assert engine.evaluate("(state) => reasonOfDoubt(state)", state) == reason
