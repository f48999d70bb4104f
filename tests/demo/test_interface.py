"""The page's user interface, in a real Chromium: drawing, pictures, languages, themes, keys."""

from __future__ import annotations

import base64
import io
import re
import time

import numpy as np
import pytest
from PIL import Image

from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data import load_mnist
from paddle_mnist.demo import page as page_parts
from paddle_mnist.demo.page import FOLDER, SCRIPTS, stages_of, write_page
from paddle_mnist.images import preparation as images
from paddle_mnist.runs.recognizer import SURE, Recognizer
from paddle_mnist.runs.shipped import SHIPPED
from paddle_mnist.system.runtime import set_seed

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
SEVEN = [(86, 64), (196, 58), (196, 58), (140, 176), (126, 232)]
BAR = [(200, 40), (200, 240)]
# Words that stay the same in both languages.
SHARED_WORDS = {
    *("paddle", "mnist", "MNIST", "python", "demo", "JavaScript", "English"),
    *("ReLU", "softmax", "dropout", "Shift", "MB", "PNG", "JPEG", "GIF", "BMP", "WebP"),
    *re.findall(r"\w+", " ".join((*STAGES, *SHIPPED))),
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def english_words(text) -> set[str]:
    return set(LATIN_WORD.findall(re.sub(r"\{\w+\}", "", text))) - SHARED_WORDS


@pytest.fixture(scope="module")
def shared(visit_once, demo_page):
    """A window for all tests that want nothing special: opening one takes long."""
    return visit_once(demo_page, locale="en-US")


@pytest.fixture
def open_demo(visit, shared, demo_page):
    """A function: open the page, in English if nothing else is said; it must stay quiet."""
    visited = []

    def open_page(**settings):
        if settings:
            visited.append(visit(demo_page, **{"locale": "en-US", **settings}))
        else:
            shared.messages.clear()
            shared.requests.clear()
            shared.page.goto("about:blank")  # or the browser would keep what was switched on
            shared.page.goto(demo_page.as_uri())
            visited.append(shared)
        return visited[-1].page

    yield open_page
    shared.page.mouse.up()
    for one in visited:
        assert one.messages == []
        # A picture file that the visitor hands over is read through an address of the page's own.
        outside = [url for url in one.requests if not url.startswith(("blob:", "about:"))]
        assert outside == []


def place(page, point):
    """Where a point of the board, 280×280, is in the window."""
    box = page.locator("#board").bounding_box()
    return box["x"] + point[0] * box["width"] / 280, box["y"] + point[1] * box["height"] / 280


def draw(page, points, *, lift=True):
    page.mouse.move(*place(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, point))
    if lift:
        page.mouse.up()
    settle(page)


def write(page, digit):
    """Let the page draw an example."""
    page.evaluate(f"document.querySelectorAll('#examples button')[{digit}].click()")
    settle(page)


def until(page, condition):
    """Wait until a JavaScript expression holds (the page's policy forbids Playwright's own way)."""
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def settle(page):
    """Wait until the page has shown what came before."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def strokes(page) -> list[dict]:
    return page.evaluate("paddleMnist.strokes()")


def digits(page) -> dict[str, int]:
    settle(page)
    return page.evaluate(
        "Object.fromEntries(paddleMnist.readings().map(({stage, digit}) => [stage, digit]))"
    )


def best_digit(page) -> int | None:
    return next(reversed(list(digits(page).values())), None)


def seen(page) -> np.ndarray | None:
    """The prepared image, uint8 [28, 28]."""
    settle(page)
    image = page.evaluate("paddleMnist.current().image && [...paddleMnist.current().image]")
    return None if image is None else np.array(image, np.uint8).reshape(28, 28)


def board_pixels(page) -> str:
    settle(page)
    return page.evaluate("document.getElementById('board').toDataURL()")


def doubt(page) -> str:
    return page.inner_text("#doubt")


# Drawing


def test_a_mouse_draws_a_stroke_of_points_and_a_width(open_demo):
    page = open_demo()
    draw(page, SEVEN)
    (stroke,) = strokes(page)
    assert stroke["width"] == 16
    np.testing.assert_allclose(stroke["points"], SEVEN, atol=0.01)
    assert best_digit(page) == 7


def test_it_reads_while_the_pen_is_still_down(open_demo):
    page = open_demo()
    assert digits(page) == {}
    draw(page, SEVEN, lift=False)
    assert best_digit(page) == 7


def test_a_click_is_a_dot(open_demo):
    page = open_demo()
    page.mouse.click(*place(page, (140, 140)))
    assert len(strokes(page)) == 1
    assert seen(page) is not None


def test_moving_without_a_button_and_other_buttons_draw_nothing(open_demo):
    page = open_demo()
    page.mouse.move(*place(page, (50, 50)))
    page.mouse.move(*place(page, (200, 200)))
    page.mouse.move(*place(page, (50, 50)))
    page.mouse.down(button="right")
    page.mouse.move(*place(page, (200, 200)))
    page.mouse.up(button="right")
    assert strokes(page) == []


def touch(page, points):
    """Draw with a finger, in the window's coordinates."""
    finger = page.context.new_cdp_session(page)

    def send(kind, *touches):
        touches = [{"x": x, "y": y} for x, y in touches]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", points[0])
    for (from_x, from_y), (to_x, to_y) in zip(points, points[1:]):
        for share in (0.25, 0.5, 0.75, 1):
            send("touchMove", (from_x + share * (to_x - from_x), from_y + share * (to_y - from_y)))
    send("touchEnd")
    settle(page)


def test_a_finger_draws_and_the_page_does_not_scroll(open_demo):
    page = open_demo(**PHONE)
    touch(page, [place(page, point) for point in [(140, 250), (140, 20)]])
    assert len(strokes(page)) == 1
    assert page.evaluate("scrollY") == 0
    assert best_digit(page) == 1


def test_control_a_finger_beside_the_board_scrolls(open_demo):
    page = open_demo(**PHONE)
    touch(page, [(195, 800), (195, 500), (195, 100)])
    until(page, "scrollY > 0")
    assert strokes(page) == []


def test_a_second_finger_does_not_disturb_the_first(open_demo):
    page = open_demo(**PHONE)
    finger = page.context.new_cdp_session(page)
    (x, y), (other_x, other_y) = place(page, (60, 60)), place(page, (220, 60))
    for kind, down in (
        ("touchStart", [(x, y)]),
        ("touchStart", [(x, y), (other_x, other_y)]),
        ("touchMove", [(x, y + 50), (other_x, other_y + 50)]),
        ("touchEnd", []),
    ):
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(down)]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    (stroke,) = strokes(page)
    assert max(x for x, _ in stroke["points"]) < 70


def test_many_events_are_read_once_a_frame(open_demo):
    page = open_demo()
    draw(page, [(100, 60)], lift=False)
    count = page.evaluate(
        """async () => {
          let count = 0;
          const original = CanvasRenderingContext2D.prototype.getImageData;
          CanvasRenderingContext2D.prototype.getImageData = function (...box) {
            count++;
            return original.apply(this, box);
          };
          const board = document.getElementById("board");
          for (let i = 0; i < 100; i++) {
            const where = { pointerId: 1, clientX: 200, clientY: 200 + i };
            board.dispatchEvent(new PointerEvent("pointermove", where));
          }
          await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
          return count;
        }"""
    )
    assert len(strokes(page)[0]["points"]) == 101
    assert count == 1


# Undo, clear, brush, keys


def test_undo_takes_the_last_stroke_away_exactly(open_demo):
    page = open_demo()
    empty = board_pixels(page)
    draw(page, SEVEN)
    one = board_pixels(page)
    draw(page, BAR)
    assert board_pixels(page) != one
    page.click("#undo")
    assert board_pixels(page) == one
    page.click("#undo")
    page.click("#undo")  # nothing is left to take back
    assert board_pixels(page) == empty
    assert digits(page) == {}


def test_clear_empties_the_board_and_can_be_taken_back(open_demo):
    page = open_demo()
    draw(page, SEVEN)
    page.click("#clear")
    assert strokes(page) == []
    assert digits(page) == {}
    assert page.is_visible("#prompt")
    page.click("#undo")
    assert best_digit(page) == 7
    assert not page.is_visible("#prompt")


def test_keys_take_back_and_clear(open_demo):
    page = open_demo()
    for key, left in [("Control+z", 1), ("z", 1), ("c", 0), ("Escape", 0)]:
        page.click("#clear")
        draw(page, BAR)
        draw(page, BAR)
        page.keyboard.press(key)
        assert len(strokes(page)) == left, key


def test_letters_are_left_to_other_controls(open_demo):
    page = open_demo()
    draw(page, SEVEN)
    page.focus("#inside-stage")
    for key in "cz":
        page.keyboard.press(key)
        assert len(strokes(page)) == 1


def test_the_brush_has_four_widths(open_demo):
    page = open_demo()
    draw(page, BAR)
    for key in "1234":
        page.keyboard.press(key)
        draw(page, BAR)
    page.locator(".brush").first.click()
    draw(page, BAR)
    widths = [stroke["width"] for stroke in strokes(page)]
    assert widths == [16, 10, 16, 22, 32, 10]


def test_the_keyboard_draws(open_demo):
    page = open_demo(viewport={"width": 390, "height": 500})
    page.focus("#board")
    before = page.evaluate("scrollY")
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    (stroke,) = strokes(page)
    assert stroke["points"][0] == [140, 50]
    assert stroke["points"][-1] == [142, 230]
    assert best_digit(page) == 1
    assert page.evaluate("scrollY") == before


def test_examples_are_read_as_what_they_are(open_demo):
    page = open_demo()
    answers = []
    for digit in range(10):
        write(page, digit)
        answers.append(best_digit(page))
    assert answers == list(range(10))


# Pictures


@pytest.fixture(scope="module")
def four():
    """A digit 4 of the sample, large, dark on light."""
    test = load_mnist("sample").test
    image = 255 - test.images[test.labels == 4][0]
    return Image.fromarray(image).resize((224, 224), Image.Resampling.BICUBIC)


def bytes_of(picture, kind="PNG", **settings) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **settings)
    return stream.getvalue()


def hand_over(page, way, content, name="picture.png", kind="image/png"):
    """Give the page a file in one of the three ways; wait until it was dealt with."""
    if way == "choose":
        page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    else:
        page.evaluate(
            """([way, text, name, type]) => {
              const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
              const data = new DataTransfer();
              data.items.add(new File([bytes], name, { type }));
              const event = way === "drop"
                ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
              document.body.dispatchEvent(event);
            }""",
            [way, base64.b64encode(content).decode(), name, kind],
        )
    wait_for_file(page)


def wait_for_file(page):
    """Wait until a file is dealt with: digits are read, or a sentence says why not."""
    until(
        page,
        """paddleMnist.readings().length || !["", "The picture is being read …"].includes(
          document.getElementById("doubt").innerText
        )""",
    )
    settle(page)


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_is_read(open_demo, four, way):
    page = open_demo()
    hand_over(page, way, bytes_of(four))
    assert best_digit(page) == 4
    page.click("#undo")
    assert digits(page) == {}


def test_a_stroke_replaces_a_picture_and_undo_brings_it_back(open_demo, four):
    page = open_demo()
    hand_over(page, "choose", bytes_of(four))
    draw(page, SEVEN)
    assert best_digit(page) == 7
    page.click("#undo")
    assert best_digit(page) == 4


def test_a_photo_is_turned_as_the_camera_was_held(open_demo, four):
    page = open_demo()
    hand_over(page, "choose", bytes_of(four, "JPEG", quality=95), kind="image/jpeg")
    upright = seen(page).astype(int)
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6
    lying = four.transpose(Image.Transpose.ROTATE_90)
    page.click("#clear")
    content = bytes_of(lying, "JPEG", quality=95, exif=exif)
    hand_over(page, "choose", content, kind="image/jpeg")
    assert np.abs(seen(page) - upright).mean() < 2


def test_black_ink_on_nothing_is_read_in_the_dark_theme(open_demo, four):
    page = open_demo(color_scheme="dark")
    picture = Image.new("RGBA", four.size)
    picture.putalpha(Image.eval(four, lambda level: 255 - level))
    hand_over(page, "choose", bytes_of(picture))
    assert best_digit(page) == 4


def wrong_files() -> list[tuple[str, bytes, str]]:
    """Name, content, and words of the sentence."""
    png = bytes_of(Image.new("L", (40, 40), 255))
    large = bytes_of(Image.new("1", (5000, 4001), 1))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    return [
        ("a.txt", b"no picture", "not a picture"),
        ("a.png", b"no picture", "not a picture"),
        ("a.png", b"", "not a picture"),
        ("a.png", png[:40], "not a picture"),
        ("a.svg", svg, "not a picture"),
        ("a.png", svg, "not a picture"),
        ("a.png", bytes(10_000_001), "10 MB"),
        ("a.png", large, "20 megapixels"),
        ("a.png", png, "blank or too faint"),
    ]


def test_a_wrong_file_gives_a_sentence(open_demo, tmp_path):
    page = open_demo()
    for name, content, words in wrong_files():
        page.click("#clear")
        file = tmp_path / name
        file.write_bytes(content)
        page.set_input_files("#file", file)
        wait_for_file(page)
        assert words in doubt(page)
        write(page, 7)
        assert doubt(page) == ""


def test_a_wrong_file_leaves_the_drawing(open_demo):
    page = open_demo()
    write(page, 7)
    hand_over(page, "drop", b"no picture")
    until(page, "document.getElementById('doubt').innerText.includes('not a picture')")
    assert best_digit(page) == 7
    until(page, "document.getElementById('announcement').innerText.includes('not a picture')")


# Doubt

REST = "new Promise((go) => setTimeout(go, 250))"  # longer than PAUSE in main.js
# However slow the machine is, the page's pauses last until they are ended: all of them, or those of
# so many milliseconds at most.
HOLD_PAUSES = """() => {
  let last = 0;
  window.waiting = new Map();
  window.setTimeout = (call, wait) => { waiting.set(++last, { call, wait }); return last; };
  window.clearTimeout = (number) => waiting.delete(number);
}"""
END_PAUSES = """(longest) => {
  for (const [number, { call, wait }] of [...waiting]) {
    if (wait <= (longest ?? Infinity) && waiting.delete(number)) call();
  }
}"""


@pytest.mark.parametrize("is_trained", [True, False])
def test_below_the_threshold_it_says_that_it_is_unsure(open_demo, visit, tmp_path, is_trained):
    page = open_demo()
    if not is_trained:
        set_seed(0)
        untrained = stages_of([Recognizer(build_network("mlp"), "mlp")])
        write_page(untrained, tmp_path / "untrained.html")
        page = visit(tmp_path / "untrained.html", locale="en-US").page
    draw(page, SEVEN)
    page.evaluate(REST)
    probabilities = page.evaluate("[...paddleMnist.readings().at(-1).probabilities]")
    assert (max(probabilities) >= SURE) is is_trained
    assert ("not sure" in doubt(page)) is not is_trained


def test_the_threshold_is_that_of_python():
    source = (FOLDER / "reading.js").read_text(encoding="utf-8")
    assert float(re.search(r"^const SURE = ([\d.]+);", source, re.M)[1]) == SURE


def test_several_digits_are_noticed(open_demo):
    page = open_demo()
    draw(page, [(80, 60), (80, 220)])
    page.evaluate(REST)
    assert doubt(page) == ""
    page.evaluate(HOLD_PAUSES)
    draw(page, [(200, 60), (200, 220)])
    assert doubt(page) == ""  # not yet: the pen may go on
    page.evaluate(END_PAUSES)
    settle(page)
    assert "more than one digit" in doubt(page)
    page.click("#undo")
    settle(page)
    assert doubt(page) == ""


def test_what_is_only_along_the_border_is_noticed(open_demo):
    page = open_demo()
    page.evaluate(HOLD_PAUSES)
    draw(page, [(2, 4), (278, 4)])
    assert doubt(page) == ""  # not yet: a digit may follow
    page.evaluate(END_PAUSES)
    settle(page)
    assert "only something along the border" in doubt(page)
    draw(page, SEVEN)
    page.evaluate(END_PAUSES)
    settle(page)
    assert doubt(page) == ""


@pytest.mark.parametrize(
    "accuracies, is_sure",
    [  # in the page's order; cnn is not trained here, and the others are
        ({"best": 0.1, "cnn": 0.99}, True),
        ({"mlp": 0.99, "cnn": 0.9}, True),
        ({"cnn": 0.9, "mlp": 0.99}, True),
        ({"mlp": 0.9, "cnn": 0.99}, False),
        ({"cnn": 0.99, "mlp": 0.9}, False),
        ({"mlp": 0.1, "cnn": None}, True),
        ({"cnn": 0.1, "mlp": None}, False),
        ({"mlp": 0.1, "linear": 0.99}, True),
        ({"cnn": 0.1, "linear": 0.99}, False),
        ({"linear": 0.99}, True),  # without probabilities, it cannot be unsure
    ],
    ids=str,
)
def test_best_is_asked_whether_it_is_sure_or_the_most_accurate(
    visit, recognizers, tmp_path, accuracies, is_sure
):
    set_seed(0)
    trained = {one.stage: one.network for one in recognizers}
    networks = {**trained, "cnn": build_network("mlp")}
    chosen = [
        Recognizer(networks[stage], stage, {"test": {"accuracy": accuracy}})
        for stage, accuracy in accuracies.items()
    ]
    write_page(stages_of(chosen), tmp_path / "chosen.html")
    page = visit(tmp_path / "chosen.html", locale="en-US").page
    draw(page, SEVEN)
    page.evaluate(REST)
    assert len(page.evaluate("paddleMnist.readings()")) == len(chosen)
    assert ("not sure" in doubt(page)) is not is_sure


# What is shown


def test_cards_show_what_the_networks_answer(open_demo):
    page = open_demo()
    write(page, 7)
    readings = page.evaluate("paddleMnist.readings()")
    cards = page.locator(".card")
    assert cards.count() == len(readings) >= 2
    for i, reading in enumerate(readings):
        assert cards.nth(i).locator("h3").inner_text() == reading["stage"]
        assert cards.nth(i).locator(".card-digit").inner_text() == str(reading["digit"])
        if reading["probabilities"] is None:
            assert "its number" in cards.nth(i).inner_text()
            continue
        shares = cards.nth(i).locator(".bar-percent").all_inner_texts()
        assert [int(share[:-1]) for share in shares] == [
            min(99, int(100 * share + 0.5)) for share in reading["probabilities"]
        ]


def test_steps_and_pixels_are_shown(open_demo):
    page = open_demo()
    write(page, 7)
    page.wait_for_selector(".step canvas")
    names = page.evaluate("paddleMnist.current().steps.map(({ name }) => name)")
    assert page.locator(".step").count() == len(names) >= 4
    box = page.locator("#seen-image canvas").bounding_box()
    image = seen(page)
    row, column = np.argwhere(image > 200)[3]
    pixel = box["width"] / 28
    page.locator("#seen-image canvas").hover(
        position={"x": (column + 0.5) * pixel, "y": (row + 0.5) * pixel}
    )
    assert page.inner_text("#tooltip") == f"row {row}, column {column}: {image[row, column]}"
    assert page.inner_text(".numbers-here") == str(image[row, column])


def test_the_pixels_can_be_visited_with_the_keyboard(open_demo):
    page = open_demo()
    write(page, 7)
    until(page, "document.getElementById('announcement').textContent")  # speaks once, now is silent
    page.focus("#seen-image canvas")
    for key in ["ArrowDown", *["ArrowRight"] * 14, *["ArrowDown"] * 12]:
        page.keyboard.press(key)
    expected = f"row 12, column 14: {seen(page)[12, 14]}"
    assert page.inner_text("#tooltip") == expected
    assert page.inner_text("#announcement") == expected


def test_the_switches_leave_the_digit_where_it_is(open_demo):
    page = open_demo()
    draw(page, [(20, 20), (70, 20), (40, 90)])
    rows, columns = np.nonzero(seen(page))
    assert rows.max() - rows.min() == 19
    page.uncheck("#scale")
    page.uncheck("#centre")
    rows, columns = np.nonzero(seen(page))
    assert rows.max() <= 10
    assert columns.max() <= 8


def test_feature_maps_tell_their_numbers(open_demo):
    page = open_demo()
    write(page, 7)
    page.select_option("#inside-stage", "cnn")
    outputs = page.locator(".layer").first.locator(".figure").nth(1).locator("canvas")
    outputs.scroll_into_view_if_needed()
    outputs.hover(position={"x": 30, "y": 30})
    text = page.inner_text("#tooltip")
    where = re.fullmatch(r"map 1, row (\d+), column (\d+): (−?[\d.]+)", text)
    row, column = int(where[1]), int(where[2])
    value = page.evaluate(
        """([row, column]) => {
          const { layers } = paddleMnist.stages.find(({ stage }) => stage === "cnn");
          const pixels = Float32Array.from(paddleMnist.current().image, (level) => level / 255);
          const [{ shape, values }] = paddleMnist.forward(layers, pixels).maps;
          return values[row * shape[2] + column];
        }""",
        [row, column],
    )
    assert float(where[3].replace("−", "-")) == pytest.approx(value, abs=5e-5)


def test_the_layers_of_every_stage_are_shown(open_demo):
    page = open_demo()
    write(page, 7)
    for i, layers in enumerate(page.evaluate("paddleMnist.stages.map((stage) => stage.layers)")):
        # A list, because the first releases of Playwright that are allowed take 0 for nothing.
        page.select_option("#inside-stage", index=[i])
        assert page.locator(".layer").count() == len(layers)
        assert page.locator(".nothing:visible").count() == 0


def test_few_maps_are_shown_until_all_are_wanted(open_demo):
    page = open_demo()
    page.select_option("#inside-stage", "mlp")
    canvas = page.locator(".layer canvas").first
    few = canvas.bounding_box()["height"]
    page.click("text=Show all 512")
    assert canvas.bounding_box()["height"] > 5 * few
    page.click("text=Show fewer")
    assert canvas.bounding_box()["height"] == few


def test_screen_readers_are_told_once_the_drawing_rests(open_demo):
    page = open_demo()
    page.evaluate(HOLD_PAUSES)
    write(page, 7)
    assert page.inner_text("#announcement") == ""
    page.evaluate(END_PAUSES, 500)
    assert page.inner_text("#announcement") == ""  # not yet: the pen may go on
    page.evaluate(END_PAUSES)
    last = list(digits(page))[-1]
    assert re.search(rf"{re.escape(last)} reads 7, \d\d%\.$", page.inner_text("#announcement"))
    assert page.get_attribute("#announcement", "aria-live") == "polite"


# Languages


@pytest.fixture(scope="module")
def texts(browser):
    """The texts of both languages."""
    source = (FOLDER / "texts.js").read_text(encoding="utf-8")
    with browser.new_page() as page:
        return page.evaluate(f"() => {{ {source}; return TEXTS; }}")


def test_both_languages_have_the_same_texts(texts):
    assert list(texts["en"]) == list(texts["zh"])
    for key, english in texts["en"].items():
        names = re.compile(r"\{\w+\}")
        assert sorted(names.findall(english)) == sorted(names.findall(texts["zh"][key])), key


def test_each_text_is_in_its_language(texts):
    for key in set(texts["en"]) - {"language.other"}:
        assert not CHINESE.search(texts["en"][key]), key
        assert not english_words(texts["zh"][key]), key
        if english_words(texts["en"][key]):
            assert CHINESE.search(texts["zh"][key]), key


def test_every_text_that_is_asked_for_exists(texts):
    sources = [(FOLDER / name).read_text(encoding="utf-8") for name in ("page.html", *SCRIPTS)]
    asking = r'(?:textOf\(|problem: (?="file)|data-text=|data-label=|"data-label": )"([\w.-]+)"'
    asked = set(re.findall(asking, "".join(sources)))
    assert len(asked) > 50
    assert asked <= set(texts["en"])


def test_steps_layers_and_stages_have_texts(texts, browser):
    source = (FOLDER / "network.js").read_text(encoding="utf-8")
    with browser.new_page() as page:
        kinds = page.evaluate(f"() => {{ {source}; return Object.keys(COMPUTE); }}")
    steps = {f"step.{step.__name__}{end}" for step in images.STEPS for end in ("", ".what")}
    assert steps == {key for key in texts["en"] if key.startswith("step.")}
    names = [
        *(f"layer.{kind}{end}" for kind in kinds for end in ("", ".what")),
        *(f"stage.{stage}" for stage in (*STAGES, *SHIPPED)),
        *(f"where.{where}" for where in (page_parts.FROM_PACKAGE, page_parts.OWN)),
    ]
    assert set(names) <= set(texts["en"])


VISIBLE_TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.textContent.trim() && node.parentElement.checkVisibility()) {
      texts.push(node.textContent.trim());
    }
  }
  for (const node of document.querySelectorAll("body [aria-label]")) {
    texts.push(node.getAttribute("aria-label"));
  }
  return texts;
}"""


def test_the_switch_changes_every_word(open_demo):
    page = open_demo()
    write(page, 7)
    page.wait_for_selector(".step canvas")
    until(page, "document.getElementById('announcement').textContent")
    english = page.evaluate(VISIBLE_TEXTS)
    assert [text for text in english if CHINESE.search(text)] == ["中文"]
    page.click("#language-switch")
    until(page, "document.getElementById('announcement').textContent.includes('认作')")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert "写一个数字" in page.title()
    chinese = page.evaluate(VISIBLE_TEXTS)
    assert [text for text in chinese if english_words(text)] == []
    page.click("#language-switch")
    assert page.inner_text("h1") == "Draw a digit"


@pytest.mark.parametrize(
    ("locale", "language"), [("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hans"), ("de-DE", "en")]
)
def test_the_browser_chooses_the_language(open_demo, locale, language):
    assert open_demo(locale=locale).evaluate("document.documentElement.lang") == language


# Themes, sizes, keyboard

CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((level) => {
      const share = level / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (node) => {
    const colour = numbers(getComputedStyle(node).backgroundColor);
    return colour[3] === 0 ? ground(node.parentElement) : colour;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    const pair = [light(numbers(getComputedStyle(node).color)), light(ground(node))].sort();
    found.push([(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), node.outerHTML]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(open_demo, scheme):
    page = open_demo(color_scheme=scheme)
    write(page, 7)
    page.wait_for_selector(".step canvas")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    # Web Content Accessibility Guidelines 2.2, success criterion 1.4.3
    assert [text for contrast, text in found if contrast < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_read_alike(open_demo, scheme):
    page = open_demo(color_scheme=scheme)
    is_dark = "document.documentElement.dataset.theme === 'dark'"
    assert page.evaluate(is_dark) is (scheme == "dark")
    write(page, 7)
    first = seen(page).astype(int)
    page.click("#theme-switch")
    assert page.evaluate(is_dark) is (scheme == "light")
    assert best_digit(page) == 7
    assert np.abs(seen(page) - first).max() < 30


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_nothing_is_wider_than_the_screen(open_demo, locale):
    page = open_demo(locale=locale)
    write(page, 7)
    page.wait_for_selector(".step canvas")
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 844})
        for i in range(page.locator(".card").count()):
            page.select_option("#inside-stage", index=[i])
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_phone_board_and_answers_are_seen_together(open_demo):
    page = open_demo(viewport={"width": 390, "height": 700})
    write(page, 7)
    shown = page.locator("#glance b").all_inner_texts()
    assert shown == [str(digit) for digit in digits(page).values()]
    for name in ("#board", "#glance"):
        box = page.locator(name).bounding_box()
        assert box["y"] + box["height"] <= 700


def test_every_control_is_reached_with_the_keyboard_and_seen(open_demo):
    page = open_demo()
    write(page, 7)
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => {
              const node = document.activeElement;
              const shown = node.matches(".brush input, .file input") ? node.parentElement : node;
              const { outlineStyle } = getComputedStyle(shown);
              return [node.id || node.name || node.textContent, outlineStyle];
            }"""
        )
        if name in reached or page.evaluate("document.activeElement === document.body"):
            continue
        assert outline == "solid", name
        reached.add(name)
    controls = "language-switch theme-switch board undo clear brush file scale centre inside-stage"
    assert {*controls.split(), *map(str, range(10))} <= reached


def test_nothing_moves_where_less_motion_is_wanted(open_demo):
    for wish, seconds in (("reduce", {"0s"}), ("no-preference", {"0.08s", "0.08s, 0.08s"})):
        page = open_demo(reduced_motion=wish)
        style = "getComputedStyle(document.querySelector('.bar-fill')).transitionDuration"
        assert page.evaluate(style) in seconds


def test_the_html_has_neither_styles_nor_handlers_of_its_own():
    html = (FOLDER / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"\s(?:style|on\w+)=", html) == []
    assert re.findall(r"https?:|//", html) == []
    for name in SCRIPTS:
        source = (FOLDER / name).read_text(encoding="utf-8")
        assert not re.search(r"(inner|outer|Adjacent)HTML|document\.write|eval\(", source), name


def test_no_two_scripts_define_the_same_name():
    names = [
        name
        for script in SCRIPTS
        for name in re.findall(
            r"^(?:async )?(?:function|const|let|class) (\w+)",
            (FOLDER / script).read_text(encoding="utf-8"),
            re.M,
        )
    ]
    assert len(names) > 100
    # They are joined into one script, in which the later of two functions would win, silently.
    assert len(set(names)) == len(names)
