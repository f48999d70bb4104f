from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mnist.homework.checking import Answer


def read_file(answer: Callable[..., Any], content: np.ndarray) -> Any:
    """Runs where the answer is: write the bytes into a file, and let the answer read it."""
    folder = tempfile.mkdtemp()
    try:
        path = Path(folder) / "pictures-idx3-ubyte"
        path.write_bytes(content.tobytes())
        got = answer(str(path))
        # A copy: an array may still look into the file.
        return np.array(got) if isinstance(got, np.ndarray) else got
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_file(answer: Callable[..., Any], content: np.ndarray) -> dict[str, Any]:
    """Runs where the answer is: what the answer reads, or which error it raises."""
    try:
        return {"value": read_file(answer, content)}
    except Exception as error:
        return {"types": [cls.__name__ for cls in type(error).__mro__], "message": str(error)}


def some_pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape).astype("uint8")


def file_of(
    pixels: np.ndarray, shape: tuple[int, ...] | None = None, order: str = ">"
) -> np.ndarray:
    """The bytes of an IDX file; its header may lie."""
    header = np.array([0, 0, 8, 3], dtype="uint8")
    counts = np.array(pixels.shape if shape is None else shape, dtype=f"{order}u4")
    return np.concatenate([header, counts.view("uint8"), pixels.reshape(-1)])


def given(content: np.ndarray) -> str:
    """What the answer gets, in a few words of any language."""
    header = " ".join(f"{byte:02x}" for byte in content[:16])
    return f"path: {header} … ({len(content)} bytes)"


def reads(answer: Answer, content: np.ndarray, pixels: np.ndarray) -> bool:
    tried = answer.run(try_file, content, given=given(content))
    return np.array_equal(tried.get("value"), pixels)


def check_pictures(answer: Answer) -> None:
    pixels = some_pixels(3, 28, 28)
    content = file_of(pixels)
    tried = answer.run(try_file, content, given=given(content))
    if "message" in tried:
        if "UnicodeDecodeError" in tried["types"]:
            answer.wrong("text_mode")
        if reads(answer, file_of(pixels, order="<"), pixels):
            answer.wrong("little_endian")
        # NumPy's words, if all bytes were to be made into pictures.
        size = re.search(r"array of size (\d+)", tried["message"])
        extra = int(size[1]) - pixels.size if size else 0
        if 0 < extra <= 16:
            answer.wrong("header_not_skipped", extra=extra)
    got = answer.run(read_file, content, given=given(content))
    for extra in range(1, 17):
        moved = content[16 - extra : -extra].reshape(pixels.shape)
        if np.array_equal(got, moved):
            answer.wrong("header_not_skipped", extra=extra, expected=pixels, got=got)
    answer.expect(got, pixels)


def check_sizes(answer: Answer) -> None:
    # As many pixels as 28 × 28, so that nothing but the shape is wrong.
    pixels = some_pixels(2, 14, 56)
    mistakes = {
        "size_fixed": pixels.reshape(2, 28, 28),
        "sides_swapped": pixels.reshape(2, 56, 14),
    }
    content = file_of(pixels)
    answer.expect(answer.run(read_file, content, given=given(content)), pixels, mistakes)
    pixels = some_pixels(4, 7, 5)
    content = file_of(pixels)
    answer.expect(answer.run(read_file, content, given=given(content)), pixels)


def check_many(answer: Answer) -> None:
    pixels = some_pixels(300, 2, 3)
    content = file_of(pixels)
    # 300 is 1 · 256 + 44.
    shorter = file_of(pixels[:44], shape=pixels.shape)
    if "message" in answer.run(try_file, content) and reads(answer, shorter, pixels[:44]):
        answer.wrong("one_byte")
    got = answer.run(read_file, content, given=given(content))
    answer.expect(got, pixels, {"one_byte": pixels[:44]})


def check_none(answer: Answer) -> None:
    nothing = np.zeros((0, 28, 28), dtype="uint8")
    content = file_of(nothing)
    answer.expect(answer.run(read_file, content, given=given(content)), nothing)


def check_cut(answer: Answer) -> None:
    content = file_of(some_pixels(3, 28, 28))
    # In the middle of a picture, and where a picture ends.
    for missing in (10, 784):
        cut = content[:-missing]
        tried = answer.run(try_file, cut, given=given(cut))
        if "message" not in tried:
            answer.wrong("cut_unnoticed", missing=missing, got=tried["value"])
        if "ValueError" not in tried["types"]:
            answer.wrong("other_error", missing=missing, error=tried["types"][0])
