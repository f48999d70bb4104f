"""What a check came to, and how that passes from the process that checks to the one that tells.

Neither NumPy nor Paddle is needed here, so that telling is quick.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.texts import LABELS, PROBLEMS

# What filling in a text raises where a value is not of the kind that the text expects.
UNFIT = (LookupError, TypeError, ValueError, ArithmeticError)


class WrongError(Exception):
    """The answer is wrong.

    Attributes:
        key: a diagnosis of the exercise, or a sentence of `texts.py`.
        values: what stands in that text's braces.
        details: lines of input, expected and got: from a key of `texts.py` to the text.
    """

    def __init__(
        self,
        key: str,
        values: Mapping[str, Any] | None = None,
        details: Mapping[str, str] | None = None,
    ):
        super().__init__(key)
        self.key = key
        self.values = dict(values or {})
        self.details = dict(details or {})


@dataclass
class Outcome:
    """What a check came to.

    Attributes:
        number: the exercise's.
        passed: whether all checks passed.
        checks: the names of the checks that were tried, in order; the last one failed unless all
            passed.
        key, values, details: of the WrongError, when something was wrong.
        notes: figures to report, (key, values).
        printed: what the answer printed, shortened.
    """

    number: str
    passed: bool = False
    checks: list[str] = field(default_factory=list)
    key: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    printed: str = ""

    @classmethod
    def of_error(cls, exercise: Exercise, wrong: WrongError) -> Outcome:
        """Return the outcome where nothing but an error is known."""
        return cls(exercise.number, key=wrong.key, values=wrong.values, details=wrong.details)


_PLAIN = (str, int, float, type(None))


def parse_outcome(line: bytes, number: str, exercise: Exercise) -> Outcome:
    """Return the outcome that a process told.

    Args:
        line: JSON of an Outcome and of the process's `id`, or whatever else was written.
        number: the `id` that this process got.
        exercise: the one that was checked.

    Raises:
        WrongError: it is something else, with the key "malformed".
    """
    try:
        data = json.loads(line)
        if data.pop("id") != number:
            raise ValueError("not from our process")
        outcome = Outcome(**data)
        outcome.notes = [(key, dict(values)) for key, values in outcome.notes]
        if not _is_sound(outcome, exercise):
            raise ValueError("not an outcome of this exercise")
        fill_in_texts(exercise, outcome)
    except (AttributeError, RecursionError, *UNFIT) as error:
        raise WrongError("malformed") from error
    return outcome


def _is_sound(outcome: Outcome, exercise: Exercise) -> bool:
    names = list(exercise.feedback("en").checks)
    values = [outcome.values, *(values for _, values in outcome.notes)]
    return (
        outcome.number == exercise.number
        and outcome.passed is (outcome.key is None)
        and outcome.checks == (names if outcome.passed else names[: len(outcome.checks)])
        and outcome.details.keys() <= LABELS.keys()
        and all(isinstance(text, str) for text in outcome.details.values())
        and all(isinstance(value, _PLAIN) for part in values for value in part.values())
    )


def fill_in_texts(exercise: Exercise, outcome: Outcome) -> None:
    """Try what will be told; any language will do, for all have the same braces.

    Raises:
        UNFIT: there is no such text, or a value is missing or of another kind than it expects.
    """
    feedback = exercise.feedback("en")
    for key, values in outcome.notes:
        feedback.notes[key].format(**values)
    if outcome.key is not None:
        problems = {key: sentences["en"] for key, sentences in PROBLEMS.items()}
        text = {**problems, **feedback.diagnoses}[outcome.key]
        text.format(**{**known_values(exercise), "start": "", **outcome.values})


def known_values(exercise: Exercise) -> dict[str, Any]:
    """Return what stands in the braces of any text about an exercise."""
    return {
        "answer": exercise.answer,
        "number": exercise.number,
        "seconds": exercise.seconds,
        "file": exercise.file_name,
    }


def cut(text: str, length: int) -> str:
    """Return a text, or its beginning if it is longer."""
    return text if len(text) <= length else f"{text[:length]} …"
