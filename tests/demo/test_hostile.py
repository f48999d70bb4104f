"""Runs, folders and picture files made to attack: what they say is shown as text, and nothing runs.

Whoever changes a run's `run.json` can mend its checksum, too; so these are sealed as real ones are.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import json
import os
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from paddle_mnist import export
from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import build_network
from paddle_mnist.demo import page as page_module
from paddle_mnist.demo.__main__ import main as demo
from paddle_mnist.demo.page import FOLDER, SCRIPTS, stages_of, write_page
from paddle_mnist.runs.folder import save_run
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.record import sealed
from paddle_mnist.runs.state import weights_of

RUN = "window.trace=1"
ELSEWHERE = "https://elsewhere.invalid/"
TEXTS = {
    "end of the script": f"</script><script>{RUN}</script>",
    "another end of the script": f"</SCRIPT ><script>{RUN}</script>",
    "comment and script": f"<!--<script>{RUN}",
    "end of a comment": f"--><script>{RUN}</script>",
    "end of CDATA": f"]]><script>{RUN}</script>",
    "end of the style": f"</style></title></textarea><img src=x onerror={RUN}>",
    "picture": f"<img src=x onerror={RUN}>",
    "graphic": f"<svg/onload={RUN}>",
    "frame": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    "link": f"<a href=javascript:{RUN} autofocus onfocus={RUN}>here</a>",
    "other page": f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}">',
    "other base": f"<base href={ELSEWHERE}><link rel=stylesheet href={ELSEWHERE}>",
    "style": f"<style>*{{background:url({ELSEWHERE})}}</style>",
    "attribute": f'" onload={RUN} onpointerover="{RUN}',
    "other attribute": f"' onfocus={RUN} autofocus tabindex=0 x='",
    "address": f"javascript:{RUN}",
    "end of a text": f'"}}]}};{RUN};//',
    "end of a template": f"`${{{RUN}}}`{{{{{RUN}}}}}",
    "line separators": f"\u2028{RUN}\u2029{RUN}",
    "end of a line": f"\r\n{RUN}\r\n",
    "null bytes": f"\0<img src=x onerror={RUN}>\0",
    "half a character": f"\ud800<img src=x onerror={RUN}>",
    "entities": f"&lt;img src=x onerror={RUN}&gt;&#60;b&#62;",
    "escape sequences": f"\\u003c/script>\\x3cscript>{RUN}</script>\\",
    "marks of the page": "<!-- policy --><!-- stages --><!-- script -->",
    "places of values": "{stage} {digit} {constructor} $& $1 $` %s",
    "prototype": "__proto__",
    "constructor": "constructor",
    "from right to left": f"\u202e<b>{RUN}</b>\u2066\u200f",
    "emoji": "🙂‍🦰" * 9 + f"<img src=x onerror={RUN}>",
    "terminal": "\x1b]0;title\x07\x1b[2J\x9b31m",
    "formula": r"$\frac{$ $\unknown$",
    "100 kB": f"<img src=x onerror={RUN}>".ljust(100_000, "A"),
}
CLEAN = "nobody would mind"


@pytest.fixture(scope="module")
def window(visit_once, tmp_path_factory):
    """A window for all tests of this file, and what it was asked."""
    empty = tmp_path_factory.mktemp("empty") / "empty.html"
    empty.write_text("<!doctype html>", encoding="utf-8")
    visited = visit_once(empty, locale="en-US")
    visited.dialogs = []

    def note(dialog):
        visited.dialogs.append(dialog.message)
        dialog.dismiss()

    visited.page.on("dialog", note)
    return visited


@pytest.fixture
def look(window):
    """A function: open a page, draw a 7 on it, and return what happened besides."""

    def look_at(path: Path) -> dict:
        for notes in (window.messages, window.requests, window.dialogs):
            notes.clear()
        window.page.goto(path.as_uri())
        window.page.evaluate("document.querySelectorAll('#examples button')[7]?.click()")
        return happened(window, path)

    return look_at


NOTHING = {"trace": None, "messages": [], "requests": [], "dialogs": []}


def settle(page) -> None:
    """Wait until the page has shown what came before."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")


def happened(window: SimpleNamespace, path: Path) -> dict:
    """What happened that should not, since the lists of the window were emptied."""
    settle(window.page)
    return {
        "trace": window.page.evaluate("window.trace"),
        "messages": list(window.messages),
        # The page itself, and a picture that the visitor hands over.
        "requests": [
            url for url in window.requests if not url.startswith(("blob:", path.as_uri()))
        ],
        "dialogs": list(window.dialogs),
    }


# Runs


def linear_run(folder: Path, tensors: dict[str, np.ndarray] | None = None) -> Path:
    record = {
        "stage": "linear",
        "config": dataclasses.asdict(configure("linear")),
        "data": {},
        "history": [{}],
    }
    save_run(folder, record, {**weights_of(build_network("linear")), **(tensors or {})}, None)
    return folder


def seal(folder: Path, changes: dict) -> None:
    """Change a run's record as somebody would who knows how it is sealed."""
    record = json.loads((folder / "run.json").read_bytes())
    text = sealed({**record, **changes})
    (folder / "run.json").write_bytes(text)


PLACES = {
    "stage": lambda text: {"stage": text},
    "kind of data": lambda text: {"data": {"kind": text, "path": text, "fingerprint": text}},
    "class names": lambda text: {"data": {"classes": [text] * 10}},
    "one class name": lambda text: {"data": {"classes": [*"012345678", text]}},
    "values of config": lambda text: {"config": dict.fromkeys(("stage", "data", "loss"), text)},
    "names in config": lambda text: {"config": {text: text}},
    "history": lambda text: {"history": [{text: text}]},
    "epoch": lambda text: {"history": [{"epoch": text}]},
    "accuracy": lambda text: {"test": {"accuracy": text, "count": 1}},
    "names in the test": lambda text: {"test": {"accuracy": 0.5, "count": 1, text: text}},
    "command": lambda text: {"command": text, "device": text},
    "parameters": lambda text: {"parameters": text},
    "format": lambda text: {"format": text},
    "files": lambda text: {"files": {text: text}},
    "names at the top": lambda text: {text: {text: [text]}},
}
COMMANDS = {
    "demo": lambda run, out: demo(["--run", str(run), "-o", str(out)]),
    "export": lambda run, out: export.main(["--run", str(run), "--format", "html", "-o", str(out)]),
}


def is_one_short_line(told: str) -> bool:
    return told.startswith("error: ") and told[:-1].isprintable() and len(told) < 2000


def combinations() -> list[tuple[str, str, str]]:
    """Each text in each place, with one of the commands; the first of them have each text once."""
    places, commands = list(PLACES), list(COMMANDS)
    return [
        (places[(turn + i) % len(places)], text, commands[(turn + i // 2) % len(commands)])
        for turn in range(len(places))
        for i, text in enumerate(TEXTS)
    ]


def test_the_combinations_are_all_there_are():
    found = combinations()
    assert len(found) == len(PLACES) * len(TEXTS)
    assert {(place, text) for place, text, _ in found} == {*itertools.product(PLACES, TEXTS)}
    for part in (found, found[: len(TEXTS)]):
        assert {place for place, _, _ in part} == {*PLACES}
        assert {text for _, text, _ in part} == {*TEXTS}
        assert {command for _, _, command in part} == {*COMMANDS}


@pytest.mark.promise(row=19)
def test_whatever_a_record_says_nothing_runs(tmp_path, trials, look, capsys, figure):
    chosen = combinations()[: trials(len(TEXTS), len(combinations()))]
    run, out = linear_run(tmp_path / "run"), tmp_path / "page.html"
    clean = (run / "run.json").read_bytes()
    pages = 0
    for place, text, command in chosen:
        (run / "run.json").write_bytes(clean)
        seal(run, PLACES[place](TEXTS[text]))
        capsys.readouterr()
        code = COMMANDS[command](run, out)
        told = capsys.readouterr()
        if code == 2:
            assert is_one_short_line(told.err), (place, text)
            assert not out.exists()
            continue
        assert (code, told.err) == (0, ""), (place, text)
        assert look(out) == NOTHING, (place, text, command)
        pages += 1
        out.unlink()
    assert 0.2 < pages / len(chosen) < 0.8  # some are refused, and some shown
    figure("{} hostile records of a run, sealed as real ones are: {} ran", len(chosen), 0)


def is_possible(text: str) -> bool:
    """Whether a folder can have this name, slashes apart."""
    longest = max(len(os.fsencode(part)) for part in Path(text).parts)
    return "\0" not in text and longest <= 255


def names_of_folders() -> list[str]:
    texts = [text.strip("/") for text in TEXTS.values() if not re.search("[\ud800-\udfff]", text)]
    if os.name == "nt":
        pytest.skip("Windows allows none of these characters in the name of a folder")
    return [str(Path(text)) for text in texts if is_possible(text)]


@pytest.mark.promise(row=19)
def test_the_name_of_a_folder_is_shown_as_it_is(tmp_path, look, window, trials, figure):
    # Two runs of a stage are told apart by as much of their folders as is needed: here all of it.
    names = names_of_folders()[:: trials(4, 1)]
    for number, name in enumerate(names):
        runs = [linear_run(tmp_path / f"{number} {part}" / name) for part in ("one", "two")]
        out = tmp_path / "page.html"
        assert demo(["--run", *map(str, runs), "-o", str(out)]) == 0
        assert look(out) == NOTHING, name
        expected = [f"linear ({run.relative_to(tmp_path)})" for run in runs]
        assert shown_names(window.page) == expected
    figure("{} hostile names of a run's folder, in the page as text: {} ran", len(names), 0)


def shown_names(page) -> list[str]:
    """The names of the networks, which have to be the same in each place where they are shown."""
    places = [".card h3", "#inside-stage option"]
    found = [
        page.evaluate(
            "(place) => [...document.querySelectorAll(place)].map((node) => node.textContent)",
            place,
        )
        for place in places
    ]
    # A digit stands before the name there.
    glance = page.evaluate(
        "[...document.querySelectorAll('#glance p')].map((node) => node.lastChild.data)"
    )
    assert found == [glance, glance]
    return glance


@pytest.mark.promise(row=19)
@pytest.mark.parametrize("name", [TEXTS[name] for name in ("picture", "terminal", "100 kB")])
def test_the_name_of_a_tensor_does_not_reach_the_page(tmp_path, capsys, name):
    run = linear_run(tmp_path / "run", {name: np.zeros(1, np.float32)})
    assert demo(["--run", str(run), "-o", str(tmp_path / "page.html")]) == 2
    assert is_one_short_line(capsys.readouterr().err)
    assert not (tmp_path / "page.html").exists()


# The page itself, whatever the package lets through


def page_with(names, path: Path) -> Path:
    """A page with a network of each name, as the package's functions write it."""
    network = build_network("linear")
    write_page(stages_of([Recognizer(network, name) for name in names]), path)
    return path


SENTENCE = "document.getElementById('announcement').textContent"


@pytest.mark.promise(row=19)
def test_any_text_is_shown_as_it_is(tmp_path, look, window, figure):
    path = page_with([CLEAN, *TEXTS.values()], tmp_path / "page.html")
    assert look(path) == NOTHING
    # Compared as numbers: half a character cannot be told otherwise.
    points = window.page.evaluate(
        "[...document.querySelectorAll('.card h3')].map(({ textContent }) => "
        "Array.from(textContent, (sign) => sign.codePointAt()))"
    )
    assert points == [list(map(ord, text)) for text in (CLEAN, *TEXTS.values())]
    window.page.wait_for_timeout(800)  # then it is told to screen readers
    sentence = window.page.evaluate(SENTENCE)
    assert f"{CLEAN} reads " in sentence
    assert f"{TEXTS['places of values']} reads " in sentence
    window.page.click("#language-switch")
    window.page.hover("#seen-image canvas")
    assert happened(window, path) == NOTHING
    assert elements_of(window.page) <= ELEMENTS
    figure("{} hostile names of a network in one page, each shown as text: {} ran", len(TEXTS), 0)


ELEMENTS = {
    *("html", "head", "meta", "link", "title", "style", "body", "noscript", "script"),
    *("header", "main", "section", "footer", "article", "fieldset", "legend"),
    *("h1", "h2", "h3", "h4", "p", "div", "span", "b", "ol", "li", "output", "table", "tbody"),
    *("tr", "td", "canvas", "button", "label", "input", "select", "option"),
}


def elements_of(page) -> set[str]:
    return set(page.evaluate("[...document.querySelectorAll('*')].map((node) => node.localName)"))


@pytest.fixture
def without(monkeypatch):
    """A function: take away some of what protects the page from the texts in it."""
    part = page_module._part

    def take_away(*protections: str) -> None:
        if "policy" in protections:
            monkeypatch.setattr(page_module, "_policy", lambda _style, _script: "")
        if "escape" in protections:
            monkeypatch.setattr(
                page_module, "_json", lambda stages: json.dumps({"stages": [*stages]})
            )
        if "text" in protections:
            before, after = "node.textContent = text", "node.innerHTML = text"
            assert before in part("elements.js")
            monkeypatch.setattr(
                page_module, "_part", lambda name: part(name).replace(before, after)
            )

    return take_away


ESCAPES = [TEXTS[name] for name in ("end of the script", "another end of the script")]
MARKUP = [TEXTS[name] for name in ("picture", "graphic", "frame", "end of the style", "emoji")]


@pytest.mark.promise(row=19, control=True)
@pytest.mark.parametrize(
    ("protection", "text"),
    [*itertools.product(["escape"], ESCAPES), *itertools.product(["text"], MARKUP)],
)
def test_without_protection_they_run(tmp_path, look, without, protection, text):
    without("policy", protection)
    found = look(page_with([text], tmp_path / "page.html"))
    assert found["trace"] == 1


@pytest.mark.promise(row=19, control=True)
@pytest.mark.parametrize(
    ("protection", "texts"), [("escape", ESCAPES[:1]), ("text", MARKUP)], ids=["escape", "text"]
)
def test_the_policy_is_a_second_wall(tmp_path, look, without, protection, texts):
    without(protection)
    found = look(page_with(texts, tmp_path / "page.html"))
    assert found["trace"] is None
    refused = [message for message in found["messages"] if "Content Security Policy" in message]
    assert len(refused) >= len(texts)


# What the policy cannot forbid: to go to another page, and calls between browsers (WebRTC). So the
# page's programs must have no way of their own to do it, or anything else with an address.

WAYS_OUT = re.compile(
    r"\b(location|navigation|history|opener|fetch\w*|XMLHttpRequest|sendBeacon|WebSocket\w*"
    r"|EventSource|WebTransport|RTC\w+|\w*Worker|import|importScripts|eval|Function|srcdoc|srcset"
    r"|FontFace|href|formAction|ping|cookie|localStorage|sessionStorage|indexedDB"
    r"|postMessage|insertAdjacent\w+|innerHTML|outerHTML|createContextualFragment|DOMParser"
    r"|setHTML\w*|write|writeln|backgroundImage|cssText|insertRule)\b"
    r"|\bopen\(|\.action\b|\bon(?:error|load|focus|click)\b|\bsrc\s*=|url\("
)


def code_of(name: str) -> str:
    """A program of the page, without its comments and the texts that people read."""
    source = (FOLDER / name).read_text(encoding="utf-8")
    return re.sub(r"//.*|\"(?:[^\"\\\n]|\\.)*\"", "", source)


def test_the_programs_know_no_way_out():
    found = {name: [match[0] for match in WAYS_OUT.finditer(code_of(name))] for name in SCRIPTS}
    # An address within the browser, of a picture that the visitor chose.
    assert found.pop("pictures.js") == ["src ="]
    assert "const url = URL.createObjectURL(file);" in code_of("pictures.js")
    assert "image.src = url;" in code_of("pictures.js")
    assert not any(found.values()), found


def test_the_programs_make_no_element_with_an_address():
    sources = [(FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS]
    made = {tag for source in sources for tag in re.findall(r"element\(\s*\"(\w+)\"", source)}
    assert len(made) > 15
    assert made <= ELEMENTS - {"html", "head", "meta", "link", "style", "script"}
    makers = re.findall(r"createElement\w*\(.*?\)", "".join(sources))
    assert makers == ["createElement(tag)"]


@pytest.mark.parametrize(
    "way",
    [
        "location = url",
        "location.href = url",
        "window.open(url)",
        "document.location.assign(url)",
        "link.href = url; link.click()",
        "new RTCPeerConnection({ iceServers: [{ urls: url }] })",
        "await fetch(url)",
        "new Worker(url)",
        "image.src = url",
        "node.innerHTML = text",
    ],
)
def test_control_a_way_out_is_found(way):
    assert WAYS_OUT.search(way)


# Picture files

SVG = f"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"
 onload="{RUN}"><script>{RUN}</script><image href="{ELSEWHERE}"/><rect width="9" height="40"/>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="{RUN}"/></foreignObject></svg>"""
HTML = f"<!doctype html><script>{RUN}</script><img src=x onerror={RUN}>"
MARKED_UP = TEXTS["picture"]


def drawn() -> Image.Image:
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[15:45, 27:33] = 0
    return Image.fromarray(pixels)


def saved(kind: str, **options) -> bytes:
    content = io.BytesIO()
    drawn().save(content, kind, **options)
    return content.getvalue()


def with_texts() -> bytes:
    texts = PngImagePlugin.PngInfo()
    for name in ("Comment", "Title", MARKED_UP[:79], "XML:com.adobe.xmp"):
        texts.add_text(name, MARKED_UP + TEXTS["end of the script"])
    texts.add_itxt("Author", TEXTS["from right to left"], zip=True)
    return saved("PNG", pnginfo=texts)


def with_exif() -> bytes:
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0131, 0x013B, 0x9286):  # description, maker, program, artist …
        exif[tag] = TEXTS["end of the script"] + MARKED_UP
    return saved("JPEG", exif=exif, comment=MARKED_UP.encode())


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.html", HTML)
    return content.getvalue()


def file_names() -> list[str]:
    return [f"{text[:200]}.png" for name, text in TEXTS.items() if name != "half a character"]


# Name, type as the browser is told, content, and whether there is a picture in it.
FILES = [
    *((name, "image/png", saved("PNG"), True) for name in file_names()),
    ("texts.png", "image/png", with_texts(), True),
    ("exif.jpg", "image/jpeg", with_exif(), True),
    ("comment.gif", "image/gif", saved("GIF", comment=HTML.encode()), True),
    ("behind.png", "image/png", saved("PNG") + HTML.encode(), True),
    ("program.gif", "image/gif", f"GIF89a/*\0*/=1;{RUN};//".encode(), False),
    ("program.bmp", "image/bmp", f"BM=1;{RUN};//".encode(), False),
    ("graphic.png", "image/png", SVG.encode(), False),
    ("graphic.jpg", "image/jpeg", SVG.encode(), False),
    ("graphic.svg", "image/svg+xml", SVG.encode(), False),
    ("graphic", "", SVG.encode(), False),
    ("packed.svgz", "image/svg+xml", zipped(), False),
    ("page.png", "image/png", HTML.encode(), False),
    ("page.html", "text/html", HTML.encode(), False),
    ("page", "", HTML.encode(), False),
    ("page.xhtml", "application/xhtml+xml", HTML.encode(), False),
    ("program.js", "text/javascript", RUN.encode(), False),
    ("paper.pdf", "application/pdf", f"%PDF-1.7 /JS ({RUN})".encode(), False),
    ("many.zip", "application/zip", zipped(), False),
    ("empty.png", "image/png", b"", False),
    ("cut.png", "image/png", saved("PNG")[:60], False),
    (f"{RUN}.png", TEXTS["attribute"], HTML.encode(), False),
]
HAND_OVER = """([kind, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  // What comes along when one drags from another page.
  data.items.add(`<img src=x onerror=window.trace=1>`, "text/html");
  data.items.add("javascript:window.trace=1", "text/uri-list");
  const options = { bubbles: true, cancelable: true };
  const event = kind === "drop"
    ? new DragEvent("drop", { ...options, dataTransfer: data })
    : new ClipboardEvent("paste", { ...options, clipboardData: data });
  document.getElementById("sheet").dispatchEvent(event);
}"""
REFUSED = ("This is not a picture that the browser can read", "The picture has more than 20 mega")
READING = "The picture is being read"


def hand_over(page, way: str, name: str, kind: str, content: bytes) -> None:
    if way == "choose":
        page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    else:
        packed = base64.b64encode(content).decode()
        page.evaluate(HAND_OVER, [way, name, kind, packed])


def what_is_told(page) -> str:
    for _wait in range(250):
        settle(page)
        told = page.inner_text("#doubt")
        if READING not in told:
            return told
    raise AssertionError("the picture is still being read")


@pytest.mark.promise(row=19)
def test_no_picture_file_runs_anything(tmp_path, look, window, trials, figure):
    path = page_with(["linear"], tmp_path / "page.html")
    assert look(path) == NOTHING
    page = window.page
    before = page.evaluate("location.href")
    elements = elements_of(page)
    cases = list(itertools.product(FILES, ("choose", "drop", "paste")))
    chosen = cases[:: trials(7, 1)]
    for (name, kind, content, is_picture), way in chosen:
        page.evaluate("document.getElementById('clear').click()")
        settle(page)
        hand_over(page, way, name, kind, content)
        told = what_is_told(page)
        case = (name[:40], way, told)
        assert told.startswith(REFUSED) is not is_picture, case
        assert bool(page.evaluate("paddleMnist.readings().length")) is is_picture, case
        assert happened(window, path) == NOTHING, case
        assert page.evaluate("location.href") == before
        assert elements_of(page) == elements
        assert RUN not in page.inner_text("body"), case
    figure("{} hostile picture files, chosen, dropped and pasted: {} ran", len(chosen), 0)
