"""A learner's homework: its folder, and what can be done with an exercise, told as Markdown.

Both the terminal and the notebook use it. It knows how the course speaks, and nothing of how an
answer is checked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddle_mnist.homework.display import in_notebook, wrap
from paddle_mnist.homework.exercise import CHAPTERS, Exercise, find_exercise, load_exercises
from paddle_mnist.homework.outcome import Outcome, known_values
from paddle_mnist.homework.progress import (
    Progress,
    Record,
    load_progress,
    save_progress,
    unused,
)
from paddle_mnist.homework.texts import LABELS, PROBLEMS, WORDS, language_of_environment, say
from paddle_mnist.runs.course import course_folder
from paddle_mnist.system.errors import UsageError
from paddle_mnist.system.files import write_file

TEXT_WIDTH = 88


def homework_folder() -> Path:
    """`work/homework` in the course's folder, or in the current one where there is no course."""
    try:
        return course_folder() / "work" / "homework"
    except UsageError:
        return Path.cwd() / "work" / "homework"


@dataclass
class Workbook:
    """One learner's homework.

    Attributes:
        folder: where the answers and the progress are.
        progress: what was done so far.
        language: "en" or "zh".
    """

    folder: Path
    progress: Progress
    language: str

    @classmethod
    def open(cls, folder: Path | None = None, language: str | None = None) -> Workbook:
        """Open a learner's homework; a language that is asked for is kept for the next time.

        Raises:
            UsageError: the progress cannot be read or written.
        """
        folder = homework_folder() if folder is None else folder
        progress = load_progress(folder)
        if language is not None and language != progress.language:
            progress.language = language
            save_progress(folder, progress)
        return cls(folder, progress, progress.language or language_of_environment())

    def save(self) -> None:
        """Write the progress."""
        save_progress(self.folder, self.progress)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the learner's language."""
        return say(WORDS, key, self.language, **values)

    def path(self, exercise: Exercise) -> Path:
        """Return the path of the learner's file."""
        return self.folder / exercise.file_name

    def greeting(self) -> str:
        """Return what must be said first: that the progress file is damaged."""
        if self.progress.put_aside is None:
            return ""
        return self.say(
            "damaged_state",
            file=self.progress.put_aside.with_name("progress.json"),
            aside=self.progress.put_aside.name,
        )

    def start(self, number: str) -> str:
        """Put the template where the learner writes; an answer that is there stays as it is."""
        exercise = find_exercise(number)
        path = self.path(exercise)
        if path.exists():
            text = self.say("there_already", file=shown(path), number=exercise.number)
        else:
            self._write_template(exercise)
            text = self.say("written", file=shown(path))
        check = self.say("then_check", check=f"`{self.command('check', exercise)}`")
        return f"{exercise.task_without_links(self.language)}\n\n{text}\n\n{check}"

    def reset(self, number: str) -> str:
        """Begin an exercise anew; the old answer is kept under another name."""
        exercise = find_exercise(number)
        path = self.path(exercise)
        lines = []
        # Bytes: whatever a learner's editor wrote, it need not be UTF-8.
        if path.exists() and not path.read_bytes().endswith(exercise.template.encode()):
            kept = unused(path.with_suffix(".old.py"))
            write_file(kept, path.read_bytes(), UsageError)
            lines.append(self.say("kept", file=shown(kept)))
        self._write_template(exercise)
        self.progress.exercises[exercise.number] = Record()
        self.save()
        return "\n\n".join([*lines, self.say("written", file=shown(path))])

    def _write_template(self, exercise: Exercise) -> None:
        quotes = '"""'
        check = f"python -m paddle_mnist.homework check {exercise.number}"
        task = exercise.task_without_links(self.language).removeprefix("# ").strip()
        key = "repair" if exercise.kind == "zoo" else "write_into"
        last = self.say(key, answer=exercise.answer, check=check)
        text = wrap(f"{task}\n\n{last}", TEXT_WIDTH)
        prefix = "r" if "\\" in text else ""
        content = f"{prefix}{quotes}{text}\n{quotes}\n\n{exercise.template}"
        write_file(self.path(exercise), content.encode(), UsageError)

    def task(self, number: str) -> str:
        """Return what is asked, and the code to begin with."""
        exercise = find_exercise(number)
        task = exercise.task_without_links(self.language)
        return f"{task}\n\n```python\n{exercise.template}```"

    def hint(self, number: str) -> str:
        """Return one hint more than the last time."""
        exercise = find_exercise(number)
        hints = exercise.feedback(self.language).hints
        record = self.progress.of(exercise.number)
        is_new = record.hints < len(hints)
        record.hints = min(record.hints + 1, len(hints))
        self.save()
        text = "\n\n".join(
            f"**{self.say('hint', shown=number, count=len(hints))}**\n\n{hint}"
            for number, hint in enumerate(hints[: record.hints], start=1)
        )
        if is_new:
            return text
        last = self.say("no_more_hints", solution=f"`{self.command('solution', exercise)}`")
        return f"{text}\n\n{last}"

    def solution(self, number: str) -> str:
        """Return a good answer, to those who have passed, or who ask for it twice."""
        exercise = find_exercise(number)
        record = self.progress.of(exercise.number)
        if not record.passed:
            record.solution_asked += 1
            self.save()
            if record.solution_asked < 2:
                left = len(exercise.feedback(self.language).hints) - record.hints
                key = "solution_first" if left else "solution_first_all_hints"
                return self.say(key, number=exercise.number, left=left)
        title = self.say("solution", number=exercise.number)
        learned = f"{self.say('learned')}\n\n{exercise.feedback(self.language).learned}"
        return f"**{title}**\n\n```python\n{exercise.solution}```\n\n{learned}"

    def report(self, exercise: Exercise, outcome: Outcome) -> str:
        """Note a check in the progress, and say what it came to."""
        record = self.progress.of(exercise.number)
        if outcome.key != "no_file":
            record.tries += 1
            record.passed = record.passed or outcome.passed
            self.save()
        title = {"number": exercise.number, "title": exercise.title(self.language)}
        feedback = exercise.feedback(self.language)
        parts = [f"**{self.say('success' if outcome.passed else 'failure', **title)}**"]
        parts.append("\n".join(self._check_lines(exercise, outcome)))
        parts += [_filled_in(feedback.notes[key], values) for key, values in outcome.notes]
        if outcome.passed:
            parts += [self.say("learned"), feedback.learned]
            see = self.say("see_solution", solution=f"`{self.command('solution', exercise)}`")
            parts += [see, self.next_line(exercise.number)]
        else:
            assert outcome.key is not None  # it is there where not all passed
            values = {**outcome.values, "start": self.command("start", exercise)}
            parts.append(problem(exercise, outcome.key, values, self.language))
            parts += self._details(outcome)
            parts.append(self.say("see_hint", hint=f"`{self.command('hint', exercise)}`"))
        return "\n\n".join(part for part in parts if part)

    def _check_lines(self, exercise: Exercise, outcome: Outcome) -> list[str]:
        names = exercise.feedback(self.language).checks
        failed = None if outcome.passed else next(reversed(outcome.checks), None)
        return [f"- {'✗' if name == failed else '✓'} {names[name]}" for name in outcome.checks]

    def _details(self, outcome: Outcome) -> list[str]:
        details = {**outcome.details, **({"printed": outcome.printed} if outcome.printed else {})}
        blocks = {key: _block(text) for key, text in details.items()}
        return [f"{LABELS[key][self.language]}\n\n{block}" for key, block in blocks.items()]

    def next_line(self, done: str | None = None) -> str:
        """Tell which exercise comes next: the first open one after `done`, or else of all."""
        exercises = load_exercises()
        numbers = list(exercises)
        first = numbers.index(done) + 1 if done else 0
        for number in numbers[first:] + numbers[:first]:
            exercise = exercises[number]
            if not self.progress.exercises.get(number, Record()).passed:
                return self.say("next", number=number, title=exercise.title(self.language))
        return self.say("all_done")

    def overview(self) -> str:
        """Return all exercises, chapter by chapter: what each is about."""
        exercises, parts = load_exercises(), []
        heads = [self.say(key) for key in ("exercise", "kind", "difficulty", "minutes")]
        for chapter, titles in CHAPTERS.items():
            rows = [
                [
                    f"{number} {exercise.title(self.language)}",
                    self.say(exercise.kind),
                    difficulty(exercise),
                    str(exercise.minutes),
                ]
                for number, exercise in exercises.items()
                if exercise.chapter == chapter
            ]
            title = self.say("chapter_line", chapter=chapter, title=titles[self.language])
            parts.append(f"## {title}\n\n{table(heads, rows)}")
        return "\n\n".join(parts)

    def status(self) -> str:
        """Return what is done, and what comes next."""
        exercises = load_exercises()
        heads = [self.say(key) for key in ("exercise", "difficulty", "minutes", "state")]
        rows = [
            [
                f"{number} {exercise.title(self.language)}",
                difficulty(exercise),
                str(exercise.minutes),
                self._state(exercise),
            ]
            for number, exercise in exercises.items()
        ]
        left = [
            exercise
            for number, exercise in exercises.items()
            if not self.progress.exercises.get(number, Record()).passed
        ]
        summary = self.say(
            "summary",
            passed=len(exercises) - len(left),
            count=len(exercises),
            time=self._time(sum(exercise.minutes for exercise in left)),
        )
        return f"{table(heads, rows)}\n\n{summary}\n\n{self.next_line()}"

    def _time(self, minutes: int) -> str:
        if minutes < 120:
            return self.say("some_minutes", count=minutes)
        return self.say("some_hours", count=round(minutes / 60))

    def _state(self, exercise: Exercise) -> str:
        record = self.progress.exercises.get(exercise.number, Record())
        if record.passed:
            return f"✓ {self.say('passed')}"
        if record.tries:
            return self.say("tried_once" if record.tries == 1 else "tried", tries=record.tries)
        return self.say("started" if self.path(exercise).exists() else "open")

    def command(self, verb: str, exercise: Exercise) -> str:
        """Return what a learner writes, in a terminal or in a notebook."""
        if in_notebook():
            return f'{verb}("{exercise.number}")'
        elsewhere = f" --folder {shown(self.folder)}" if self.folder != homework_folder() else ""
        return f"python -m paddle_mnist.homework {verb} {exercise.number}{elsewhere}"


def problem(exercise: Exercise, key: str, values: dict[str, object], language: str) -> str:
    """Return the sentence that says what is wrong: the exercise's own, or one for all."""
    diagnoses = exercise.feedback(language).diagnoses
    text = diagnoses[key] if key in diagnoses else PROBLEMS[key][language]
    part = say(WORDS, "part", language, **values) if "part" in values else ""
    return part + _filled_in(text, {**known_values(exercise), **values})


def _filled_in(text: str, values: Mapping[str, object]) -> str:
    """Put values into a text's braces so that Markdown shows them as they are.

    An answer's values may hold anything, HTML too, which a notebook would take for its own.
    """
    pieces = text.split("`")
    # Every second piece stands between backticks, where nothing but a backtick has a meaning.
    tables = [{name: change(value) for name, value in values.items()} for change in _AS_IT_IS]
    return "`".join(piece.format(**tables[i % 2]) for i, piece in enumerate(pieces))


def _in_words(value: object) -> object:
    if not isinstance(value, str):
        return value
    return re.sub(r"([\\`<]|\](?=\())", r"\\\1", " ".join(value.splitlines()))


def _in_code(value: object) -> object:
    return " ".join(value.splitlines()).replace("`", "'") if isinstance(value, str) else value


_AS_IT_IS = (_in_words, _in_code)


def _block(text: str) -> str:
    """Fence a text in so many backticks that none in it ends the block."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(4, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def difficulty(exercise: Exercise) -> str:
    """Return one to three filled dots."""
    return "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(path: Path) -> str:
    """Return a path as it is shortest to type."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
