"""Pictures that show nothing are refused by name; test_opening.py has what is not a picture."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from paddle_mnist.images import preparation as images
from paddle_mnist.system.errors import PictureError


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def bad_files() -> dict[str, tuple[bytes, str]]:
    grain = np.random.default_rng(4).normal(200, 6, (90, 90)).astype(np.uint8)
    not_numbers = np.full((9, 9), np.nan, np.float32)
    return {
        "white.png": (encoded(Image.new("RGB", (50, 40), "white"), "PNG"), "nothing to read"),
        "black.jpg": (encoded(Image.new("L", (50, 40)), "JPEG"), "nothing to read"),
        "grey.png": (encoded(Image.new("L", (50, 40), 128), "PNG"), "nothing to read"),
        "clear.png": (encoded(Image.new("RGBA", (50, 40)), "PNG"), "nothing to read"),
        "dot.gif": (encoded(Image.new("L", (1, 1)), "GIF"), "nothing to read"),
        "grain.png": (encoded(Image.fromarray(grain), "PNG"), "nothing to read"),
        "signalling.tiff": (
            encoded(Image.frombytes("F", (1, 1), b"\x01\x00\xa0\x7f"), "TIFF"),
            "not numbers",
        ),
        "nan.tiff": (encoded(Image.fromarray(not_numbers), "TIFF"), "not numbers"),
        "text.png": (b"this is not a picture\n" * 9, "not a picture of a known kind"),
    }


@pytest.mark.parametrize("name", bad_files())
def test_bad_files_are_refused_by_name(tmp_path, name, recwarn):
    content, message = bad_files()[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PictureError, match=message) as caught:
        images.load_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert not recwarn.list


def test_the_plain_way_names_the_file_too(tmp_path):
    with pytest.raises(PictureError, match=r"nowhere\.png: there is no such file"):
        images.load_image_plain(tmp_path / "nowhere.png")
    path = tmp_path / "nan.tiff"
    path.write_bytes(bad_files()["nan.tiff"][0])
    with pytest.raises(PictureError, match=r"nan\.tiff: it has pixels that are not numbers .NaN "):
        images.load_image_plain(path)
