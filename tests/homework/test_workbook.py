"""What a learner sees and what is written, from start to solution."""

from __future__ import annotations

import ast

import pytest

from paddle_mnist.homework import texts, workbook
from paddle_mnist.homework.exercise import CHAPTERS, find_exercise, load_exercises
from paddle_mnist.homework.outcome import Outcome
from paddle_mnist.homework.texts import LANGUAGES
from paddle_mnist.homework.workbook import Workbook
from paddle_mnist.system.errors import UsageError

EXERCISE = find_exercise("3-1")
every_language = pytest.mark.parametrize("language", LANGUAGES)
PASSED = Outcome("3-1", passed=True, checks=["values", "large", "edges", "gradient"])
FAILED = Outcome("3-1", checks=["values"], key="columns", details={"given": "[1]", "got": "[2]"})


@pytest.fixture
def learner(tmp_path):
    return Workbook.open(tmp_path / "homework", "en")


@pytest.mark.parametrize("number", load_exercises())
@every_language
def test_start_writes_a_program_that_holds_the_task(number, language, tmp_path):
    learner = Workbook.open(tmp_path, language)
    exercise = find_exercise(number)
    shown = learner.start(number)
    text = (tmp_path / exercise.file_name).read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring.startswith(f"{number} {exercise.title(language)}")
    assert exercise.template in text
    assert f"check {number}" in docstring
    assert CHAPTERS[exercise.chapter][language] in docstring.replace("\n", "")
    assert "](" not in docstring
    assert exercise.title(language) in shown


def test_start_leaves_an_answer_alone(learner):
    learner.start("3-1")
    path = learner.path(EXERCISE)
    path.write_text("mine = 1\n")
    assert "is there already" in learner.start("3-1")
    assert path.read_text() == "mine = 1\n"


def test_reset_keeps_the_old_answers(learner):
    for count in range(3):
        learner.reset("3-1")
        learner.path(EXERCISE).write_text(f"mine = {count}\n")
    learner.reset("3-1")
    kept = sorted(learner.folder.glob("*.old*.py"))
    assert [path.read_text() for path in kept] == ["mine = 0\n", "mine = 1\n", "mine = 2\n"]
    assert "def softmax" in learner.path(EXERCISE).read_text(encoding="utf-8")


def test_reset_of_a_file_that_is_not_utf_8(learner):
    learner.start("3-1")
    learner.path(EXERCISE).write_bytes("# 我的答案\n".encode("gbk"))
    learner.reset("3-1")
    (kept,) = learner.folder.glob("*.old.py")
    assert kept.read_bytes() == "# 我的答案\n".encode("gbk")


def test_reset_of_an_untouched_template_keeps_nothing(learner):
    learner.start("3-1")
    learner.reset("3-1")
    assert [path.name for path in learner.folder.glob("*.py")] == [EXERCISE.file_name]


def test_commands_name_the_folder_where_it_is_another(learner, monkeypatch):
    assert learner.command("check", EXERCISE).endswith(f"check 3-1 --folder {learner.folder}")
    monkeypatch.setattr(workbook, "homework_folder", lambda: learner.folder)
    assert learner.command("check", EXERCISE).endswith("check 3-1")


def test_the_next_exercise_is_the_one_after(learner):
    numbers = list(load_exercises())
    learner.report(find_exercise(numbers[-1]), Outcome(numbers[-1], passed=True))
    assert f" {numbers[0]} " in learner.next_line(numbers[-1])
    assert f" {numbers[1]} " in learner.next_line(numbers[0])


def test_a_check_without_a_file_is_no_try(learner):
    learner.report(EXERCISE, Outcome("3-1", key="no_file"))
    assert learner.progress.of("3-1").tries == 0


def test_reset_begins_anew(learner):
    learner.report(EXERCISE, PASSED)
    learner.reset("3-1")
    assert not learner.progress.of("3-1").passed


def test_hints_come_one_by_one_and_stay(learner):
    hints = EXERCISE.feedback("en").hints
    for count in (1, 2, 3):
        shown = learner.hint("3-1")
        assert [hint in shown for hint in hints] == [number < count for number in range(3)]
    assert "These are all hints" not in shown
    assert "These are all hints" in learner.hint("3-1")


def test_the_solution_is_shown_when_asked_for_twice(learner):
    assert EXERCISE.solution not in learner.solution("3-1")
    again = Workbook.open(learner.folder)
    assert EXERCISE.solution in again.solution("3-1")


def test_the_solution_is_shown_after_passing(learner):
    assert EXERCISE.feedback("en").learned in learner.report(EXERCISE, PASSED)
    assert EXERCISE.solution in learner.solution("3-1")


@every_language
def test_a_failed_check_says_what_is_wrong(tmp_path, language):
    learner = Workbook.open(tmp_path, language)
    shown = learner.report(EXERCISE, FAILED)
    feedback = EXERCISE.feedback(language)
    assert feedback.diagnoses["columns"] in shown
    assert f"✗ {feedback.checks['values']}" in shown
    assert feedback.checks["large"] not in shown
    assert feedback.learned not in shown
    for part in ("[1]", "[2]", texts.LABELS["given"][language], texts.LABELS["got"][language]):
        assert part in shown


def test_what_was_passed_once_stays_passed(learner):
    learner.report(EXERCISE, PASSED)
    learner.report(EXERCISE, FAILED)
    record = Workbook.open(learner.folder).progress.of("3-1")
    assert (record.tries, record.passed) == (2, True)


@every_language
def test_status_tells_what_is_done_and_what_comes_next(tmp_path, language):
    learner = Workbook.open(tmp_path, language)
    exercises = load_exercises()
    assert all(exercise.title(language) in learner.status() for exercise in exercises.values())
    first, second, *_ = exercises
    assert learner.next_line().endswith(exercises[first].title(language))
    learner.report(exercises[first], Outcome(first, passed=True))
    assert learner.next_line().endswith(exercises[second].title(language))
    assert texts.WORDS["passed"][language] in learner.status()
    for number in exercises:
        learner.report(exercises[number], Outcome(number, passed=True))
    assert learner.next_line() == learner.next_line(first) == texts.WORDS["all_done"][language]


@every_language
def test_the_list_has_every_chapter(tmp_path, language):
    shown = Workbook.open(tmp_path, language).overview()
    assert shown.count("\n## ") + 1 == len(CHAPTERS)
    for exercise in load_exercises().values():
        assert f"{exercise.number} {exercise.title(language)}" in shown


def test_a_language_that_was_asked_for_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    assert Workbook.open(tmp_path).language == "en"
    assert Workbook.open(tmp_path, "zh").language == "zh"
    assert Workbook.open(tmp_path).language == "zh"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANGUAGE": "zh:en", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANG": "C"}, "en"),
    ],
)
def test_the_environment_tells_the_language(variables, language, monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert texts.language_of_environment() == language


def test_damaged_progress_is_told(tmp_path):
    (tmp_path / "progress.json").write_text("{")
    assert "progress.damaged.json" in Workbook.open(tmp_path, "en").greeting()
    assert Workbook.open(tmp_path).greeting() == ""


def test_homework_is_found_from_any_folder_of_the_course(tmp_path, monkeypatch):
    (tmp_path / "course" / "work").mkdir(parents=True)
    (tmp_path / "course" / "work" / "example_0.jpg").write_bytes(b"")
    (tmp_path / "course" / "chapters").mkdir()
    monkeypatch.chdir(tmp_path / "course" / "chapters")
    assert workbook.homework_folder() == tmp_path / "course" / "work" / "homework"


def test_homework_without_the_course_is_in_the_current_folder(tmp_path, monkeypatch):
    def no_course():
        raise UsageError("no course")

    monkeypatch.setattr(workbook, "course_folder", no_course)
    monkeypatch.chdir(tmp_path)
    assert workbook.homework_folder() == tmp_path / "work" / "homework"


@pytest.mark.parametrize(
    "spelling", ["3-1", "31", "3_1", "3.1", "3_1_softmax.py", "work/3_1_softmax.py"]
)
def test_an_exercise_is_found_by_any_spelling(spelling):
    assert find_exercise(spelling).number == "3-1"


@pytest.mark.parametrize("spelling", ["", "3", "softmax", "9-9", "0"])
def test_an_unknown_exercise(spelling):
    with pytest.raises(UsageError, match="there is no exercise"):
        find_exercise(spelling)


@pytest.mark.parametrize("table", [texts.PROBLEMS, texts.LABELS, texts.WORDS])
def test_the_homework_speaks_both_languages(table):
    for key, sentences in table.items():
        assert set(sentences) == set(LANGUAGES), key
        fields = [sorted(texts_fields(text)) for text in sentences.values()]
        assert fields[0] == fields[1], key


def texts_fields(text: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
