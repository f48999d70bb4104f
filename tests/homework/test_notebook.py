"""The homework in a real kernel of Jupyter."""

from __future__ import annotations

import os

import nbformat
import pytest
from nbclient import NotebookClient

from paddle_mnist.homework.exercise import find_exercise

EXERCISE = find_exercise("3-1")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A function: run cells in a fresh kernel; returns what each shows, as text and as Markdown."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "work").mkdir()
    (folder / "work" / "example_0.jpg").write_bytes(b"")

    def run_cells(*cells: str) -> list[str]:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
        )
        client = NotebookClient(
            notebook, timeout=120, resources={"metadata": {"path": str(folder)}}
        )
        client.execute(env={**os.environ, "LANGUAGE": "en", "IPYTHONDIR": str(folder / ".ipython")})
        return ["".join(shown(output) for output in cell.outputs) for cell in notebook.cells]

    return run_cells


def shown(output: nbformat.NotebookNode) -> str:
    return output.get("text", "") + output.get("data", {}).get("text/markdown", "")


def test_a_function_of_the_notebook_is_checked(run):
    mistake = (EXERCISE.folder / "mistakes" / "columns.py").read_text()
    told = run(
        "from paddle_mnist.homework import check, hint, solution, status, task",
        'task("3-1")',
        mistake,
        'check("3-1", softmax)',
        'hint("3-1")',
        EXERCISE.solution,
        'check("3-1", softmax)',
        'solution("3-1")',
        "status()",
        "values = paddle.ones([2])\n"
        "def softmax(logits):\n    values[0] = 7\n    return logits\n"
        'check("3-1", softmax)',
        'check("3-1", language="zh")',
        "status()",
    )
    assert "def softmax" in told[1]
    assert "for each column, not for each row" in told[3]
    assert 'hint("3-1")' in told[3]
    assert "Hint 1 of 3" in told[4]
    assert "Passed: 3-1" in told[6]
    assert "largest score of each row" in told[7]
    assert "✓ passed" in told[8]
    assert "The values are not the expected ones" in told[9]
    assert "还没有文件 3_1_softmax.py" in told[10]
    assert "已通过" in told[11]


def test_an_error_in_the_notebook_names_the_line(run):
    told = run(
        "from paddle_mnist.homework import check",
        "def softmax(logits):\n    a = 1\n    return a + missing_name\n",
        'check("3-1", softmax, language="en")',
    )
    assert "line 3 with `NameError" in told[2]
    assert "return a + missing_name" in told[2]


def test_the_notebooks_random_numbers_go_on_as_without_a_check(run):
    draw = "import numpy, paddle\nprint(float(paddle.rand([])), numpy.random.rand())"
    seed = "import numpy, paddle\npaddle.seed(3); numpy.random.seed(3)"
    zoo = find_exercise("3-6")
    plain = run(seed, draw)
    check = 'from paddle_mnist.homework import check\ncheck("3-6", train)'
    checked = run(zoo.solution, seed, check, draw)
    assert "Passed" in checked[2]
    assert checked[3] == plain[1]


def test_a_file_is_checked_in_its_own_process(run):
    told = run(
        "from paddle_mnist.homework import check, start",
        'start("3-1")',
        "from pathlib import Path\n"
        'path = Path("work/homework/3_1_softmax.py")\n'
        'path.write_text("import os\\nos._exit(3)\\n");',
        'check("3-1")',
    )
    assert "code 3" in told[3]


def test_what_is_no_function_is_refused(run):
    told = run(
        "from paddle_mnist.homework import check\n"
        'try:\n    check("3-1", 3)\nexcept Exception as error:\n    print(error)'
    )
    assert "without brackets" in told[0]
