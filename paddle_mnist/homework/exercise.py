"""An exercise is a folder of data: this file reads it, and knows nothing of any one exercise.

    exercises/3_1_softmax/
        exercise.json      kind, difficulty, minutes, the answer's name, what may not be called
        task.en.md         what is asked; task.zh.md says the same in Chinese
        feedback.en.md     names of the checks, diagnoses, hints, what was learned; feedback.zh.md
        template.py        what the learner begins with
        solution.py        a good answer
        checks.py          what is tried, and which mistakes are known
        mistakes/KEY.py    a usual mistake each; its diagnosis has the same key. In the bug zoo the
                           template is one too

To add an exercise, add a folder; `tests/homework/test_exercises.py` says what is missing.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

from paddle_mnist.system.errors import UsageError

FOLDER = Path(__file__).parent / "exercises"
KINDS = ("scratch", "accuracy", "zoo")

# From a chapter's number to the question that is its title.
CHAPTERS = {
    1: {"en": "What is a picture to a program?", "zh": "在程序眼里，图片是什么？"},
    2: {"en": "Can one neuron read a digit?", "zh": "一个神经元能认出数字吗？"},
    3: {"en": "Which of the ten is it?", "zh": "它是十个数字中的哪一个？"},
    4: {"en": "Why do neighbours matter?", "zh": "相邻的像素为什么重要？"},
    5: {"en": "Why is more training not better?", "zh": "为什么训练得更久不一定更好？"},
    6: {"en": "How far above 99% can we get?", "zh": "99% 以上还能提高多少？"},
    7: {
        "en": "Why does 99% on the test set misread your 7?",
        "zh": "测试集上 99%，为什么还会认错你写的 7？",
    },
    8: {"en": "Where does the time go?", "zh": "时间花到哪里去了？"},
}

_NAME = re.compile(r"([1-8])_(\d+)_([a-z0-9_]+)")
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_ITEM = re.compile(r"^- (\w+): (.+)$", re.MULTILINE)
_HINT = re.compile(r"^\d\. ", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@dataclass(frozen=True)
class Feedback:
    """What a learner is told, in one language.

    Attributes:
        checks: from the name of a check to a line that says what it tries.
        diagnoses: from the key of a usual mistake to what the learner is told about it.
        notes: from a key to a figure that a check reports, passed or not.
        hints: three, from a nudge to nearly the answer.
        learned: what to take along, shown after passing.
    """

    checks: dict[str, str]
    diagnoses: dict[str, str]
    notes: dict[str, str]
    hints: tuple[str, ...]
    learned: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        folder: where its files are.
        number: such as "3-1".
        name: such as "softmax".
        kind: "scratch" (write it yourself), "accuracy" (reach a figure) or "zoo" (find the bug).
        difficulty: 1 to 3.
        minutes: what a beginner needs, about.
        answer: the function that the learner writes.
        not_allowed: ready-made functions, by their full names, that would do the whole work.
        seconds: how long the checks may take, with all that the answer does in them.
        all_of_mnist: whether it is checked with all of MNIST, where that can be had.
    """

    folder: Path
    number: str
    name: str
    kind: str
    difficulty: int
    minutes: int
    answer: str
    not_allowed: tuple[str, ...] = ()
    seconds: int = 10
    all_of_mnist: bool = False

    @property
    def chapter(self) -> int:
        """The chapter that it belongs to."""
        return int(self.number.partition("-")[0])

    @property
    def file_name(self) -> str:
        """What the learner's own file is called."""
        return f"{self.folder.name}.py"

    @cached_property
    def template(self) -> str:
        """The code that the learner begins with."""
        return _read(self.folder / "template.py")

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """What the template calls the arguments of the answer."""
        for node in ast.walk(ast.parse(self.template)):
            if isinstance(node, ast.FunctionDef) and node.name == self.answer:
                return tuple(argument.arg for argument in node.args.args)
        raise UsageError(f"{self.folder.name}/template.py has no function {self.answer}")

    @cached_property
    def solution(self) -> str:
        """A good answer."""
        return _read(self.folder / "solution.py")

    @cached_property
    def checks(self) -> ModuleType:
        """The module with the functions `check_…`, in the order in which they are tried."""
        return load_checks(self.folder)

    def task(self, language: str) -> str:
        """Return the whole task as Markdown: a title of the first level, and what is asked."""
        return _read(self.folder / f"task.{language}.md")

    def title(self, language: str) -> str:
        """Return the title, without the number."""
        return self.task(language).splitlines()[0].removeprefix(f"# {self.number} ").strip()

    def task_without_links(self, language: str) -> str:
        """Return the task for where links lead nowhere."""
        return _LINK.sub(r"\1", self.task(language))

    def feedback(self, language: str) -> Feedback:
        """Return what the learner is told."""
        text = _read(self.folder / f"feedback.{language}.md")
        _, *parts = _SECTION.split(text)
        sections = dict(zip(parts[::2], (part.strip() for part in parts[1::2])))
        _, *hints = _HINT.split(sections["Hints"])
        return Feedback(
            checks=dict(_ITEM.findall(sections["Checks"])),
            diagnoses=dict(_ITEM.findall(sections["Diagnoses"])),
            notes=dict(_ITEM.findall(sections.get("Notes", ""))),
            hints=tuple(hint.replace("\n   ", "\n").strip() for hint in hints),
            learned=sections["Learned"],
        )

    def mistakes(self) -> dict[str, Path]:
        """Return a file that makes it for each usual mistake, by the key of its diagnosis."""
        return {path.stem: path for path in sorted((self.folder / "mistakes").glob("*.py"))}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def load_checks(folder: Path) -> ModuleType:
    """Import the `checks.py` of an exercise."""
    path = folder / "checks.py"
    spec = importlib.util.spec_from_file_location(f"checks_of_{folder.name}", path)
    assert spec is not None and spec.loader is not None  # every file .py has them
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_exercise(folder: Path) -> Exercise:
    """Read one folder.

    Raises:
        UsageError: the folder's name or its `exercise.json` is not as it must be.
    """
    name = _NAME.fullmatch(folder.name)
    if not name:
        raise UsageError(f"{folder.name} is not a name such as 3_1_softmax")
    record = json.loads(_read(folder / "exercise.json"))
    record["not_allowed"] = tuple(record.get("not_allowed", ()))
    try:
        exercise = Exercise(folder, f"{name[1]}-{name[2]}", name[3], **record)
    except TypeError as error:
        raise UsageError(f"{folder.name}/exercise.json: {error}") from error
    if exercise.kind not in KINDS or exercise.difficulty not in (1, 2, 3):
        raise UsageError(f"{folder.name}/exercise.json: unknown kind or difficulty")
    return exercise


@cache
def load_exercises() -> dict[str, Exercise]:
    """Return all exercises, from their number to themselves, in the order of the course."""
    found = [read_exercise(path.parent) for path in FOLDER.glob("*/exercise.json")]
    found.sort(key=lambda exercise: [int(part) for part in exercise.number.split("-")])
    return {exercise.number: exercise for exercise in found}


def find_exercise(number: str) -> Exercise:
    """Return the exercise that a learner means: "3-1", "3_1", "3.1", or the name of its file.

    Raises:
        UsageError: there is no such exercise.
    """
    # "31" too: no chapter has two digits.
    digits = re.findall(r"^\d|\d+", Path(str(number)).name)[:2]
    found = load_exercises().get("-".join(digits))
    if found is None:
        raise UsageError(
            f"there is no exercise {number!r}; their numbers are such as 3-1, and "
            "`python -m paddle_mnist.homework list` shows them all"
        )
    return found
