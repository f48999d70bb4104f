"""Make the notebooks in `chapters/en` and `chapters/zh` from the files in `chapters/source`.

    python chapters/build.py                 all chapters, both languages, executed
    python chapters/build.py 02 05           these chapters
    python chapters/build.py 02 --lang en    one language
    python chapters/build.py --texts         new texts around the outputs that are there already
    python chapters/build.py --sample DIR    executed on the sample, in seconds, and written to DIR

A source is a jupytext file in the py:percent format. Its Markdown cells stand in pairs, English
and then Chinese; its code cells belong to both languages. A notebook is executed in a folder that
looks like a fresh clone of the course, on all of MNIST (from the cache, or the folder that
PADDLE_MNIST_DATA names).

`{{accuracy mlp}}` and the like in a text are figures of `benchmarks/ladder.json`, and
`{{seconds}}` is what the notebook's own execution took: see `FIGURES`. `{{exercises}}` is the list
of the chapter's exercises.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
from PIL import Image

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
SOURCES = FOLDER / "source"
LANGUAGES = ("en", "zh")
# Longer than any chapter may take, so that a kernel that hangs is ended.
CELL_TIMEOUT = 20 * 60
# The same whatever machine builds them, so that only what matters changes in a notebook.
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"}
TABLE = ("<!-- table: make chapters -->", "<!-- end of table -->")
PLACEHOLDER = re.compile(r"\{\{([a-z]+)(?: ([a-z][a-z -]*))?\}\}")

# A script, no package.
sys.path.insert(0, str(FOLDER))
from shape_comments import DEFINITION, with_checks

from paddle_mnist.homework.exercise import load_exercises
from paddle_mnist.homework.texts import WORDS
from paddle_mnist.homework.workbook import difficulty
from paddle_mnist.ladder.results import load_results
from paddle_mnist.ladder.table import spread


def _runs(row: str) -> list[dict[str, Any]]:
    runs = load_results(ROOT / "benchmarks")[row]["runs"]
    if not runs:
        raise KeyError(f"{row} has not been measured; `make ladder` does it")
    return runs


def _accuracy(row: str) -> str:
    mean, *around = spread([100 * run["accuracy"] for run in _runs(row)], ".2f").split(" ")
    return " ".join([f"{mean}%", *around])


# What a text may ask for. `row` is a row of the ladder, such as "cnn".
FIGURES: dict[str, Callable[[str], str]] = {
    "accuracy": _accuracy,
    "parameters": lambda row: f"{load_results(ROOT / 'benchmarks')[row]['parameters']:,}",
    "seeds": lambda row: str(len(_runs(row))),
}

# What each chapter leaves behind, for the table of chapters: English, Chinese.
REACHED = {
    "01": ("10% by guessing", "瞎猜：10%"),
    "02": ("{{accuracy linear}}", "{{accuracy linear}}"),
    "03": ("{{accuracy mlp}}", "{{accuracy mlp}}"),
    "04": ("{{accuracy cnn}}", "{{accuracy cnn}}"),
    "05": ("a smaller gap between training and new images", "缩小训练图片与新图片之间的差距"),
    "06": ("the best that we can, measured fairly", "公平地测出我们的最好成绩"),
    "07": ("your own digits, read", "认出你自己写的数字"),
    "08": ("the same, faster, on two processes", "同样的结果，更快，并用上两个进程"),
}


def source_paths() -> dict[str, Path]:
    """The chapters' sources by their numbers, "01" and so on."""
    return {path.name[:2]: path for path in sorted(SOURCES.glob("[0-9][0-9]_*.py"))}


def notebook_path(source: Path, language: str, folder: Path = FOLDER) -> Path:
    """Where the notebook of a source belongs."""
    return folder / language / f"{source.stem}.ipynb"


def exercises_of(chapter: int, language: str) -> str:
    """The exercises of a chapter that check themselves, and how to begin, in Markdown."""
    lines = []
    for exercise in load_exercises().values():
        if exercise.chapter == chapter:
            title = f"{exercise.number} {exercise.title(language)}"
            path = (exercise.folder / f"task.{language}.md").relative_to(ROOT).as_posix()
            words = {"en": " ({}, {}, {} minutes)", "zh": "（{}，{}，{} 分钟）"}[language]
            kind = WORDS[exercise.kind][language]
            about = words.format(kind, difficulty(exercise), exercise.minutes)
            lines.append(f"- [{title}](../../{path}){about}")
    first = next(e.number for e in load_exercises().values() if e.chapter == chapter)
    beginning = (SOURCES / f"homework.{language}.md").read_text(encoding="utf-8")
    return "\n".join([beginning.format(number=first), *lines])


def fill_in(text: str, seconds: float, chapter: int = 0, language: str = "en") -> str:
    """Put the measured figures, and the list of exercises, into a text.

    Args:
        text: a Markdown cell of a source.
        seconds: what the notebook's execution took.
        chapter: whose exercises `{{exercises}}` stands for.
        language: of the exercises' titles.

    Raises:
        KeyError: a placeholder names a figure that there is not, or not yet.
    """

    def figure(match: re.Match[str]) -> str:
        name, row = match.groups()
        if name == "seconds":
            return str(rounded_up(seconds))
        if name == "exercises":
            return exercises_of(chapter, language)
        return FIGURES[name](row)

    return PLACEHOLDER.sub(figure, text)


def rounded_up(seconds: float) -> int:
    """To whole tens, because times vary: 41.2 becomes 50."""
    return -int(-seconds // 10) * 10


def make_notebook(source: Path, language: str, seconds: float = 0.0) -> nbformat.NotebookNode:
    """A chapter in one language, without outputs.

    Args:
        source: a file in `chapters/source`.
        language: one of LANGUAGES.
        seconds: what its execution took, for its text.

    Raises:
        ValueError: a Markdown cell's language is missing or unknown.
    """
    cells = []
    for index, cell in enumerate(jupytext.read(source).cells):
        kind, spoken = cell.cell_type, cell.metadata.get("lang")
        if kind == "markdown":
            if spoken not in LANGUAGES:
                begin = cell.source[:40]
                raise ValueError(f"{source.name}: the cell {begin!r} has lang={spoken!r}")
            if spoken != language:
                continue
            made = nbformat.v4.new_markdown_cell(
                fill_in(cell.source, seconds, int(source.stem[:2]), language)
            )
        else:
            made = nbformat.v4.new_code_cell(cell.source)
            if cell.metadata.get("tags"):
                made.metadata["tags"] = list(cell.metadata["tags"])
        # nbformat's own ids are random, and would change with every build.
        made["id"] = f"{source.stem[:2]}-{index:03}"
        cells.append(made)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE_INFO})
    notebook.metadata["paddle_mnist"] = {"seconds": round(seconds, 1)}
    return notebook


def lay_out_course(folder: Path) -> None:
    """Make an empty folder look like a fresh clone, as far as a chapter can tell."""
    for name in ("work", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for language in LANGUAGES:
        (folder / "chapters" / language).mkdir(parents=True)


def link_mnist(folder: Path) -> str:
    """Make all of MNIST available in a course's folder; return its name seen from a notebook.

    So the notebooks' outputs name no path of this machine.

    Raises:
        SystemExit: there is only the sample.
    """
    from paddle_mnist.data import load_mnist

    source = load_mnist().source
    if not source.is_mnist:
        raise SystemExit(f"error: the chapters are built on all of MNIST. {source.message}")
    (folder / "mnist").symlink_to(Path(source.path).resolve(), target_is_directory=True)
    return "../../mnist"


def execute(notebook: nbformat.NotebookNode, course: Path, language: str, data: str) -> float:
    """Run all cells in a fresh kernel, and keep their outputs in the notebook.

    Shape comments are checked on the way.

    Args:
        notebook: as `make_notebook` returns it.
        course: a folder as `lay_out_course` makes it.
        language: decides the kernel's folder.
        data: what PADDLE_MNIST_DATA shall be.

    Returns:
        The seconds that it took.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    # A developer's own settings of IPython and Jupyter must not show in the outputs.
    settings = {"PADDLE_MNIST_DATA": data, "IPYTHONDIR": str(course / ".ipython")}
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNEL["name"],
        record_timing=False,
        coalesce_streams=True,
        # Else each kernel warns that it talks to this process without encryption.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(course / "chapters" / language)}},
    )
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = code_of(notebook)
    for cell in cells:
        cell.source = with_checks(cell.source)
    cells[0].source = f"{DEFINITION}\n{cells[0].source}"
    started = time.perf_counter()
    client.execute(env={**os.environ, **settings})
    seconds = time.perf_counter() - started
    for cell, source in zip(cells, shown):
        cell.source = source
        for output in cell.outputs:
            _shrink_picture(output)
    notebook.metadata["language_info"] = nbformat.from_dict(LANGUAGE_INFO)
    return seconds


def _shrink_picture(output: nbformat.NotebookNode) -> None:
    # With a palette of 256 colours a plot looks the same, and takes less than half the space.
    png = output.get("data", {}).get("image/png")
    if png:
        picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
        small = io.BytesIO()
        picture.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        output["data"]["image/png"] = base64.b64encode(small.getvalue()).decode()


def build(source: Path, language: str, *, sample: Path | None = None) -> float:
    """Execute one chapter in one language and write its notebook; return the seconds.

    Args:
        source: a file in `chapters/source`.
        language: one of LANGUAGES.
        sample: where to write a notebook that is executed on the sample; None: on all of MNIST,
            and the notebook goes to its own place.
    """
    with tempfile.TemporaryDirectory() as name:
        course = Path(name).resolve() / "paddle_mnist"
        course.mkdir()
        lay_out_course(course)
        executed = make_notebook(source, language)
        data = "sample" if sample else link_mnist(course)
        seconds = execute(executed, course, language, data)
    made = _with_outputs(make_notebook(source, language, seconds), executed)
    write(made, notebook_path(source, language, sample or FOLDER))
    return seconds


def renew_texts(source: Path, language: str) -> None:
    """Write a chapter's notebook again with the texts of now and the outputs of before.

    Raises:
        SystemExit: the code has changed, so that the outputs are no longer its own.
    """
    path = notebook_path(source, language)
    before = nbformat.read(path, as_version=4)
    now = make_notebook(source, language, before.metadata["paddle_mnist"]["seconds"])
    if code_of(before) != code_of(now):
        raise SystemExit(f"error: the code of {source.name} has changed; build it anew")
    write(_with_outputs(now, before), path)


def code_of(notebook: nbformat.NotebookNode) -> list[str]:
    """The sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _with_outputs(
    notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    done = [cell for cell in executed.cells if cell.cell_type == "code"]
    todo = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, other in zip(todo, done):
        cell.outputs, cell.execution_count = other.outputs, other.execution_count
    return notebook


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def readme_path(language: str) -> Path:
    """The page with the table of chapters."""
    return FOLDER / ("README.md" if language == "en" else "README.zh-CN.md")


def render_table(language: str) -> str:
    """The table of chapters in Markdown: what the notebooks that are built say of themselves."""
    heads = {
        "en": "chapter | to read and try, minutes | to compute, seconds | what is reached",
        "zh": "章 | 阅读和动手（分钟） | 运行（秒） | 达到的效果",
    }
    lines = [f"| {heads[language]} |", "|---|---|---|---|"]
    for number, source in source_paths().items():
        path = notebook_path(source, language)
        if not path.exists():
            continue
        notebook = nbformat.read(path, as_version=4)
        opening = notebook.cells[0].source
        title = opening.splitlines()[0].lstrip("# ")
        minutes = re.search(r"\d+(?= minutes| 分钟)", opening).group()
        seconds = rounded_up(notebook.metadata["paddle_mnist"]["seconds"])
        link = f"[{title}]({path.relative_to(FOLDER).as_posix()})"
        reached = fill_in(REACHED[number][LANGUAGES.index(language)], 0)
        lines.append(f"| {link} | {minutes} | {seconds} | {reached} |")
    return "\n".join(lines)


def write_tables() -> None:
    """Put the table of chapters into both pages."""
    for language in LANGUAGES:
        path = readme_path(language)
        before, _, rest = path.read_text(encoding="utf-8").partition(TABLE[0])
        after = rest.partition(TABLE[1])[2]
        table = f"{TABLE[0]}\n{render_table(language)}\n{TABLE[1]}"
        path.write_text(f"{before}{table}{after}", encoding="utf-8")


def main() -> None:
    """Build what was asked for, and say how long each took."""
    paths = source_paths()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="NN", help=f"of {', '.join(paths)}")
    parser.add_argument("--lang", choices=LANGUAGES, help="only this language")
    parser.add_argument("--texts", action="store_true", help="execute nothing; keep the outputs")
    parser.add_argument("--sample", type=Path, metavar="DIR", help="on the sample, into DIR")
    arguments = parser.parse_args()
    unknown = set(arguments.chapters) - set(paths)
    if unknown:
        parser.error(f"no such chapter: {', '.join(sorted(unknown))}; there are {', '.join(paths)}")
    for number in arguments.chapters or paths:
        for language in [arguments.lang] if arguments.lang else LANGUAGES:
            if arguments.texts:
                renew_texts(paths[number], language)
            else:
                seconds = build(paths[number], language, sample=arguments.sample)
                print(f"{paths[number].stem} [{language}]: {seconds:.1f} s", flush=True)
    if not arguments.sample:
        write_tables()


if __name__ == "__main__":
    main()
