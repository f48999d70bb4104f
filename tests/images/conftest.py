"""What the tests of the preparation share: a 7 that can be drawn in any size."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

# Corners in a box of height 1. In the box of 20x20 it is 12.9 pixels wide, so that a pixel more
# or less in the picture does not change how its width is rounded.
SEVEN = [(0.0, 0.05), (0.60, 0.0), (0.25, 1.0)]


def _draw_seven(size=(200, 240), height=120.0, corner=(60.0, 50.0), pen=0.12, fine=4) -> np.ndarray:
    """Draw a 7 in dark ink (level 0) on light paper (255): uint8 `[H, W]`."""
    picture = Image.new("L", (size[0] * fine, size[1] * fine), 255)
    points = [tuple(fine * (c + height * p) for c, p in zip(corner, point)) for point in SEVEN]
    radius = fine * height * pen / 2
    draw = ImageDraw.Draw(picture)
    draw.line(points, fill=0, width=round(2 * radius))
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


@pytest.fixture(scope="session")
def draw_seven():
    """A function: draw a 7 of a height, at a place, with a pen, in a picture of a size."""
    return _draw_seven
