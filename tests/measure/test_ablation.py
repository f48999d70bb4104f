"""The ablation: each way leaves out what its name says, and is measured on the same pictures."""

from __future__ import annotations

import csv

import numpy as np
import paddle
import pytest
from paddle import nn
from PIL import Image

from paddle_mnist.images import preparation as images
from paddle_mnist.measure.ablation import ABLATIONS, ablate, box_to_middle, fill, stretch, unchanged
from paddle_mnist.measure.measurement import measure_pictures
from paddle_mnist.runs.recognizer import Recognizer


class LooksLike(nn.Layer):
    """Says 1 of a picture that is nearly the one it knows, and 0 of all others."""

    def __init__(self, known: np.ndarray) -> None:
        super().__init__()
        self.known = known.reshape(1, 784).astype(np.float32) / 255

    def forward(self, rows: paddle.Tensor) -> paddle.Tensor:
        off = np.abs(rows.numpy() - self.known).mean(axis=1) / self.known.mean()
        logits = np.zeros((len(off), 10), np.float32)
        logits[np.arange(len(off)), (off < 0.25).astype(int)] = 9
        return paddle.to_tensor(logits)


def paper(pen: int = 14) -> np.ndarray:
    """Draw a 1 with a flag, dark on light: uint8 [240, 200], with soft edges."""
    ink = np.full((240, 200), 255, np.uint8)
    ink[60:180, 110 - pen // 2 : 110 + pen // 2] = 0
    for row in range(60, 90):
        ink[row : row + pen, 169 - row : 170 - row + pen // 2] = 0
    return ink


def odd_pictures() -> dict[str, np.ndarray]:
    """Return pictures of the same 1; each can be read only with the step of its name."""
    usual = paper()
    shaded = np.rint(usual * np.linspace(1.0, 0.25, 200)).astype(np.uint8)
    ruled = usual.copy()
    ruled[20::30] = ruled[21::30] = 100
    framed = usual.copy()
    framed[20:24, 20:180] = framed[216:220, 20:180] = 0
    framed[20:220, 20:24] = framed[20:220, 176:180] = 0
    return {
        "white_ink_on_black": usual,
        "even_light": shaded,
        "remove_lines": ruled,
        "cut_out_digit": framed,
        "usual_stroke_width": paper(pen=4),
    }


@pytest.fixture
def folder(tmp_path):
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label"])
        for name, grey in odd_pictures().items():
            Image.fromarray(grey).save(tmp_path / f"{name}.png")
            writer.writerow([f"{name}.png", 1])
    return tmp_path


@pytest.fixture
def recognizer():
    return Recognizer(LooksLike(images.prepare(Image.fromarray(paper()))), "cnn")


def test_every_step_that_is_named_exists():
    steps = {step.__name__ for step in images.STEPS}
    assert set().union(*ABLATIONS.values()) < steps
    for name, instead in ABLATIONS.items():
        for step in instead:
            assert not name.startswith("without") or step in name
    assert len({tuple(sorted((k, v.__name__) for k, v in way.items()))
                for way in ABLATIONS.values()}) == len(ABLATIONS)  # fmt: skip


def test_the_first_row_is_the_usual_measurement(folder, recognizer):
    found = ablate(recognizer, folder)
    name, first = next(found)
    assert name == "all steps"
    assert first.as_json() == measure_pictures(recognizer, folder).as_json()
    assert first.as_json()["accuracy"] == 1.0
    assert [name for name, _ in found] == list(ABLATIONS)[1:]


def test_each_row_is_measured_without_its_step(folder, recognizer):
    for name, measured in ablate(recognizer, folder):
        expected = measure_pictures(recognizer, folder, ABLATIONS[name])
        np.testing.assert_array_equal(measured.digits, expected.digits)


@pytest.mark.parametrize("step", odd_pictures())
def test_a_step_left_out_is_missed_by_the_pictures_that_need_it(folder, recognizer, step):
    measured = dict(ablate(recognizer, folder))[f"without {step}"]
    read = dict(zip(odd_pictures(), measured.digits))
    assert read[step] != 1


def test_a_stand_in_leaves_everything_as_it_is():
    picture = paper()
    assert unchanged(picture) is picture


def test_a_stretched_digit_is_square():
    ink = np.zeros((40, 10), np.uint8)
    ink[:20] = 200
    result = stretch(ink)
    assert result.shape == (20, 20) and result.dtype == np.uint8
    np.testing.assert_array_equal(result[:9], 200)
    np.testing.assert_array_equal(result[11:], 0)


def test_a_digit_can_fill_the_whole_picture():
    assert fill(np.full((40, 20), 200, np.uint8)).shape == (28, 14)


@pytest.mark.parametrize(("shape", "top", "left"), [((20, 10), 4, 9), ((1, 20), 13, 4)])
def test_the_middle_of_the_box_comes_to_the_middle(shape, top, left):
    ink = np.full(shape, 9, np.uint8)
    ink[0, 0] = 255  # mass does not count here
    result = box_to_middle(ink)
    expected = np.zeros((28, 28), np.uint8)
    expected[top : top + shape[0], left : left + shape[1]] = ink
    np.testing.assert_array_equal(result, expected)
