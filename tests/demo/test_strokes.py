"""Digits that are drawn on the page, with a mouse and with a finger, are read as what they are.

strokes.json holds the strokes as data: 40 shapes, four of each digit, as people write them (a 1
with and without its upstroke, a 7 with and without its bar, open and closed 4s, …), of different
sizes, places, slants and brushes. They were made without any network, and are not to be fitted to
one.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mnist.core.metrics import softmax
from paddle_mnist.demo.__main__ import SHOWN
from paddle_mnist.images import explain

SHAPES = json.loads((Path(__file__).parent / "strokes.json").read_text(encoding="utf-8"))
DIGITS = [shape["digit"] for shape in SHAPES]
BRUSHES = [10, 16, 22, 32]  # chosen with the keys 1 to 4
WINDOWS = {
    "mouse": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "finger": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "color_scheme": "dark",
    },
}

# What the page read, and what it saw: the drawing in grey, and what its preparation made of it.
REPORT = """async () => {
  const textOfBytes = (bytes) => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const { steps, image } = paddleMnist.current();
  const { levels } = steps.find(({ name }) => name === "to_grey").image;
  return {
    readings: paddleMnist.readings().map((reading) => (
      { ...reading, probabilities: reading.probabilities && [...reading.probabilities] }
    )),
    strokes: paddleMnist.strokes(),
    grey: textOfBytes(levels),
    image: textOfBytes(image),
    scroll: scrollY,
  };
}"""


def mouse_events(points) -> list[tuple[str, dict]]:
    """What the browser is told: a press, moves, a release."""

    def event(kind, point, buttons):
        place = {"x": point[0], "y": point[1]}
        return {"type": kind, **place, "button": "left", "buttons": buttons, "clickCount": 1}

    events = [event("mousePressed", points[0], 1)]
    events += [event("mouseMoved", point, 1) for point in points[1:]]
    events += [event("mouseReleased", points[-1], 0)]
    return [("Input.dispatchMouseEvent", event) for event in events]


def finger_events(points) -> list[tuple[str, dict]]:
    """What the browser is told: a finger comes down, moves and leaves."""
    touches = [[{"x": x, "y": y}] for x, y in points]
    events = [{"type": "touchStart", "touchPoints": touches[0]}]
    events += [{"type": "touchMove", "touchPoints": touch} for touch in touches[1:]]
    events += [{"type": "touchEnd", "touchPoints": []}]
    return [("Input.dispatchTouchEvent", event) for event in events]


async def write(page, hand, events_of, box, shape) -> dict:
    """Draw a shape on the empty board, which is in `box`; returns what REPORT says."""
    await page.keyboard.press("c")
    await page.keyboard.press(str(BRUSHES.index(shape["brush"]) + 1))
    unit = box["width"] / 280
    for stroke in shape["strokes"]:
        points = [(box["x"] + x * unit, box["y"] + y * unit) for x, y in stroke]
        # None waits for the one before, as a hand does not wait for the screen.
        await asyncio.gather(*(hand.send(*event) for event in events_of(points)))
    return await page.evaluate(REPORT)


async def visit_and_write(settings, proxy, path, pointer, shapes) -> dict:
    """Open a page in a browser of its own, whose every request goes to `proxy`; draw shapes."""
    from playwright.async_api import async_playwright

    messages, requests = [], []
    async with async_playwright() as tool:
        browser = await tool.chromium.launch(**settings)
        page = await browser.new_page(**WINDOWS[pointer], proxy={"server": proxy})
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        await page.goto(path.as_uri())
        hand = await page.context.new_cdp_session(page)
        events_of = mouse_events if pointer == "mouse" else finger_events
        box = shapes and await page.locator("#board").bounding_box()
        reports = [await write(page, hand, events_of, box, shape) for shape in shapes]
        await browser.close()
    outside = [url for url in requests if url != path.as_uri() and not url.startswith("data:")]
    return {"reports": reports, "messages": messages, "requests": outside}


def in_thread(work):
    """Run a coroutine where no loop runs yet: the other tests' browser has one in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def proxy():
    """A server that notes what it is asked for, and answers nothing: its address, and the notes."""
    asked = []

    class Note(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode("latin-1").strip())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Note) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", asked
        listening.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=list(WINDOWS))
def visited(request, launched, proxy, demo_page):
    """All shapes drawn on the real page, by one pointer; and what left the page meanwhile."""
    address, asked = proxy
    asked.clear()
    work = visit_and_write(launched.settings, address, demo_page, request.param, SHAPES)
    return {"pointer": request.param, **in_thread(work), "asked": [*asked]}


def image_of(text, side) -> np.ndarray:
    """What REPORT tells of an image: uint8 [side, side]."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(side, side)


def readings_of(visited, stage) -> list[dict]:
    return [report["readings"][SHOWN.index(stage)] for report in visited["reports"]]


def test_there_are_three_shapes_and_more_of_each_digit():
    assert min(DIGITS.count(digit) for digit in range(10)) >= 3
    assert {shape["brush"] for shape in SHAPES} == set(BRUSHES)
    assert len({json.dumps(shape["strokes"]) for shape in SHAPES}) == len(SHAPES)


def test_digits_are_read_as_what_they_are(visited):
    found = [reading["digit"] for reading in readings_of(visited, "best")]
    wrong = [
        f"{shape['digit']} ({shape['form']}) read as {digit}"
        for shape, digit in zip(SHAPES, found)
        if digit != shape["digit"]
    ]
    assert 30 * len(wrong) <= len(SHAPES), wrong  # 29 of 30 are right


def test_the_linear_neuron_fails(visited):
    found = [reading["digit"] for reading in readings_of(visited, "linear")]
    assert sum(map(int.__eq__, found, DIGITS)) < len(SHAPES) / 2


def test_strokes_are_what_was_drawn(visited):
    # A finger must move some way before the browser takes it for a movement.
    lost = 0 if visited["pointer"] == "mouse" else 5
    for shape, report in zip(SHAPES, visited["reports"]):
        assert len(report["strokes"]) == len(shape["strokes"])
        for drawn, stroke in zip(report["strokes"], shape["strokes"]):
            assert drawn["width"] == shape["brush"]
            points = np.array(drawn["points"])  # [P, 2]
            distances = np.abs(points[:, np.newaxis] - np.array(stroke)).max(axis=2)  # [P, Q]
            assert distances.min(axis=1).max() <= 1  # no other points
            assert (distances.min(axis=0) > 1).sum() <= lost  # and all of them


def test_the_page_sees_what_python_sees(visited):
    for shape, report in zip(SHAPES, visited["reports"]):
        grey = Image.fromarray(image_of(report["grey"], 280))
        expected = explain(grey)["centre_of_mass_to_middle"].astype(int)
        found = image_of(report["image"], 28)
        assert np.abs(found - expected).max() <= 2, (shape["digit"], shape["form"])


@pytest.mark.parametrize("stage", SHOWN)
def test_the_page_computes_what_paddle_computes(visited, recognizers, stage):
    images = np.stack([image_of(report["image"], 28) for report in visited["reports"]])
    outputs = recognizers[SHOWN.index(stage)].outputs(images)
    readings = readings_of(visited, stage)
    if outputs.shape[1] == 1:
        assert [reading["probabilities"] for reading in readings] == [None] * len(SHAPES)
        return
    found = np.array([reading["probabilities"] for reading in readings])  # [N, 10]
    np.testing.assert_allclose(found, softmax(outputs), rtol=0, atol=1e-4)


def test_the_page_does_not_scroll_under_the_pointer(visited):
    assert {report["scroll"] for report in visited["reports"]} == {0}


@pytest.mark.promise(row=19)
def test_the_page_talks_to_nobody(visited, figure):
    assert (visited["messages"], visited["requests"], visited["asked"]) == ([], [], [])
    figure("{} digits drawn on the page, in a browser with a proxy: {} requests", len(SHAPES), 0)


@pytest.mark.promise(row=19, control=True)
def test_control_a_page_that_talks_is_noticed(launched, proxy, tmp_path):
    address, asked = proxy
    asked.clear()
    path = tmp_path / "talks.html"
    path.write_text('<!doctype html><img src="http://elsewhere.invalid/a.png">', "utf-8")
    visited = in_thread(visit_and_write(launched.settings, address, path, "mouse", []))
    assert visited["requests"] == ["http://elsewhere.invalid/a.png"]
    assert asked == ["GET http://elsewhere.invalid/a.png HTTP/1.1"]
    assert visited["messages"]  # the browser tells that no answer came
