"""What each step of the preparation is worth: leave one out at a time, and measure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paddle_mnist.images.preparation import (
    BOX,
    SIZE,
    Step,
    centre_of_mass_to_middle,
    crop_to_ink,
    even_light,
    fit_in_box,
    remove_paper,
    usual_stroke_width,
    white_ink_on_black,
)
from paddle_mnist.images.surroundings import cut_out_digit, remove_lines
from paddle_mnist.measure.measurement import Measurement, measure_pictures
from paddle_mnist.runs.recognizer import Recognizer


def unchanged(picture: Any) -> Any:
    """Stand in for a step that is left out."""
    return picture


def stretch(ink: np.ndarray) -> np.ndarray:
    """Make the digit 20x20, whatever its shape was."""
    return np.asarray(Image.fromarray(ink).resize((BOX, BOX), Image.Resampling.BILINEAR))


def fill(ink: np.ndarray) -> np.ndarray:
    """Let the longest side of the digit fill the whole picture."""
    return fit_in_box(ink, size=SIZE)


def box_to_middle(ink: np.ndarray) -> np.ndarray:
    """Lay the middle of the box, not its centre of mass, into the middle of 28x28."""
    image = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - ink.shape[0]) // 2, (SIZE - ink.shape[1]) // 2
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image  # [28, 28]


def _without(*steps: Step) -> dict[str, dict[str, Step]]:
    names = [step.__name__ for step in steps]
    return {f"without {', '.join(names)}": dict.fromkeys(names, unchanged)}


# The steps that are not here bring a picture into one form, and cannot be left out.
ABLATIONS: dict[str, dict[str, Step]] = {
    "all steps": {},
    **_without(white_ink_on_black),
    **_without(even_light),
    **_without(remove_paper),
    **_without(remove_lines),
    **_without(cut_out_digit),
    **_without(cut_out_digit, crop_to_ink),
    **_without(usual_stroke_width),
    "stretched to 20x20, not fitted": {fit_in_box.__name__: stretch},
    "fitted into 28x28, not 20x20": {fit_in_box.__name__: fill},
    "box in the middle, not the mass": {centre_of_mass_to_middle.__name__: box_to_middle},
}


def ablate(recognizer: Recognizer, folder: Path) -> Iterator[tuple[str, Measurement]]:
    """Do as `measure_pictures` in each of the ways of ABLATIONS; yield its name and the result."""
    for name, instead in ABLATIONS.items():
        yield name, measure_pictures(recognizer, folder, instead)
