"""What the documents say holds: links lead somewhere, figures were measured, the example runs."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from paddle_mnist.core.config import configure
from paddle_mnist.core.stages import STAGES
from paddle_mnist.ladder.recipes import recipe_of, same_recipe
from paddle_mnist.ladder.results import PICTURE, TABLE, load_results
from paddle_mnist.ladder.rows import PUBLISHED, ROWS, options_of
from paddle_mnist.ladder.table import difference, markdown
from paddle_mnist.runs.folder import load_record
from paddle_mnist.runs.shipped import shipped_run
from paddle_mnist.system.command_line import command_line

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "zh")
every_language = pytest.mark.parametrize("language", LANGUAGES)
LADDER = load_results(ROOT / "benchmarks")


@pytest.fixture(scope="module")
def figures(load_benchmark):
    return load_benchmark("figures")


@every_language
def test_the_tables_of_handwriting_are_those_that_were_measured(language, load_benchmark):
    handwriting = load_benchmark("handwriting")
    found = json.loads(handwriting.RESULTS.read_text(encoding="utf-8"))
    shown = between(handwriting.PAGES[language], (handwriting.BEGIN, handwriting.END))
    assert shown == handwriting.table(found, language)
    # Weights that were trained anew have to be measured anew.
    for stage, mnist in found["mnist"].items():
        assert mnist["as it is"] == load_record(shipped_run(stage))["test"]["accuracy"]


@every_language
def test_the_figures_are_those_that_were_measured(language, figures):
    page, results = figures.PAGES[language], figures.load_results()
    assert between(page, figures.FIGURES_MARKS) == figures.render(results, language)
    assert between(page, figures.LADDER_MARKS) == figures.render_ladder(language)
    assert between(figures.READMES[language], figures.ROWS_MARKS) == figures.render_rows(language)


def test_the_ladder_says_the_same_in_both_languages(figures):
    sources = {row["source"] for row in LADDER.values()}
    assert figures.CHINESE.keys() - sources == figures.ENGLISH.keys()
    assert sources <= figures.CHINESE.keys()
    for name, english in figures.ENGLISH.items():
        assert english.count("{") == figures.CHINESE[name].count("{"), name


def test_a_machine_is_described_in_chinese(figures):
    line = "2 cores of an abacus, no GPU; Python 3.9.1, PaddlePaddle 3.3.0"
    expected = "2 核 abacus，没有 GPU；Python 3.9.1，PaddlePaddle 3.3.0"
    assert figures.machine_in_chinese(line) == expected
    with pytest.raises(ValueError, match="is not what"):
        figures.machine_in_chinese("an abacus")


def between(page: Path, marks: tuple[str, str]) -> str:
    text = page.read_text(encoding="utf-8")
    begin, end = marks
    assert text.count(begin) == text.count(end) == 1
    return text.partition(begin)[2].partition(end)[0].strip()


def test_the_table_and_the_picture_of_the_ladder_lie_beside_its_figures():
    table = (ROOT / "benchmarks" / TABLE).read_text(encoding="utf-8")
    assert table == markdown(LADDER, PICTURE) + "\n"
    assert (ROOT / "benchmarks" / PICTURE).exists()


@pytest.mark.parametrize("name", [name for name, row in LADDER.items() if row["runs"]])
def test_the_figures_of_a_row_are_those_of_its_recipe_as_it_is_now(name):
    found, row = LADDER[name], ROWS[name]
    config = dataclasses.asdict(configure(row.stage, **row.options))
    now = recipe_of(config, STAGES[row.stage].parameters, found["recipe"]["data"])
    assert same_recipe(found["recipe"], now)
    assert found["recipe"]["data"]["is_mnist"]
    for run in found["runs"]:
        assert run["correct"] == round(run["accuracy"] * run["count"])
        assert run["count"] == 10_000
        assert run["command"].startswith(command_line("train", options_of(row, run["seed"])))


# The source of tuned-cnn measured on images that it held out itself, which nobody else has:
# docs/ladder.md tells how far it is from ours, and why.
COMPARED = [name for name in STAGES if PUBLISHED.get(name, (None, "test"))[1] == "test"]


@pytest.mark.parametrize("stage", COMPARED)
def test_no_stage_is_below_its_source(stage):
    assert not any(run["ended_by_hand"] for run in LADDER[stage]["runs"])
    gain = difference(LADDER[stage])
    assert gain is None or gain >= -1e-9


def test_the_example_runs(tmp_path):
    training = ["paddle_mnist.train", "--data", "sample", "--stage", "cnn", "--out", "runs/cnn"]
    run = {"cwd": tmp_path, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", *training], **run)
    picture = ROOT / "work" / "example_7.jpg"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / picture.name).write_bytes(picture.read_bytes())
    for name in ("commands.md", "commands.zh-CN.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        example = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        assert len(example.strip().splitlines()) <= 10
        printed = subprocess.run([sys.executable, "-c", example], **run).stdout
        assert printed.startswith("(3500, 28, 28)\n7 ")


# One page: who opens it sees what there is, and everything else is a link away.
README_LINES, README_BYTES = 110, 8192


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_is_one_page(name):
    content = (ROOT / name).read_bytes()
    assert content.count(b"\n") <= README_LINES
    assert len(content) <= README_BYTES


@every_language
def test_the_readme_lists_the_chapters_by_their_titles(language, figures):
    text = figures.READMES[language].read_text(encoding="utf-8")
    notebooks = sorted((ROOT / "chapters" / language).glob("*.ipynb"))
    assert len(notebooks) == 8
    for path in notebooks:
        heading = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        title = re.sub(r"# (?:Chapter |第 )(\d)(?: 章)?", r"\1", heading)
        assert f"| [{title}]({path.relative_to(ROOT).as_posix()}) |" in text


def documents() -> Iterator[Path]:
    """All Markdown of the project but the texts of chapters, which test_chapters.py reads."""
    yield from ROOT.glob("*.md")
    yield from (ROOT / "work").glob("*.md")  # deeper down is what learners write
    for folder in (".github", "benchmarks", "chapters", "docs", "paddle_mnist", "tests"):
        yield from (path for path in (ROOT / folder).rglob("*.md") if path.parent.name != "source")


DOCUMENTS = sorted(documents())
every_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
CHINESE_SIGN = re.compile(r"[\u4e00-\u9fff]")


def tokens_of(path: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8"))


def targets_of(path: Path) -> list[str]:
    """Where the links and images of a document lead."""
    parts = [part for token in tokens_of(path) for part in token.children or ()]
    found = [part.attrGet("href" if part.type == "link_open" else "src") for part in parts]
    return [unquote(str(target)) for target in found if target]


def anchors_of(path: Path) -> list[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    tokens = tokens_of(path)
    anchors: list[str] = []
    for token, inside in zip(tokens, tokens[1:]):
        if token.type == "heading_open":
            text = "".join(part.content for part in inside.children or ())
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            same = sum(re.fullmatch(rf"{name}(-\d+)?", anchor) is not None for anchor in anchors)
            anchors.append(f"{name}-{same}" if same else name)
    return anchors


def is_dead(document: Path, target: str) -> bool:
    """Whether a link or an image leads nowhere; of other sites only the address' form is read."""
    address = urlsplit(target)
    if address.scheme or address.netloc:
        return address.scheme not in ("http", "https") or not re.fullmatch(
            r"[\w.-]+\.[a-z]+", address.netloc
        )
    file = document.parent / address.path if address.path else document
    if not file.exists():
        return True
    return bool(address.fragment) and address.fragment not in anchors_of(file)


@every_document
def test_every_link_leads_somewhere(path):
    assert [target for target in targets_of(path) if is_dead(path, target)] == []


@pytest.mark.parametrize(
    ("link", "dead"),
    [
        ("[x](page.md)", False),
        ("[x](page.md#two-words-1)", False),
        ("[x](#开始)", False),
        ("![x](picture.png)", False),
        ("[x](https://example.org/a?b#c)", False),
        ("[x](missing.md)", True),
        ("[x](page.md#three-words)", True),
        ("[x](#two-words)", True),
        ("![x](missing.png)", True),
        ("[x](https:/example.org)", True),
        ("[x](htp://example.org)", True),
        ("| a |\n|---|\n| [x](missing.md) |", True),
    ],
)
def test_a_dead_link_is_noticed(link, dead, tmp_path):
    (tmp_path / "page.md").write_text("# Two `words`\n\n## Two words!\n", encoding="utf-8")
    (tmp_path / "picture.png").touch()
    document = tmp_path / "document.md"
    document.write_text(f"# 开始\n\n{link}\n", encoding="utf-8")
    (target,) = targets_of(document)
    assert is_dead(document, target) == dead


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.name.endswith(".zh-CN.md")], ids=lambda p: p.name
)
def test_a_chinese_document_has_the_parts_of_its_english_twin(path):
    english = path.with_name(path.name.replace(".zh-CN", ""))
    kinds = ("heading_open", "table_open", "tr_open")
    parts = [
        [(token.type, token.tag) for token in tokens_of(twin) if token.type in kinds]
        for twin in (path, english)
    ]
    assert parts[0] == parts[1]


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if path.name.endswith(".zh-CN.md")], ids=lambda p: p.name
)
def test_tables_of_chinese_documents_have_chinese_headings(path):
    tokens = tokens_of(path)
    heads = [inside for token, inside in zip(tokens, tokens[1:]) if token.type == "th_open"]
    for head in heads:
        text = "".join(part.content for part in head.children or () if part.type == "text")
        # Names such as MNIST, optdigits or # are the same in both languages.
        assert CHINESE_SIGN.search(text) or not re.search(r"[a-z]+ [a-z]+", text), text


ROOMS = sorted(path.parent.name for path in (ROOT / "paddle_mnist").glob("*/__init__.py"))


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "docs/architecture.md",
                                  "docs/architecture.zh-CN.md"])  # fmt: skip
def test_every_room_of_the_package_is_shown(name):
    (drawing, *_) = [
        token.content
        for token in tokens_of(ROOT / name)
        if token.type == "fence" and "core/" in token.content
    ]
    assert [room for room in ROOMS if not re.search(rf"\b{room}/", drawing)] == []


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/architecture.zh-CN.md"])
def test_the_files_that_the_architecture_names_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = re.findall(rf"\b(?:{'|'.join(ROOMS)})/\w+\.py\b", text)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / "paddle_mnist" / path).exists()] == []
