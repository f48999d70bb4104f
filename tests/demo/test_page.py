"""The page as a file: its parts are joined, its networks are inside, and it may talk to nobody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from paddle import nn

from paddle_mnist import __version__
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.data.class_names import CLASS_NAMES
from paddle_mnist.demo import page as page_module
from paddle_mnist.demo.layers import layers_of
from paddle_mnist.demo.page import FOLDER, SCRIPTS, _names_of, stages_of, write_page
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.system.errors import RunError, UsageError

MARKS = ("policy", "style", "stages", "script")
LIMIT = 3_000_000  # bytes


def recognizer(stage: str, **record) -> Recognizer:
    return Recognizer(build_network(stage), stage, record)


class Elements(HTMLParser):
    """Collects each element's name, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self.is_inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), []))
        self.is_inside = True

    def handle_endtag(self, _tag):
        self.is_inside = False

    def handle_data(self, data):
        if self.is_inside:
            self.found[-1][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]


def hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture
def written(tmp_path):
    """The text of a page with two untrained networks."""
    path = tmp_path / "page.html"
    stages = stages_of([recognizer("linear"), recognizer("cnn", test={"accuracy": 0.99})])
    size = write_page(stages, path)
    assert size == path.stat().st_size
    return path.read_text(encoding="utf-8")


def test_the_stages_are_inside(written):
    (text,) = [text for attributes, text in Elements(written).all("script") if attributes.get("id")]
    document = json.loads(text)
    assert document["version"] == __version__
    linear, cnn = document["stages"]
    assert (linear["stage"], linear["parameters"], linear["accuracy"]) == ("linear", 785, None)
    assert (cnn["stage"], cnn["parameters"], cnn["accuracy"]) == ("cnn", 73_714, 0.99)
    assert {linear["where"], cnn["where"]} == {"your run"}
    assert len(cnn["layers"]) == 12


def test_nothing_is_left_to_fill_in_and_nothing_is_outside(written):
    assert "<!-- " not in re.sub(r"<script.*?</script>", "", written, flags=re.DOTALL)
    elements = Elements(written)
    assert len(elements.all("style")) == 1
    assert [attributes for attributes, _ in elements.all("script")] == [
        {"type": "application/json", "id": "stages"},
        {},
    ]
    for _tag, attributes, _text in elements.found:
        for name in ("src", "href", "action", "srcset"):
            assert attributes.get(name, "data:").startswith("data:")


def test_the_policy_names_this_style_and_this_script_only(written):
    elements = Elements(written)
    ((style_attributes, style),) = elements.all("style")
    script = elements.all("script")[-1][1]
    assert style_attributes == {}
    (policy,) = [
        attributes["content"]
        for attributes, _ in elements.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": hash_of(script),
        "style-src": hash_of(style),
        "img-src": "data: blob:",
        "connect-src": "'none'",
        "worker-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert written.index("Content-Security-Policy") < written.index("<style>")
    metas = [attributes for attributes, _ in elements.all("meta")]
    assert {"name": "referrer", "content": "no-referrer"} in metas


def test_the_page_is_small(demo_page):
    assert demo_page.stat().st_size < LIMIT


def test_each_mark_is_in_the_skeleton_once_and_the_policy_comes_first():
    skeleton = (FOLDER / "page.html").read_text(encoding="utf-8")
    places = [skeleton.index(f"<!-- {mark} -->") for mark in MARKS]
    assert places == sorted(places)
    assert [skeleton.count(f"<!-- {mark} -->") for mark in MARKS] == [1, 1, 1, 1]


def test_the_skeleton_has_no_style_and_no_program_of_its_own():
    # The policy would forbid them.
    for tag, attributes, _text in Elements((FOLDER / "page.html").read_text("utf-8")).found:
        assert tag not in ("script", "style")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_all_programs_of_the_folder_are_in_the_page():
    assert sorted(SCRIPTS) == sorted(path.name for path in FOLDER.glob("*.js"))
    assert {path.name for path in FOLDER.iterdir()} == {*SCRIPTS, "page.html", "style.css"}


@pytest.mark.parametrize("name", [*SCRIPTS, "style.css"])
def test_no_part_ends_its_element_early(name):
    text = (FOLDER / name).read_text(encoding="utf-8").lower()
    assert not [end for end in ("</script", "<script", "<!--", "</style") if end in text]


# Small parts instead of the real ones, to see what the joining itself does.
SKELETON = """<!doctype html><html><head><meta charset="utf-8"><!-- policy --><!-- style --></head>
<body><p id="told"></p><!-- stages --><!-- script --></body></html>"""
TELL = """
function tell(text) { document.getElementById("told").textContent += text + ";"; }
tell(JSON.parse(document.getElementById("stages").textContent).stages.map((s) => s.stage).join());
tell(typeof undeclared);
try { undeclared = 1; } catch (error) { tell(error.name); }
var inner = 1;
window.paddleMnist = { answer };
// The last line of a file may be a comment and have no end."""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A function: write the parts of a page, and the page from them; returns its path."""
    folder = tmp_path / "parts"
    folder.mkdir()
    monkeypatch.setattr(page_module, "FOLDER", folder)
    monkeypatch.setattr(page_module, "SCRIPTS", ("first.js", "second.js"))

    def write(second: str, newline: str = "\n", names=("linear",)) -> Path:
        texts = {
            "page.html": SKELETON,
            "style.css": "p {\n  color: rgb(1, 2, 3);\n}\n",
            "first.js": "const answer = 42; // 手写\n",
            "second.js": second,
        }
        for name, text in texts.items():
            (folder / name).write_bytes(text.replace("\n", newline).encode("utf-8"))
        write_page(stages_of([recognizer(name) for name in names]), tmp_path / "joined.html")
        return tmp_path / "joined.html"

    return write


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_style_and_script_run_under_the_policy(parts, visit, newline):
    visited = visit(parts(TELL, newline, names=("linear", "mlp")))
    page = visited.page
    assert page.text_content("#told") == "linear,mlp;undefined;ReferenceError;"
    color = "() => getComputedStyle(document.getElementById('told')).color"
    assert page.evaluate(color) == "rgb(1, 2, 3)"
    assert (visited.messages, visited.requests) == ([], [])


def test_nothing_is_global_but_what_the_page_puts_on_window(parts, visit, tmp_path):
    empty = tmp_path / "empty.html"
    empty.write_text("<!doctype html>", encoding="utf-8")
    names = "() => Object.getOwnPropertyNames(window)"
    before = set(visit(empty).page.evaluate(names))
    visited = visit(parts(TELL))
    # Elements with an id are there by name, as in every page.
    assert set(visited.page.evaluate(names)) - before - {"told", "stages"} == {"paddleMnist"}
    assert visited.page.evaluate("() => window.paddleMnist.answer") == 42
    assert visited.page.evaluate("() => typeof answer") == "undefined"


def test_a_changed_script_does_not_run(parts, visit):
    path = parts(TELL)
    path.write_text(path.read_text("utf-8").replace("answer = 42", "answer = 43"), "utf-8")
    visited = visit(path)
    assert visited.page.text_content("#told") == ""
    assert "Content Security Policy" in visited.messages[0]


@pytest.fixture
def server():
    """A web server on this computer, and the list of what it was asked for."""
    asked = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Note) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=[0.01])
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()
        thread.join()


ATTEMPTS = {
    "/fetch": "fetch(url).catch(() => {});",
    "/request": "const x = new XMLHttpRequest(); x.open('GET', url); x.send();",
    "/beacon": "navigator.sendBeacon(url, 'text');",
    "/socket": "try { new WebSocket(url.replace('http', 'ws')); } catch {}",
    "/events": "new EventSource(url);",
    "/image": "new Image().src = url;",
    "/script": "add('script', { src: url });",
    "/style": "add('link', { rel: 'stylesheet', href: url });",
    "/frame": "add('iframe', { src: url });",
    "/object": "add('object', { data: url });",
    "/video": "add('video', { src: url });",
    "/font": "new FontFace('F', `url(${url})`).load().catch(() => {});",
    "/form": "add('form', { action: url, method: 'post', target: 'other' }).submit();",
    "/background": "document.body.style.backgroundImage = `url(${url})`;",
    "/prefetch": "add('link', { rel: 'prefetch', href: url });",
    "/preload": "add('link', { rel: 'preload', as: 'image', href: url });",
    "/module": "add('link', { rel: 'modulepreload', href: url });",
    "/ping": "add('a', { href: '#here', ping: url }).click();",
    "/embed": "add('embed', { src: url });",
    "/audio": "add('audio', { src: url, preload: 'auto' });",
    "/input": "add('input', { type: 'image', src: url });",
    "/graphic": "add('div', { innerHTML: `<svg><image href='${url}'/></svg>` });",
    "/document": "add('iframe', { srcdoc: `<img src='${url}'>` });",
    "/sheet": "add('style', { textContent: `@import url(${url});` });",
    "/cursor": "add('style', { textContent: `body { cursor: url(${url}), auto; }` });",
    "/worker": "start(() => new Worker(asFile(`fetch('${url}')`)));",
    "/import": "import(url).catch(() => {});",
    "/eval": "start(() => eval(`fetch('${url}')`));",
    "/function": "start(() => new Function(`fetch('${url}')`)());",
    "/timer": "setTimeout(`fetch('${url}')`);",
    "/handler": "add('div', { innerHTML: `<img src='data:,' onerror=\"fetch('${url}')\">` });",
    "/address": "add('a', { href: `javascript:void fetch('${url}')` }).click();",
}
ADD = """
const add = (tag, names) =>
  document.body.appendChild(Object.assign(document.createElement(tag), names));
const start = (work) => { try { work(); } catch {} };
const asFile = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
"""


@pytest.fixture
def prying(parts, server):
    """A page that tries each way of asking the server for something."""
    address, _asked = server
    attempts = [f'{{ const url = "{address}{path}"; {ATTEMPTS[path]} }}' for path in ATTEMPTS]
    return parts(ADD + "\n".join(attempts))


@pytest.mark.promise(row=19)
def test_the_policy_forbids_every_connection(prying, server, visit, figure):
    visited = visit(prying)
    visited.page.wait_for_timeout(300)
    assert server[1] == []
    refused = [message for message in visited.messages if "Content Security Policy" in message]
    # A prefetch may be dropped without a word, and what eval and Function raise is caught.
    assert len(refused) >= len(ATTEMPTS) - 3
    figure("{} ways to ask a server for something, under the policy: {} did", len(ATTEMPTS), 0)


@pytest.mark.promise(row=19, control=True)
def test_without_the_policy_all_of_them_would_be_made(prying, server, visit):
    text, count = re.subn("<meta http-equiv=[^>]*>", "", prying.read_text("utf-8"))
    assert count == 1
    prying.write_text(text, "utf-8")
    until(visit(prying).page, lambda: set(server[1]) == set(ATTEMPTS))


def until(page, condition) -> None:
    """Wait for something outside of the page."""
    for _wait in range(250):
        if condition():
            return
        page.wait_for_timeout(20)
    assert condition()


# A policy that is written into a page cannot forbid to go to another page, nor what browsers say to
# each other (WebRTC). So test_hostile.py looks for these in the page's programs.
STILL_POSSIBLE = {
    "/location": "location = url;",
    "/link": "add('a', { href: url }).click();",
    "/window": "window.open(url);",
    "/refresh": "document.head.append(Object.assign(document.createElement('meta'), "
    "{ httpEquiv: 'refresh', content: `0;url=${url}` }));",
}
CALL = """{
  const call = new RTCPeerConnection({ iceServers: [{ urls: "stun:%s:%d" }] });
  call.createDataChannel("words");
  call.createOffer().then((offer) => call.setLocalDescription(offer));
}"""


@pytest.mark.promise(row=19, control=True)
@pytest.mark.parametrize("way", STILL_POSSIBLE)
def test_the_policy_cannot_forbid_to_go_elsewhere(way, parts, server, visit):
    address, asked = server
    attempt = f'const url = "{address}{way}"; {STILL_POSSIBLE[way]}'
    # Not before the page is there, or the visit would never end.
    page = visit(parts(f"{ADD} addEventListener('load', () => setTimeout(() => {{ {attempt} }}));"))
    until(page.page, lambda: asked == [way])


@pytest.mark.promise(row=19, control=True)
def test_the_policy_cannot_forbid_calls(parts, visit):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        visit(parts(CALL % listening.getsockname()))
        question = listening.recv(100)
    assert question[:2] == b"\0\1"  # RFC 8489: where am I?


def test_a_text_cannot_break_out_of_the_data():
    odd = {"stage": "</script><script>alert(1)</script><!-- script -->", "layers": []}
    inside = page_module._json([odd])
    assert "<" not in inside
    assert json.loads(inside)["stages"] == [odd]


def test_where_a_run_comes_from():
    stages = stages_of([recognizer("cnn"), recognizer("mlp")], [Path("runs/cnn"), None])
    assert [stage["where"] for stage in stages] == ["your run", "ships with the package"]


@pytest.mark.parametrize(
    ("stages", "folders", "names"),
    [
        (["cnn", "mlp"], ["runs/a", "runs/b"], ["cnn", "mlp"]),
        (["cnn", "mlp", "cnn"], ["runs/a", "runs/b", "runs/c"], ["cnn (a)", "mlp", "cnn (c)"]),
        (["cnn", "cnn"], ["/one/runs/cnn", None], ["cnn (cnn)", "cnn"]),
        (["cnn", "cnn"], ["/one/a/cnn", "/one/b/cnn"], ["cnn (a/cnn)", "cnn (b/cnn)"]),
        (["cnn", "cnn"], ["/cnn", "/runs/cnn"], ["cnn (/cnn)", "cnn (runs/cnn)"]),
    ],
)
def test_runs_of_one_stage_are_told_apart(stages, folders, names):
    assert _names_of(stages, [folder and Path(folder) for folder in folders]) == names


@pytest.mark.parametrize("folders", [["/runs/cnn", "/runs/cnn"], [None, None]])
def test_the_same_run_twice_is_refused(folders):
    with pytest.raises(UsageError, match="cannot be told apart: cnn"):
        _names_of(["cnn", "cnn"], [folder and Path(folder) for folder in folders])


def test_two_runs_of_a_stage_need_their_folders():
    with pytest.raises(UsageError, match="cannot be told apart: cnn"):
        stages_of([recognizer("cnn"), recognizer("cnn")])


def test_a_page_without_networks_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least one run"):
        write_page(stages_of([]), tmp_path / "page.html")


def test_a_network_that_reads_no_digits_is_refused(tmp_path):
    fashion = recognizer("mlp", data={"classes": CLASS_NAMES["Fashion-MNIST"]})
    with pytest.raises(UsageError, match="the run mlp knows only T-shirt/top, Trouser, "):
        write_page(stages_of([recognizer("cnn"), fashion]), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_is_broken_is_named(tmp_path):
    broken = recognizer("mlp")
    weights = broken.network.hidden.weight
    weights.set_value(weights * float("inf"))
    with pytest.raises(RunError, match="mlp: the network has weights that are not finite"):
        write_page(stages_of([recognizer("cnn"), broken]), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_network_with_an_unknown_layer_is_refused(tmp_path):
    odd = Recognizer(nn.Sequential(nn.Linear(784, 10), nn.Softmax()), "mlp")
    with pytest.raises(UsageError, match="Softmax"):
        write_page(stages_of([odd]), tmp_path / "page.html")


def test_an_old_page_is_replaced_whole_or_stays(parts, monkeypatch):
    path = parts(TELL)
    before = sorted(path.parent.iterdir())
    path.write_text("the old page", encoding="utf-8")

    def full(_path, _content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(UsageError, match="No space left on device"):
        patch.setattr("paddle_mnist.system.files.write_synced", full)
        write_page(stages_of([recognizer("linear")]), path)
    assert path.read_text(encoding="utf-8") == "the old page"
    write_page(stages_of([recognizer("linear")]), path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["", ".", "file.txt/page.html", "folder", "a\0b.html"])
def test_a_place_that_cannot_be_written_is_named(parts, tmp_path, monkeypatch, name):
    parts(TELL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=" cannot be written: "):
        write_page(stages_of([recognizer("linear")]), name)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_in_a_page(stage):
    (found,) = stages_of([recognizer(stage)])
    assert found["parameters"] == STAGES[stage].parameters
    assert found["layers"][-1]["kind"] == "linear"


def test_the_layers_are_those_of_the_network():
    one = recognizer("cnn")
    assert stages_of([one])[0]["layers"] == layers_of(one.network)
