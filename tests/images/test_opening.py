"""Files that anybody may have made: each becomes an image or is refused, soon and in little memory.

The files go the whole way, to the digit: what opens may still break later.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image, ImageDraw

from paddle_mnist import predict
from paddle_mnist.images import opening as picture_files
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.system import files
from paddle_mnist.system.errors import PictureError

PILLOW = int(PIL.__version__.split(".")[0])
LONGEST = 1.0  # seconds that a picture may take
MOST_MEMORY = 512  # MB: 20 megapixels of four bytes, laid on white and decoded, are 3 x 80 MB


def draw_seven(size: tuple[int, int] = (40, 50)) -> Image.Image:
    """Draw a 7 in dark ink on light paper."""
    width, height = size
    points = [(0.25, 0.2), (0.7, 0.2), (0.45, 0.8)]
    picture = Image.new("L", size, 255)
    corners = [(width * x, height * y) for x, y in points]
    ImageDraw.Draw(picture).line(corners, fill=0, width=max(1, height // 12))
    return picture


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def recognizer():
    """Weights that ship; the smallest, for nothing depends on what is read."""
    return Recognizer.load(shipped_run("linear"))


@pytest.fixture
def read(recognizer):
    """A function: read a picture, and return "digit" or the message that refuses it."""

    def read_picture(path: Path) -> str:
        started = time.process_time()
        try:
            reading = recognizer.read_picture(path)
        except PictureError as error:
            answer = str(error)
            assert answer.startswith(f"{path}: ")
        else:
            assert reading.digit in range(10)
            assert reading.image.shape == (28, 28) and reading.image.dtype == np.uint8
            assert reading.image.max() == 255
            answer = "digit"
        assert time.process_time() - started < LONGEST
        return answer

    return read_picture


# Files made by hand: what a program that means harm would write, and Pillow would not


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_size(width: int, height: int, data: bytes = b"\0" * 99) -> bytes:
    """A PNG file that claims a size and holds other pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(data, 9))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b"")


def png_with(name: bytes, data: bytes) -> bytes:
    good = encoded(draw_seven(), "PNG")
    return good[:33] + png_chunk(name, data) + good[33:]  # after the header


def tiff(width: int, height: int, data: bytes, tile: tuple[int, int] | None = None) -> bytes:
    """A grey TIFF file whose pixels are compressed by zlib, in one strip or one tile."""
    tags = [(256, width), (257, height), (258, 8), (259, 8), (262, 1), (277, 1)]
    if tile is None:
        tags += [(273, 8), (278, height), (279, len(data))]
    else:
        tags += [(322, tile[0]), (323, tile[1]), (324, 8), (325, len(data))]
    folder = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    start = struct.pack("<4sI", b"II*\0", 8 + len(data))
    return start + data + struct.pack("<H", len(tags)) + folder + b"\0" * 4


def gif_of_size(width: int, height: int) -> bytes:
    good = encoded(draw_seven(), "GIF")
    return good[:6] + struct.pack("<HH", width, height) + good[10:]


def gif_with_frame(left: int, top: int, width: int, height: int) -> bytes:
    good = encoded(draw_seven(), "GIF")
    place = good.index(b"," + struct.pack("<HHHH", 0, 0, 40, 50)) + 1
    return good[:place] + struct.pack("<HHHH", left, top, width, height) + good[place + 8 :]


def webp_of_size(width: int, height: int) -> bytes:
    """A lossless WebP file of one colour; few bytes give any size up to 16383."""
    good = bytearray(encoded(Image.new("RGB", (30, 30), "white"), "WEBP", lossless=True))
    place = good.index(b"VP8L") + 9
    sizes = (width - 1) | (height - 1) << 14
    sizes |= struct.unpack("<I", good[place : place + 4])[0] & ~0xFFFFFFF
    good[place : place + 4] = struct.pack("<I", sizes)
    return bytes(good)


def bmp_of_size(width: int, height: int) -> bytes:
    good = bytearray(encoded(draw_seven(), "BMP"))
    good[18:26] = struct.pack("<ii", width, height)
    return bytes(good)


def bmp_of_runs(grey: np.ndarray) -> bytes:
    """A BMP file whose pixels are pairs of a count and a level, from the lowest row up."""
    header = bytearray(encoded(Image.fromarray(grey), "BMP")[: 54 + 4 * 256])
    pixels = b"".join(b"".join(bytes([1, level]) for level in row) + b"\0\0" for row in grey[::-1])
    header[30:34] = struct.pack("<I", 1)
    header[34:38] = struct.pack("<I", len(pixels) + 2)
    return bytes(header) + pixels + b"\0\1"


def jpeg_of_size(width: int, height: int) -> bytes:
    good = bytearray(encoded(draw_seven(), "JPEG"))
    place = good.index(b"\xff\xc0") + 5
    good[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(good)


def jpeg_of_many_scans() -> bytes:
    """A progressive JPEG file that repeats its last scan; each goes over all the pixels."""
    good = encoded(Image.new("L", (4400, 4400), 128), "JPEG", progressive=True)
    scans = [place for place in range(len(good)) if good.startswith(b"\xff\xda", place)]
    tables = [place for place in range(scans[-2], scans[-1]) if good.startswith(b"\xff\xc4", place)]
    return good[:-2] + good[min(tables, default=scans[-1]) : -2] * 2000 + b"\xff\xd9"


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("digit.png", encoded(draw_seven(), "PNG"))
    return file.getvalue()


# Odd files: what becomes of each


def pictures_of_every_kind() -> dict[str, bytes]:
    # Nearly all are too small for a search of ruled lines, so that damaging thousands goes fast.
    picture, large = draw_seven((32, 44)), draw_seven()
    grey = np.asarray(picture)
    alpha, black = Image.fromarray(255 - grey), Image.new("L", picture.size)
    colour, palette = picture.convert("RGB"), picture.quantize(16)
    clear = Image.merge("RGBA", (black, black, black, alpha))
    film = {"save_all": True, "append_images": [picture.transpose(3), picture.transpose(1)]}
    turned = Image.Exif()
    turned[picture_files.ORIENTATION] = 6
    odd_turn = Image.Exif()
    odd_turn[picture_files.ORIENTATION] = 99
    wide = Image.new("L", (20_000, 3), 255)
    wide.paste(0, (9_000, 0, 9_400, 3))
    return {
        "two levels.png": encoded(picture.convert("1"), "PNG"),
        "two levels.tiff": encoded(picture.convert("1"), "TIFF", compression="group4"),
        "grey.bmp": encoded(picture, "BMP"),
        "grey and alpha.png": encoded(Image.merge("LA", (black, alpha)), "PNG"),
        "palette.png": encoded(palette, "PNG"),
        "palette.gif": encoded(palette, "GIF"),
        "palette.bmp": encoded(palette, "BMP"),
        "colour.bmp": encoded(large.convert("RGB"), "BMP"),
        "two levels.bmp": encoded(picture.convert("1"), "BMP"),
        "runs.bmp": bmp_of_runs(grey),
        "interlaced.gif": encoded(large, "GIF", interlace=1),
        "colour.webp": encoded(large.convert("RGB"), "WEBP"),
        "alpha.png": encoded(clear, "PNG"),
        "alpha.webp": encoded(clear, "WEBP"),
        "alpha.tiff": encoded(clear, "TIFF"),
        "cmyk.jpg": encoded(colour.convert("CMYK"), "JPEG"),
        "cmyk.tiff": encoded(colour.convert("CMYK"), "TIFF"),
        # Pillow before 12 writes this one, and cannot read it.
        **({} if PILLOW < 12 else {"ycbcr.tiff": encoded(colour.convert("YCbCr"), "TIFF")}),
        "lzw.tiff": encoded(large, "TIFF", compression="tiff_lzw"),
        "jpeg.tiff": encoded(colour, "TIFF", compression="jpeg"),
        "16 bits.png": encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "16 bits.tiff": encoded(Image.fromarray(grey.astype(np.uint16) * 257), "TIFF"),
        "32 bits.tiff": encoded(Image.fromarray(grey.astype(np.int32) * 70_000), "TIFF"),
        "floating.tiff": encoded(Image.fromarray(grey.astype(np.float32) / 255), "TIFF"),
        "progressive.jpg": encoded(large, "JPEG", progressive=True),
        "turned.jpg": encoded(picture, "JPEG", exif=turned),
        "turned.png": encoded(picture, "PNG", exif=turned),
        "turned.webp": encoded(colour, "WEBP", exif=turned),
        "turned by 99.jpg": encoded(picture, "JPEG", exif=odd_turn),
        "film.gif": encoded(palette, "GIF", **film),
        "film.webp": encoded(colour, "WEBP", **film),
        "film.png": encoded(picture, "PNG", **film),
        "pages.tiff": encoded(picture, "TIFF", **film),
        "two pictures.jpg": encoded(colour, "MPO", save_all=True, append_images=[colour]),
        "20,000 wide.png": encoded(wide, "PNG"),
        "no ending": encoded(large, "PNG"),
        "wrong ending.jpg": encoded(picture, "PNG"),
        "bytes behind.png": encoded(large, "PNG") + b"\0" * 10_000,
    }


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def refused_files() -> dict[str, tuple[bytes, str]]:
    seven = draw_seven()
    return {
        "empty.png": (b"", "is empty"),
        "text.png": (b"this is not a picture\n" * 9, "not a picture of a known kind.*PNG, JPEG"),
        "zeros.png": (bytes(1000), "not a picture of a known kind"),
        "cut.jpg": (half(encoded(seven, "JPEG")), "damaged or cut off"),
        "cut.png": (half(encoded(seven, "PNG")), "damaged or cut off"),
        "cut.gif": (half(encoded(seven, "GIF")), "damaged or cut off"),
        "header.jpg": (encoded(seven, "JPEG")[:20], "not a picture|damaged"),
        "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture of a known"),
        "pictures.zip": (zipped(), "not a picture of a known kind"),
        "page.pdf": (encoded(seven, "PDF"), "not a picture of a known kind"),
        "script.eps": (encoded(seven, "EPS"), "not a picture of a known kind"),
        "grid.ppm": (encoded(seven, "PPM"), "not a picture of a known kind"),
        "icon.ico": (encoded(seven, "ICO"), "not a picture of a known kind"),
        "one pixel.gif": (encoded(Image.new("L", (1, 1)), "GIF"), "nothing to read"),
        "no width.png": (png_of_size(0, 9), "damaged|at least 1 x 1|not a picture"),
        "heavy.png": (encoded(seven, "PNG") + b"\0" * 10_000_000, "more than 10 MB"),
        "lab.tiff": (encoded(Image.new("LAB", (9, 9)), "TIFF"), "stored as 'LAB'"),
    }


def huge_files() -> dict[str, tuple[bytes, str]]:
    """Small files that claim to be huge, or become so."""
    nothing = zlib.compress(b"\0" * 50_000_000, 9)
    return {
        "large.png": (png_of_size(5000, 4001), "5000 x 4001 pixels; the limit is 20 megapixels"),
        "few pixels.png": (png_of_size(5000, 4000), "damaged or cut off"),
        "60,000.png": (png_of_size(60_000, 60_000), "limit is 20 megapixels"),
        "60,000.tiff": (tiff(60_000, 60_000, nothing), "limit is 20 megapixels"),
        "60,000.gif": (gif_of_size(60_000, 60_000), "limit is 20 megapixels"),
        "frame.gif": (gif_with_frame(0, 0, 60_000, 60_000), "limit is 20 megapixels"),
        "place.gif": (gif_with_frame(60_000, 60_000, 40, 50), "limit is 20 megapixels"),
        "16,383.webp": (webp_of_size(16_383, 16_383), "limit is 20 megapixels"),
        "60,000.bmp": (bmp_of_size(60_000, 60_000), "limit is 20 megapixels"),
        "60,000.jpg": (jpeg_of_size(60_000, 60_000), "limit is 20 megapixels"),
        "tiles.tiff": (tiff(40, 40, nothing, tile=(40_000, 40_000)), "tile|megapixels|damaged"),
        "strips.tiff": (tiff(40, 40, nothing), "damaged or cut off|nothing to read"),
        "text.png": (png_with(b"zTXt", b"a\0\0" + nothing), "damaged or cut off"),
        "profile.png": (png_with(b"iCCP", b"a\0\0" + nothing), "damaged or cut off|digit"),
        "pixels.png": (png_of_size(40, 40, b"\0" * 50_000_000), "nothing to read"),
        "scans.jpg": (jpeg_of_many_scans(), "scans"),
    }


KINDS = pictures_of_every_kind()
REFUSED = refused_files()
HUGE = huge_files()


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_picture_is_read(tmp_path, name, read, recwarn):
    path = tmp_path / name
    path.write_bytes(KINDS[name])
    assert read(path) == "digit"
    assert not recwarn.list


@pytest.mark.parametrize("name", [*REFUSED, *HUGE])
def test_other_files_are_refused_by_name(tmp_path, name, read, recwarn):
    content, message = {**REFUSED, **HUGE}[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert re.search(message, read(path))
    assert not recwarn.list


@pytest.mark.promise(row=17)
def test_predict_answers_for_every_odd_file(tmp_path, capsys, figure):
    files = {**KINDS, **{name: content for name, (content, _) in {**REFUSED, **HUGE}.items()}}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    words = [
        "--run",
        str(shipped_run("linear")),
        "--json",
        *(str(tmp_path / name) for name in files),
    ]
    assert predict.main(words) == 2  # some are not pictures
    out, errors = capsys.readouterr()
    read = {Path(reading["file"]).name: reading["digit"] for reading in json.loads(out)}
    assert set(KINDS) <= set(read)
    assert set(read.values()) <= set(range(10))
    lines = errors.splitlines()
    for name in set(files) - set(read):
        assert [line.startswith(f"error: {tmp_path / name}: ") for line in lines].count(True) == 1
    assert len(lines) == len(files) - len(read)
    assert sum(len(content) for content, _ in HUGE.values()) < 1_000_000
    figure("{} odd files: a digit or a clear error for each", len(files))


def test_the_command_answers_as_a_process(tmp_path):
    files = {"turned.jpg": KINDS["turned.jpg"], "cut.png": REFUSED["cut.png"][0]}
    files.update({name: HUGE[name][0] for name in ("60,000.png", "tiles.tiff")})
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "paddle_mnist.predict", "--stage", "linear", *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "turned.jpg: " in done.stdout
    found = [line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert found == list(files)[1:]
    assert "Traceback" not in done.stderr


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(PictureError, match="it is a folder"):
        picture_files.open_picture(tmp_path)
    for impossible in ("a" * 300 + ".png", "nul\0.png", ""):
        with pytest.raises(PictureError, match="there is no such file|File name too long"):
            picture_files.open_picture(impossible)
    with pytest.raises(PictureError, match=r"nowhere\.png: there is no such file"):
        picture_files.open_picture(str(tmp_path / "nowhere.png"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="it is not an ordinary file"):
        picture_files.open_picture(tmp_path / "pipe.png")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "seven.png").write_bytes(encoded(draw_seven(), "PNG"))

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.raises(PictureError, match="Permission denied; name a picture"):
        picture_files.open_picture(tmp_path / "seven.png")


def test_limits_are_met_exactly(tmp_path, monkeypatch):
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(draw_seven(), "PNG"))
    monkeypatch.setattr(picture_files, "MAX_PIXELS", 40 * 50)
    monkeypatch.setattr(picture_files, "MAX_BYTES", path.stat().st_size)
    assert picture_files.open_picture(path).size == (40, 50)
    monkeypatch.setattr(picture_files, "MAX_PIXELS", 40 * 50 - 1)
    with pytest.raises(PictureError, match="40 x 50 pixels; the limit is"):
        picture_files.open_picture(path)
    monkeypatch.setattr(picture_files, "MAX_PIXELS", 40 * 50)
    monkeypatch.setattr(picture_files, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(PictureError, match="it has more than .* MB; name a picture"):
        picture_files.open_picture(path)


# Memory: measured in a process of its own, because a process never gives its peak back

PEAK = """
import re, sys
from paddle_mnist.images import load_image, opening
from paddle_mnist.system.errors import PictureError
opening.MAX_PIXELS = int(sys.argv[1])
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]) / 1000
before = peak()
for path in sys.argv[2:]:
    try:
        load_image(path)
    except PictureError:
        pass
print(peak() - before)
"""
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process its peak of memory"
)


def peak_of_memory(paths: list[Path], limit: int = picture_files.MAX_PIXELS) -> float:
    """Return by how many MB a process grows that reads pictures of up to `limit` pixels."""
    command = [sys.executable, "-c", PEAK, str(limit), *map(str, paths)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@needs_proc
@pytest.mark.promise(row=17)
def test_small_files_cannot_fill_the_memory(tmp_path, figure):
    for name, (content, _) in HUGE.items():
        (tmp_path / name).write_bytes(content)
    assert peak_of_memory(sorted(tmp_path.iterdir())) < 64
    figure("{} small files that claim to be huge, under {} MB of memory", len(HUGE), 64)


@needs_proc
@pytest.mark.promise(row=17, control=True)
def test_without_the_limit_they_would(tmp_path, figure):
    # The control of the test above: 144 million pixels in 140 kB.
    (tmp_path / "bomb.png").write_bytes(png_of_size(12_000, 12_000, bytes(12_001 * 12_000)))
    assert peak_of_memory([tmp_path / "bomb.png"], limit=10**9) > 144
    assert peak_of_memory([tmp_path / "bomb.png"]) < 16
    figure("without the limit of megapixels: one of them takes more than {} MB", 144)


@needs_proc
def test_the_largest_picture_that_is_allowed_fits_into_memory(tmp_path):
    picture = Image.new("RGBA", (5000, 4000), (9, 9, 9, 9))
    (tmp_path / "large.png").write_bytes(encoded(picture, "PNG"))
    assert peak_of_memory([tmp_path / "large.png"]) < MOST_MEMORY


# Damage at random


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """Change bytes, cut the file, or say something twice."""
    result = bytearray(data)
    for place in random.integers(0, len(data), random.integers(1, 6)):
        result[place] = random.choice([0, 1, 127, 128, 255, int(random.integers(256))])
    kind = random.random()
    start, end = sorted(int(place) for place in random.integers(0, len(data), 2))
    if kind < 0.2:
        return bytes(result[: end + 1])
    if kind < 0.3:
        return bytes(result[:start] + result[end:])
    if kind < 0.4:
        return bytes(result[:end] + result[start:])
    return bytes(result)


@pytest.mark.promise(row=4)
@pytest.mark.promise(row=17)
def test_damaged_files_raise_nothing_but_picture_errors(tmp_path, read, recwarn, trials, figure):
    kinds, tried = picture_files.FORMATS, 0
    path = tmp_path / "damaged"
    for kind in kinds:
        random = np.random.default_rng(5)
        ending = {"JPEG": ".jpg"}.get(kind, f".{kind.lower()}")
        good = [data for name, data in KINDS.items() if name.endswith(ending) and len(data) < 9000]
        assert len(good) >= 3
        answers = []
        for _ in range(math.ceil(trials(300, 10_000) / len(kinds))):
            path.unlink(missing_ok=True)  # some file systems wait for the disk to overwrite a file
            path.write_bytes(damaged(good[random.integers(len(good))], random))
            answers.append(read(path))
        # The damage was real, and some got through to the digit.
        assert 0.05 < answers.count("digit") / len(answers) < 0.95, kind
        tried += len(answers)
    assert not recwarn.list
    figure("{} damaged pictures of {} formats, {} other exceptions", tried, len(kinds), 0)


@pytest.mark.promise(row=17, control=True)
def test_without_the_net_around_the_decoder_other_exceptions_come(tmp_path):
    random, others = np.random.default_rng(5), 0
    good = [data for name, data in KINDS.items() if name.endswith((".tiff", ".png", ".webp"))]
    for _ in range(100):
        try:
            Image.open(BytesIO(damaged(good[random.integers(len(good))], random))).load()
        except Exception:
            others += 1
    assert others > 10
