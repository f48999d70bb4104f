"""Every exercise: its template fails kindly, its solution passes, its usual mistakes are known.

A new exercise is covered as soon as its folder is there.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import string
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from paddle_mnist.homework.answer_file import load_answer
from paddle_mnist.homework.checking import check_function, check_functions
from paddle_mnist.homework.exercise import CHAPTERS, KINDS, Exercise, load_exercises
from paddle_mnist.homework.outcome import Outcome
from paddle_mnist.homework.process import check_file
from paddle_mnist.homework.texts import LANGUAGES, PROBLEMS

# A learner's program may warn; it is no error there, so it is none here.
pytestmark = pytest.mark.filterwarnings("default")

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {int(path.name[:2]): path for path in sorted((ROOT / "chapters/source").glob("0*.py"))}
EXERCISES = load_exercises()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TASK_CHARACTERS = {"en": (300, 2500), "zh": (120, 1400)}

every_exercise = pytest.mark.parametrize("number", EXERCISES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def outcome_of(exercise: Exercise, path: Path) -> Outcome:
    function = load_answer(str(path), exercise.answer)
    assert function is not None, f"{path.name} has no {exercise.answer}"
    return check_function(exercise, function)


@cache
def template_outcome(number: str) -> Outcome:
    exercise = EXERCISES[number]
    return outcome_of(exercise, exercise.folder / "template.py")


def told(exercise: Exercise, outcome: Outcome, language: str) -> str:
    """The sentence that a learner reads after a failed check."""
    diagnoses = exercise.feedback(language).diagnoses
    text = diagnoses.get(outcome.key) or PROBLEMS[outcome.key][language]
    return text.format(answer=exercise.answer, **outcome.values)


def check_solution(number: str) -> Outcome:
    exercise = EXERCISES[number]
    return check_file(exercise, exercise.folder / "solution.py")


@pytest.fixture(scope="module")
def solutions():
    """What the checks of all solutions come to, each in a process of its own, two at a time."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return dict(zip(EXERCISES, pool.map(check_solution, EXERCISES)))


@every_exercise
def test_the_solution_passes(number, solutions):
    exercise, outcome = EXERCISES[number], solutions[number]
    assert outcome.passed, (outcome.key, outcome.values, outcome.details)
    assert outcome.checks == list(check_functions(exercise))
    for language in LANGUAGES:
        notes = exercise.feedback(language).notes
        assert all(notes[key].format(**values) for key, values in outcome.notes)


@every_exercise
def test_the_template_fails_and_says_why(number):
    exercise = EXERCISES[number]
    outcome = template_outcome(number)
    assert not outcome.passed
    # A template is unfinished, or has a bug whose symptom is told: it is never just broken.
    assert outcome.key not in ("error", "error_elsewhere", "ready_made")
    if exercise.kind == "zoo":
        assert outcome.key in exercise.feedback("en").diagnoses
    for language in LANGUAGES:
        assert "Traceback" not in told(exercise, outcome, language)


@pytest.mark.parametrize(
    ("number", "mistake"),
    [(number, mistake) for number in EXERCISES for mistake in EXERCISES[number].mistakes()],
)
def test_a_usual_mistake_has_its_own_diagnosis(number, mistake):
    exercise = EXERCISES[number]
    outcome = outcome_of(exercise, exercise.mistakes()[mistake])
    assert not outcome.passed
    assert outcome.key == mistake, (outcome.key, outcome.values, outcome.details)
    sentences = {told(exercise, outcome, language) for language in LANGUAGES}
    assert len(sentences) == len(LANGUAGES)
    assert not any("{" in sentence for sentence in sentences)


@every_exercise
def test_every_diagnosis_is_that_of_a_mistake(number):
    exercise = EXERCISES[number]
    diagnoses = exercise.feedback("en").diagnoses
    mistakes = set(exercise.mistakes())
    assert len(mistakes) >= 2
    if exercise.kind == "zoo":  # its template is a mistake too
        mistakes |= {template_outcome(number).key}
    assert mistakes == set(diagnoses)
    assert not set(diagnoses) & set(PROBLEMS)


@every_exercise
def test_both_languages_say_the_same(number):
    exercise = EXERCISES[number]
    english, chinese = (exercise.feedback(language) for language in LANGUAGES)
    for part in ("checks", "diagnoses", "notes"):
        one, other = getattr(english, part), getattr(chinese, part)
        assert list(one) == list(other)
        for key in one:
            assert fields(one[key]) == fields(other[key]), key
    assert list(english.checks) == list(check_functions(exercise))
    assert len(english.hints) == len(chinese.hints) == 3
    tasks = [exercise.task(language) for language in LANGUAGES]
    for pattern in (r"^#+ ", r"^- ", r"^\d\. ", r"^```\w*", r"^\|"):
        found = [re.findall(pattern, task, re.MULTILINE) for task in tasks]
        assert found[0] == found[1], pattern
    codes = [set(re.findall(r"```\w*\n.*?```|`[^`\n]+`", task, re.DOTALL)) for task in tasks]
    assert codes[0] == codes[1]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@every_exercise
@every_language
def test_the_texts_are_whole(number, language):
    exercise = EXERCISES[number]
    task, feedback = exercise.task(language), exercise.feedback(language)
    assert task.startswith(f"# {number} ")
    least, most = TASK_CHARACTERS[language]
    assert least <= len(task) <= most, len(task)
    assert f"`{exercise.answer}(" in task or f"`{exercise.answer}`" in task
    texts = [task, feedback.learned, *feedback.hints]
    texts += [*feedback.checks.values(), *feedback.diagnoses.values(), *feedback.notes.values()]
    for text in texts:
        assert text.strip()
        assert bool(CHINESE.search(text)) == (language == "zh"), text
        assert not re.search(r"[\u4e00-\u9fff][,;:!?][\u4e00-\u9fff]", text), text
        assert "$" not in text, "a terminal shows no formulas"
        for token in MarkdownIt().parse(text):
            for part in token.children or ():
                assert part.type != "text" or "**" not in part.content, part.content
    # From a nudge to nearly the answer; no hint is the answer.
    assert exercise.solution not in "".join(feedback.hints)


@every_exercise
def test_the_record_is_sensible(number):
    exercise = EXERCISES[number]
    assert exercise.kind in KINDS
    assert 5 <= exercise.minutes <= 60
    assert exercise.seconds <= 150
    assert {path.name for path in exercise.folder.iterdir()} - {"__pycache__"} == {
        *("exercise.json", "template.py", "solution.py", "checks.py", "mistakes"),
        *(f"{text}.{language}.md" for text in ("task", "feedback") for language in LANGUAGES),
    }


@every_exercise
@every_language
def test_the_task_leads_to_its_chapter(number, language):
    exercise = EXERCISES[number]
    last = exercise.task(language).strip().splitlines()[-1]
    (target,) = re.findall(r"\]\(([^)]+)\)", last)
    assert (exercise.folder / target).resolve() == (
        ROOT / "chapters" / language / f"{SOURCES[exercise.chapter].stem}.ipynb"
    )
    assert (exercise.folder / target).exists()
    assert CHAPTERS[exercise.chapter][language] in last


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_chapters_have_their_titles(chapter):
    source = SOURCES[chapter].read_text(encoding="utf-8")
    titles = {"en": rf"# # Chapter {chapter}: (.+)", "zh": rf"# # 第 {chapter} 章：(.+)"}
    assert {
        language: re.search(title, source)[1] for language, title in titles.items()
    } == CHAPTERS[chapter]


# What a first course in Python teaches, and methods that every array has.
BASIC = set(dir(builtins)) | {"append", "items", "keys", "values", "format", "join", "split"}
LIBRARIES = ("numpy", "paddle", "paddle_mnist")


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", text))


def library_names(source: str) -> set[str]:
    """The attributes and the imported names that a program uses."""
    tree = ast.parse(source)
    own = {
        target.attr
        for node in ast.walk(tree)
        for target in ast.walk(node)
        if isinstance(target, ast.Attribute) and isinstance(target.ctx, ast.Store)
    }
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LIBRARIES:
            names |= {alias.name for alias in node.names}
    return names - own


@every_exercise
def test_nothing_is_needed_from_a_later_chapter(number):
    exercise = EXERCISES[number]
    known = words(exercise.task("en")) | words(exercise.template) | BASIC
    for chapter, path in SOURCES.items():
        if chapter <= exercise.chapter:
            known |= words(path.read_text(encoding="utf-8"))
    assert library_names(exercise.solution) - known == set()


def test_a_function_of_a_later_chapter_would_be_noticed():
    source = "import numpy as np\nfrom paddle import nn\nx = np.zeros(3)\ny = nn.Conv2D(1, 2, 3)\n"
    known = words(SOURCES[1].read_text(encoding="utf-8"))
    assert library_names(source) - known == {"nn", "Conv2D"}


@every_exercise
def test_checks_are_small_functions(number):
    for name, function in check_functions(EXERCISES[number]).items():
        assert list(inspect.signature(function).parameters) == ["answer"], name
