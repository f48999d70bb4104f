"""Recognizer: loads a run, and reads what its network says."""

from __future__ import annotations

import dataclasses

import numpy as np
import paddle
import pytest
from paddle import nn
from PIL import Image

from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data.class_names import CLASS_NAMES, DIGITS
from paddle_mnist.images import explain, load_image, open_picture
from paddle_mnist.runs.folder import load_record, save_run, update_record
from paddle_mnist.runs.recognizer import DOUBTS, SURE, Recognizer
from paddle_mnist.runs.state import weights_of
from paddle_mnist.system.errors import PictureError, RunError, UsageError

# In a picture of one white pixel the network below answers with this row of its weights.
ANSWER = np.array([0, 0.5, 0, 2, 0, 0, -1, 0, 0, 1], np.float32)


class OnePixel(nn.Layer):
    """The answer times the brightness of the first pixel; it counts its calls."""

    def __init__(self, answer: np.ndarray) -> None:
        super().__init__()
        self.answer = paddle.to_tensor(answer[None])
        self.batches: list[int] = []

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        assert not self.training
        self.batches.append(len(images))
        return images[:, :1] * self.answer


def first_pixels(*levels: int) -> np.ndarray:
    images = np.zeros((len(levels), 28, 28), np.uint8)
    images[:, 0, 0] = levels
    return images


def save(folder, stage: str, network: nn.Layer) -> None:
    record = {
        "stage": stage,
        "config": dataclasses.asdict(configure("cnn")),
        "data": {},
        "history": [{}],
    }
    save_run(folder, record, weights_of(network), {})


def test_digit_and_probabilities():
    dark, bright = Recognizer(OnePixel(ANSWER), "cnn").read(first_pixels(0, 255))
    assert bright.digit == 3
    expected = np.exp(ANSWER) / np.exp(ANSWER).sum()
    np.testing.assert_allclose(bright.probabilities, expected, rtol=1e-6)
    assert bright.value is None
    assert bright.image[0, 0] == 255
    np.testing.assert_allclose(dark.probabilities, np.full(10, 0.1), rtol=1e-6)


@pytest.mark.parametrize(("value", "digit"), [(4.4, 4), (4.6, 5), (-3.0, 0), (12.5, 9)])
def test_the_linear_stage_has_a_value(value, digit):
    network = OnePixel(np.array([value], np.float32))
    (reading,) = Recognizer(network, "linear").read(first_pixels(255))
    assert reading.digit == digit
    assert reading.value == pytest.approx(value)
    assert reading.probabilities is None


def test_many_images_are_read_in_parts():
    network = OnePixel(ANSWER)
    levels = np.arange(1201) % 256
    outputs = Recognizer(network, "cnn").outputs(first_pixels(*levels))
    np.testing.assert_allclose(outputs[:, 3], 2 * levels / 255, rtol=1e-6)
    assert network.batches == [500, 500, 201]


def test_a_single_image_needs_a_batch():
    with pytest.raises(UsageError, match=r"image\[None\]"):
        Recognizer(OnePixel(ANSWER), "cnn").read(first_pixels(255)[0])


def test_a_picture_file_is_prepared_and_read(tmp_path):
    paper = np.full((90, 70), 255, np.uint8)
    paper[20:70, 30:36] = 0
    Image.fromarray(paper).save(tmp_path / "one.png")
    reading = Recognizer(OnePixel(ANSWER), "cnn").read_picture(tmp_path / "one.png")
    np.testing.assert_array_equal(reading.image, load_image(tmp_path / "one.png")[0])
    with pytest.raises(PictureError, match=r"two.png"):
        Recognizer(OnePixel(ANSWER), "cnn").read_picture(tmp_path / "two.png")


def paper_with(*columns: int) -> np.ndarray:
    """Dark upright strokes on light paper."""
    paper = np.full((90, 120), 255, np.uint8)
    for column in columns:
        paper[20:70, column : column + 6] = 0
    return paper


def network_that_is_sure_by(share: float) -> OnePixel:
    """Says 3 with this probability, of whatever it sees: its answer does not depend on it."""
    logits = np.zeros(10, np.float32)
    logits[3] = np.log(9 * share / (1 - share))

    class Constant(OnePixel):
        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            return paddle.ones_like(images[:, :1]) * self.answer

    return Constant(logits)


@pytest.mark.parametrize(
    "share, doubt", [(0.2, "unsure"), (SURE - 0.001, "unsure"), (SURE + 0.001, None), (0.999, None)]
)
def test_a_reading_is_in_doubt_below_the_threshold(share, doubt):
    (reading,) = Recognizer(network_that_is_sure_by(share), "cnn").read(first_pixels(255))
    assert reading.probabilities.max() == pytest.approx(share, abs=1e-5)
    assert reading.doubt == doubt


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_reading(value):
    useless = OnePixel(np.full(10, value, np.float32))
    with pytest.raises(RunError, match="answers with something that is not a number"):
        Recognizer(useless, "cnn").read(first_pixels(255))


def test_the_linear_stage_knows_no_doubt():
    network = OnePixel(np.array([4.5], np.float32))
    (reading,) = Recognizer(network, "linear").read(first_pixels(255))
    assert reading.doubt is None


@pytest.mark.parametrize("stage, answer", [("cnn", None), ("linear", np.array([4.0], np.float32))])
def test_several_digits_in_a_picture_are_in_doubt_however_sure_the_network_is(
    tmp_path, stage, answer
):
    network = network_that_is_sure_by(0.999) if answer is None else OnePixel(answer)
    recognizer = Recognizer(network, stage)
    doubts = []
    for columns in ((30,), (30, 80), (10, 50, 90)):
        Image.fromarray(paper_with(*columns)).save(tmp_path / "picture.png")
        doubts.append(recognizer.read_picture(tmp_path / "picture.png").doubt)
    assert doubts == [None, "several", "several"]


def test_every_doubt_has_words():
    assert set(DOUBTS) == {"nothing", "several", "unsure"}
    assert all(words for words in DOUBTS.values())


def test_a_reading_of_a_file_keeps_the_steps_of_its_preparation(tmp_path):
    Image.fromarray(paper_with(30)).save(tmp_path / "one.png")
    reading = Recognizer(OnePixel(ANSWER), "cnn").read_picture(tmp_path / "one.png")
    expected = explain(open_picture(tmp_path / "one.png"))
    assert list(reading.steps) == list(expected)
    for name, step in expected.items():
        np.testing.assert_array_equal(np.asarray(reading.steps[name]), np.asarray(step))
    np.testing.assert_array_equal(reading.steps["centre_of_mass_to_middle"], reading.image)
    assert Recognizer(OnePixel(ANSWER), "cnn").read(reading.image[None])[0].steps is None


def test_a_picture_of_nothing_is_refused_by_name(tmp_path):
    Image.fromarray(paper_with()).save(tmp_path / "blank.png")
    with pytest.raises(PictureError, match=r"blank\.png: nothing to read"):
        Recognizer(OnePixel(ANSWER), "cnn").read_picture(tmp_path / "blank.png")


@pytest.mark.parametrize("stage", STAGES)
def test_a_saved_network_is_loaded(tmp_path, stage):
    network = build_network(stage)
    save(tmp_path, stage, network)
    recognizer = Recognizer.load(str(tmp_path))
    assert recognizer.stage == stage
    assert recognizer.record["stage"] == stage
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    np.testing.assert_array_equal(
        recognizer.outputs(images), Recognizer(network, stage).outputs(images)
    )


def test_a_missing_run_says_what_makes_one(tmp_path):
    with pytest.raises(RunError, match=r"python -m paddle_mnist.train --stage cnn --out"):
        Recognizer.load(tmp_path / "cnn")


def test_an_unknown_stage_is_named(tmp_path):
    save(tmp_path, "transformer", build_network("mlp"))
    with pytest.raises(RunError, match="stage 'transformer'.*the stages are: linear, mlp, cnn"):
        Recognizer.load(tmp_path)


def test_weights_of_another_stage_are_refused(tmp_path):
    save(tmp_path, "cnn", build_network("mlp"))
    with pytest.raises(RunError, match=f"{tmp_path.name} cannot be loaded: .*another network"):
        Recognizer.load(tmp_path)


def test_damaged_weights_are_refused(tmp_path):
    save(tmp_path, "mlp", build_network("mlp"))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(RunError, match="model.safetensors is damaged"):
        Recognizer.load(tmp_path)


def test_the_names_of_the_classes_are_those_of_the_record(tmp_path):
    save(tmp_path, "mlp", build_network("mlp"))
    digits = Recognizer.load(tmp_path)  # as in a run of before there were such names
    assert "classes" not in digits.record["data"]
    assert (digits.class_names, digits.caution) == (DIGITS, None)
    fashion = CLASS_NAMES["Fashion-MNIST"]
    update_record(tmp_path, {"data": {"classes": fashion}})
    clothes = Recognizer.load(tmp_path)
    assert clothes.class_names == fashion
    assert "trained on T-shirt/top, Trouser and so on" in clothes.caution
    assert Recognizer(OnePixel(ANSWER), "cnn").class_names == DIGITS


@pytest.mark.parametrize(
    "names", [None, 7, "0123456789", list("012345678"), list(range(10)), [*"012345678", "\x1b[2J"]]
)
def test_names_that_are_none_are_refused(tmp_path, names):
    save(tmp_path, "mlp", build_network("mlp"))
    update_record(tmp_path, {"data": {**load_record(tmp_path)["data"], "classes": names}})
    with pytest.raises(RunError, match="its class names are .*; expected ten names") as caught:
        Recognizer.load(tmp_path)
    assert str(caught.value).isprintable()
