"""What the tests of the page share: a real browser, and pages in it that keep a record."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_mnist.demo.__main__ import SHOWN
from paddle_mnist.demo.page import FOLDER, stages_of, write_page
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.runs.shipped import shipped_run

HERE = Path(__file__).parent
INSTALLED = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def launched():
    """A headless Chromium: Playwright's own, or one that is installed; and how it was started."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: pip install playwright"
    )
    paths = [None, *filter(None, map(shutil.which, INSTALLED))]
    # Chromium's sandbox does not work for root, as containers often run.
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as tool:
        for path in paths:
            settings = {"executable_path": path, "args": options}
            try:
                chromium = tool.chromium.launch(**settings)
            except playwright.Error as error:
                problem = str(error).splitlines()[0]
                continue
            yield SimpleNamespace(browser=chromium, settings=settings)
            chromium.close()
            return
        pytest.skip(f"no Chromium: run `playwright install chromium` ({problem})")


@pytest.fixture(scope="session")
def browser(launched):
    """The browser that all tests share."""
    return launched.browser


@pytest.fixture
def visit(browser):
    """A function: open an HTML file in a window of its own, closed when the test ends."""
    with opening(browser) as open_file:
        yield open_file


@pytest.fixture(scope="module")
def visit_once(browser):
    """As `visit`, for windows that the tests of a file share."""
    with opening(browser) as open_file:
        yield open_file


@pytest.fixture(scope="module")
def run_parts(browser, tmp_path_factory):
    """A function: run scripts, one after another, in a window without the page; it stays quiet.

    It takes the names of files of the page, or of files beside the tests, and returns the
    Playwright `page`.
    """
    messages, pages = [], []

    def run(*names: str):
        places = [FOLDER / name if (FOLDER / name).is_file() else HERE / name for name in names]
        script = "\n".join(place.read_text(encoding="utf-8") for place in places)
        file = tmp_path_factory.mktemp("parts") / "parts.html"
        file.write_text(f'<!doctype html><meta charset="utf-8"><script>{script}</script>', "utf-8")
        page = browser.new_page()
        pages.append(page)
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield run
    for page in pages:
        page.close()
    assert messages == []


@contextmanager
def opening(browser):
    """A function: open an HTML file in a window of its own; all windows are closed in the end.

    It takes the file and settings of `browser.new_context`, such as `viewport` or `locale`, and
    returns the Playwright `page`, with the lists `messages` (everything on the console, and errors)
    and `requests` (addresses asked for, other than the file itself) that go on growing.
    """
    contexts = []

    def note(requests: list[str], url: str, address: str) -> None:
        if url != address and not url.startswith(("data:", "blob:")):  # these are in the page
            requests.append(url)

    def open_file(path: Path, **settings) -> SimpleNamespace:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        address = path.resolve().as_uri()
        visited = SimpleNamespace(page=page, messages=[], requests=[])
        page.on("console", lambda message: visited.messages.append(message.text))
        page.on("pageerror", lambda error: visited.messages.append(str(error)))
        context.on("request", lambda request: note(visited.requests, request.url, address))
        page.goto(address)
        return visited

    try:
        yield open_file
    finally:
        for context in contexts:
            context.close()


@pytest.fixture(scope="session")
def recognizers():
    """The networks that the page shows if nothing else is said, worst to best."""
    return [Recognizer.load(shipped_run(stage)) for stage in SHOWN]


@pytest.fixture(scope="session")
def demo_page(recognizers, tmp_path_factory):
    """The page's file, with the networks that it shows if nothing else is said."""
    path = tmp_path_factory.mktemp("page") / "demo.html"
    write_page(stages_of(recognizers), path)
    return path
