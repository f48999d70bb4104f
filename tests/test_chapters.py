"""The chapters run, from every folder and in any order; both languages say the same.

Executed here on the sample; the notebooks that are committed were executed on all of MNIST.
"""

from __future__ import annotations

import ast
import base64
import importlib.util
import io
import random
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from markdown_it import MarkdownIt
from nbclient.exceptions import CellExecutionError
from PIL import Image

from paddle_mnist.homework.exercise import load_exercises

ROOT = Path(__file__).resolve().parent.parent
PICTURE = "picture"
# A source's own sections, in their order.
SECTIONS = {
    "en": ["Summary", "Words", "Questions", "Homework"],
    "zh": ["小结", "术语", "思考题", "作业"],
}
OPENING = {
    "en": ["**You will build**", "**Time:**", "**You need to know:**"],
    "zh": ["**你将做出**", "**时间**：", "**需要先知道**："],
}
LARGEST = 8_000_000  # bytes, all notebooks together


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "chapters" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _load("build")
shape_comments = _load("shape_comments")
CHAPTERS = build.source_paths()
LANGUAGES = build.LANGUAGES
every_chapter = pytest.mark.parametrize("number", CHAPTERS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def cells_of(number: str) -> list[nbformat.NotebookNode]:
    return jupytext.read(CHAPTERS[number]).cells


def texts_of(number: str, language: str) -> list[str]:
    cells = cells_of(number)
    return [cell.source for cell in cells if cell.metadata.get("lang") == language]


def committed(number: str, language: str) -> nbformat.NotebookNode:
    return nbformat.read(build.notebook_path(CHAPTERS[number], language), as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures_in(cell: nbformat.NotebookNode) -> list[Image.Image]:
    data = [output.get("data", {}).get("image/png") for output in cell.outputs]
    return [Image.open(io.BytesIO(base64.b64decode(png))) for png in data if png]


def check_outputs(notebook: nbformat.NotebookNode) -> None:
    """Pictures are where they are meant, and show something; nothing was warned of."""
    for cell in code_cells(notebook):
        assert cell.execution_count
        kinds = [output.output_type for output in cell.outputs]
        assert "error" not in kinds, cell.source
        assert all(output.get("name") != "stderr" for output in cell.outputs), cell.source
        pictures = pictures_in(cell)
        meant = PICTURE in cell.metadata.get("tags", [])
        assert len(pictures) == meant, cell.source
        for picture in pictures:
            assert min(picture.size) > 100
            assert len(np.unique(np.asarray(picture.convert("L")))) > 8, "an empty picture"


def test_the_course_has_eight_chapters():
    assert list(CHAPTERS) == [f"{number:02}" for number in range(1, 9)]


@every_chapter
def test_every_text_has_its_twin(number):
    spoken = [
        cell.metadata.get("lang") if cell.cell_type == "markdown" else "code"
        for cell in cells_of(number)
    ]
    texts = "".join({"en": "e", "zh": "z", "code": "c"}.get(lang, "?") for lang in spoken)
    assert re.fullmatch("(ez|c)+", texts), texts


@every_chapter
def test_twins_have_the_same_parts(number):
    for english, chinese in zip(texts_of(number, "en"), texts_of(number, "zh")):
        for pattern in (
            r"^#+ ",  # headings
            r"<details>",
            r"^\|",  # rows of tables
            r"^- |^\d\. ",  # items of lists
            r"\]\(([^)]+)\)",  # links
            r"\{\{[^}]+\}\}",  # figures
            r"```.*?```",
        ):
            flags = re.MULTILINE | re.DOTALL
            found = [
                re.findall(pattern, text.replace(".zh-CN.md", ".md"), flags)
                for text in (english, chinese)
            ]
            assert sorted(found[0]) == sorted(found[1]), english[:80]
        formulas = [re.findall(r"\$\$.*?\$\$", text, re.DOTALL) for text in (english, chinese)]
        assert len(formulas[0]) == len(formulas[1]), english[:80]


@every_chapter
@every_language
def test_the_chapter_has_all_its_parts(number, language):
    texts = texts_of(number, language)
    title = {"en": rf"# Chapter {int(number)}: .+\?", "zh": rf"# 第 {int(number)} 章：.+？"}
    assert re.fullmatch(title[language], texts[0].splitlines()[0])
    for part in OPENING[language]:
        assert part in texts[0]
    assert "{{seconds}}" in texts[0]
    headings = re.findall(r"^## (.+)$", "\n".join(texts), re.MULTILINE)
    assert headings[-4:] == SECTIONS[language]
    assert 3 <= texts[-1].count("<details>") == texts[-1].count("</details>") <= 5
    words = texts[-1].partition(SECTIONS[language][1])[2].partition("## ")[0]
    assert len(re.findall(r"^\|", words, re.MULTILINE)) >= 2 + 6
    homework = texts[-1].rpartition(SECTIONS[language][3])[2]
    assert "{{exercises}}" in homework
    assert len(re.findall(rf"^- \*\*{int(number)}-[A-D]", homework, re.MULTILINE)) >= 1


@every_chapter
def test_no_measured_figure_is_typed_into_a_text(number):
    for language in LANGUAGES:
        for text in texts_of(number, language):
            assert not re.search(r"\d\.\d+ ?%", text), text


@every_chapter
def test_english_is_english_and_chinese_is_chinese(number):
    chinese_sign = re.compile(r"[\u4e00-\u9fff]")
    for cell in cells_of(number):
        if cell.cell_type == "code":
            assert not chinese_sign.search(cell.source)
    english, chinese = texts_of(number, "en"), texts_of(number, "zh")
    # In English, Chinese stands only in the table of words.
    assert not chinese_sign.search("".join(english[:-1]))
    for text in chinese:
        assert chinese_sign.search(text)
        # The signs between two Chinese characters are Chinese too.
        assert not re.search(r"[\u4e00-\u9fff][,;:!?][\u4e00-\u9fff]", text), text


@every_chapter
@every_language
def test_bold_text_is_bold(number, language):
    # Markdown leaves the stars of `**时间：**阅读` as they are: the colon must stand outside.
    for text in texts_of(number, language):
        for token in MarkdownIt().parse(text):
            for part in token.children or ():
                assert part.type != "text" or "**" not in part.content, part.content


@every_chapter
@every_language
def test_links_lead_somewhere(number, language):
    folder = build.notebook_path(CHAPTERS[number], language).parent
    for text in texts_of(number, language):
        for target in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (folder / target).exists(), target


@every_chapter
@every_language
def test_the_chapter_leads_to_its_exercises(number, language):
    path = build.notebook_path(CHAPTERS[number], language)
    text = committed(number, language).cells[-1].source
    targets = [
        (path.parent / target).resolve()
        for target in re.findall(r"\]\((\.\./\.\./paddle_mnist/[^)]+)\)", text)
    ]
    exercises = [part for part in load_exercises().values() if part.chapter == int(number)]
    assert targets == [part.folder / f"task.{language}.md" for part in exercises] != []
    for exercise in exercises:
        assert f"[{exercise.number} {exercise.title(language)}]" in text


@every_chapter
def test_shape_comments_can_be_checked(number):
    commented = checked = 0
    for cell in cells_of(number):
        if cell.cell_type == "code":
            lines = re.findall(r"^(?=\s*(?:return |[\w., ]+ = )).*#.*\[.*\]$", cell.source, re.M)
            commented += len([line for line in lines if shape_comments.SHAPE_COMMENT.search(line)])
            checked += shape_comments.with_checks(cell.source).count("_check_shape(")
    assert checked >= max(commented, 1)


@every_chapter
@every_language
def test_the_committed_notebook_is_what_its_source_makes(number, language):
    found = committed(number, language)
    expected = build.make_notebook(
        CHAPTERS[number], language, found.metadata["paddle_mnist"]["seconds"]
    )
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert found.cells == expected.cells
    assert found.metadata == expected.metadata


@every_chapter
def test_both_languages_have_the_same_code(number):
    english, chinese = (committed(number, language) for language in LANGUAGES)
    assert build.code_of(english) == build.code_of(chinese) != []
    assert len(english.cells) == len(chinese.cells)


def printed_by(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs
    )


@every_chapter
@every_language
def test_the_committed_outputs_are_whole_and_from_all_of_mnist(number, language):
    notebook = committed(number, language)
    check_outputs(notebook)
    printed = printed_by(notebook)
    assert "10,000 to test on" in printed
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|usr|Users|var)/", printed)
    assert not re.search(r"0x[0-9a-f]{6,}", printed)


def test_the_notebooks_are_small():
    paths = [
        build.notebook_path(source, language)
        for source in CHAPTERS.values()
        for language in LANGUAGES
    ]
    assert sum(path.stat().st_size for path in paths) < LARGEST


@every_language
def test_the_table_of_chapters_is_up_to_date(language):
    text = build.readme_path(language).read_text(encoding="utf-8")
    shown = text.partition(build.TABLE[0])[2].partition(build.TABLE[1])[0]
    assert shown.strip() == build.render_table(language)


# The order must not matter: not 01, 02, 03. And both languages have the same code, so that each
# chapter needs only one of them; those that are committed were executed in both.
ORDER = [(number, LANGUAGES[int(number) % 2]) for number in CHAPTERS]
random.Random(3).shuffle(ORDER)


def execute_on_the_sample(notebook, language, folder) -> None:
    course = folder / "course"
    course.mkdir()
    build.lay_out_course(course)
    build.execute(notebook, course, language, "sample")


@pytest.fixture
def no_way_out(monkeypatch):
    """Whoever asks for a page is sent to a port where nobody answers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")


@pytest.mark.parametrize(("number", "language"), ORDER)
def test_the_chapter_runs_alone_on_the_sample(number, language, tmp_path, no_way_out):
    notebook = build.make_notebook(CHAPTERS[number], language)
    execute_on_the_sample(notebook, language, tmp_path)
    check_outputs(notebook)
    if number == "08" and sys.platform == "linux":  # elsewhere Paddle has no gloo, and it says so
        assert "weights of rank 1" in printed_by(notebook)


def test_a_function_that_was_renamed_is_noticed(tmp_path):
    notebook = build.make_notebook(CHAPTERS["02"], "en")
    # As if the package's next version called norm_img something else.
    notebook.cells = [cell for cell in notebook.cells if "import norm_img" in cell.source]
    gone = "import paddle_mnist.core.transforms\ndel paddle_mnist.core.transforms.norm_img\n"
    notebook.cells[0].source = gone + notebook.cells[0].source
    with pytest.raises(CellExecutionError, match="cannot import name 'norm_img'"):
        execute_on_the_sample(notebook, "en", tmp_path)


def test_a_wrong_shape_comment_is_noticed(tmp_path):
    code = "import numpy as np\nrows = np.zeros((5, 784))  # [N, 783]"
    cell = nbformat.v4.new_code_cell(code)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(CellExecutionError, match=r"the comment says \[N, 783\]"):
        execute_on_the_sample(notebook, "en", tmp_path)


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("x = f()  # [N, 784]", "x"),
        ("x = f(\n    1,\n)  # [2, 3] -> [6]", "x"),
        ("def f():\n    return g()  # [N]", "g()"),
        ("%matplotlib inline\nx = f()  # []", "x"),
    ],
)
def test_a_shape_comment_becomes_a_check(code, target):
    checked = shape_comments.with_checks(code)
    assert f"_check_shape({target}, " in checked
    ast.parse(checked.replace("%", "#"))


@pytest.mark.parametrize(
    "code", ["x = '# [3]'", "f()  # [3]", "x = f()  # see [3]", "x = f()  # [1] and [2]"]
)
def test_what_is_no_shape_comment_stays(code):
    assert shape_comments.with_checks(code) == code


@pytest.mark.parametrize(
    ("text", "filled"),
    [("{{seconds}} s", "50 s"), ("no figure", "no figure"), (r"\frac{{1}}{2}", r"\frac{{1}}{2}")],
)
def test_texts_are_filled_in(text, filled):
    assert build.fill_in(text, 41.2) == filled


def test_times_are_rounded_up_to_tens():
    assert [build.rounded_up(seconds) for seconds in (0.1, 10.0, 10.1, 41.2)] == [10, 10, 20, 50]


@pytest.fixture
def chapter_apart(tmp_path, monkeypatch):
    """A copy of a source, and of its notebook, that a test may change."""
    source = tmp_path / CHAPTERS["02"].name
    source.write_bytes(CHAPTERS["02"].read_bytes())
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_bytes(build.notebook_path(CHAPTERS["02"], "en").read_bytes())
    monkeypatch.setattr(build, "notebook_path", lambda source, language: notebook)
    return source, notebook


def test_texts_are_renewed_around_the_outputs(chapter_apart):
    source, notebook = chapter_apart
    before = code_cells(nbformat.read(notebook, as_version=4))
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("## One neuron", "## A neuron"), encoding="utf-8")
    build.renew_texts(source, "en")
    after = nbformat.read(notebook, as_version=4)
    assert any(cell.source.startswith("## A neuron") for cell in after.cells)
    assert code_cells(after) == before


def test_outputs_of_other_code_are_not_kept(chapter_apart):
    source, notebook = chapter_apart
    before = notebook.read_bytes()
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("epochs=10", "epochs=11"), encoding="utf-8")
    with pytest.raises(SystemExit, match="has changed"):
        build.renew_texts(source, "en")
    assert notebook.read_bytes() == before


@pytest.fixture
def ladder(monkeypatch):
    """As if only this had been measured."""
    rows = {
        "cnn": {"parameters": 73_714, "runs": [{"accuracy": 0.99}, {"accuracy": 0.994}]},
        "deep-cnn --best-weights": {"parameters": 97_414, "runs": [{"accuracy": 0.9876}]},
        "best": {"parameters": 166_018, "runs": []},
    }
    monkeypatch.setattr(build, "load_results", lambda folder: rows)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{accuracy cnn}}", "99.20% (99.00–99.40)"),
        ("{{seeds cnn}} seeds", "2 seeds"),
        ("{{parameters cnn}}", "73,714"),
        ("{{accuracy deep-cnn --best-weights}}", "98.76%"),
        ("{{parameters best}}", "166,018"),
    ],
)
def test_figures_are_those_of_the_ladder(ladder, text, filled):
    assert build.fill_in(text, 0) == filled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{accuracy best}}", "has not been measured"),
        ("{{seeds best}}", "has not been measured"),
        ("{{accuracy no-such-stage}}", "no-such-stage"),
        ("{{minutes cnn}}", "minutes"),
    ],
)
def test_a_figure_that_was_not_measured_is_refused(ladder, text, said):
    with pytest.raises(KeyError, match=said):
        build.fill_in(text, 0)
