"""A whole class, checked at once."""

from __future__ import annotations

import csv
import os

import pytest

from paddle_mnist.homework.__main__ import main
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.report import Line, as_csv, as_table, check_class
from paddle_mnist.system.errors import UsageError

SOFTMAX, LOSS = find_exercise("3-1"), find_exercise("3-6")


@pytest.fixture
def school(tmp_path):
    """Three learners: one good, one wrong and slow in the second, one with nothing."""

    def hand_in(name, exercise, code):
        path = tmp_path / name / exercise.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)

    hand_in("Ada", SOFTMAX, SOFTMAX.solution)
    hand_in("Ada", LOSS, LOSS.solution)
    hand_in("李雷/work/homework", SOFTMAX, (SOFTMAX.folder / "mistakes/columns.py").read_text())
    hand_in("李雷/work/homework", LOSS, "import os\nos._exit(0)\n")
    (tmp_path / "Eve").mkdir()
    return [tmp_path / name for name in ("Ada", "李雷", "Eve")]


def test_each_learner_gets_a_line(school):
    assert SOFTMAX.checks  # a module, as after a check in a notebook; it passes to no process
    lines = check_class(school, ["3-1", "3-6"], processes=2)
    assert lines == [
        Line("Ada", {"3-1": "passed", "3-6": "passed"}),
        Line("李雷", {"3-1": "columns", "3-6": "ended"}),
        Line("Eve", {}),
    ]


def test_the_table_as_csv(school, tmp_path, capsys):
    folders = [str(folder) for folder in school]
    path = tmp_path / "class.csv"
    assert main(["report", *folders, "--only", "3-1", "--csv", str(path)]) == 0
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["learner", "passed", "handed in", "3-1"],
            ["Ada", "1", "1", "passed"],
            ["李雷", "0", "1", "columns"],
            ["Eve", "0", "0", ""],
        ]


def test_only_a_file_is_replaced_by_the_csv(school, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    for path in (os.devnull, str(tmp_path / "folder")):
        assert main(["report", str(school[2]), "--csv", path]) == 2
        assert "is not a file" in capsys.readouterr().err
    assert os.path.exists(os.devnull)


def test_the_table_on_the_screen(school, capsys):
    assert main(["report", str(school[2])]) == 0
    assert "Eve" in capsys.readouterr().out
    assert main(["report", str(school[2]), "--csv"]) == 0
    assert capsys.readouterr().out == "learner,passed,handed in\nEve,0,0\n"


def test_a_name_is_no_formula():
    assert "'=1+1," in as_csv([Line("=1+1", {})])


def test_columns_are_in_the_order_of_the_course():
    lines = [Line("a", {"3-6": "passed"}), Line("b", {"3-1": "time"})]
    assert as_table(lines)[0] == ["learner", "passed", "handed in", "3-1", "3-6"]


def test_two_folders_of_one_name_are_told_apart(tmp_path):
    folders = [tmp_path / "monday" / "Ada", tmp_path / "friday" / "Ada"]
    for folder in folders:
        folder.mkdir(parents=True)
    assert [line.name for line in check_class(folders)] == [str(folder) for folder in folders]


@pytest.mark.parametrize("arguments", [{"numbers": ["9-9"]}, {"processes": 0}])
def test_what_is_not_possible(arguments, tmp_path):
    with pytest.raises(UsageError):
        check_class([tmp_path], **arguments)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        check_class([tmp_path / "nobody"])
