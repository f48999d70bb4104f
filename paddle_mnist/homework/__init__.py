"""Homework that checks itself: what a notebook imports.

    from paddle_mnist.homework import check, hint, solution, status, task

    check("3-1", my_softmax)      # a function of the notebook, on copies of the data
    check("3-1")                  # the file work/homework/3_1_softmax.py, in its own process

In a terminal: `python -m paddle_mnist.homework --help`. What is not listed here is the engine; it
runs an answer apart to keep faults apart, which is no sandbox.
"""

from __future__ import annotations

from typing import Any, Callable

from paddle_mnist.homework.display import show
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.workbook import Workbook
from paddle_mnist.system.errors import UsageError

__all__ = ["check", "hint", "reset", "solution", "start", "status", "task"]


def check(
    number: str, answer: Callable[..., Any] | None = None, language: str | None = None
) -> None:
    """Check an answer, and show what is right or wrong.

    Args:
        number: such as "3-1".
        answer: a function of the notebook; None: the learner's file is checked, in its own process.
        language: "en" or "zh", from now on; None: as before.

    Raises:
        UsageError: there is no such exercise, or `answer` is not a function.
    """
    exercise = find_exercise(number)
    workbook = _open(language)
    if answer is None:
        from paddle_mnist.homework.process import check_file

        outcome = check_file(exercise, workbook.path(exercise))
    elif callable(answer):
        from paddle_mnist.homework.checking import check_function

        outcome = check_function(exercise, answer)
    else:
        raise UsageError(
            f"check takes a function, and got {type(answer).__name__}: write the function's name "
            f'without brackets, check("{exercise.number}", {exercise.answer})'
        )
    show(workbook.report(exercise, outcome))


def task(number: str, language: str | None = None) -> None:
    """Show what is asked, and the code to begin with."""
    show(_open(language).task(number))


def start(number: str, language: str | None = None) -> None:
    """Put the template of an exercise into `work/homework`."""
    show(_open(language).start(number))


def hint(number: str, language: str | None = None) -> None:
    """Show one more hint."""
    show(_open(language).hint(number))


def solution(number: str, language: str | None = None) -> None:
    """Show a good answer: after passing, or when asked for twice."""
    show(_open(language).solution(number))


def reset(number: str, language: str | None = None) -> None:
    """Begin an exercise anew; the old answer is kept beside it."""
    show(_open(language).reset(number))


def status(language: str | None = None) -> None:
    """Show what is done, and what comes next."""
    show(_open(language).status())


def _open(language: str | None) -> Workbook:
    workbook = Workbook.open(language=language)
    if workbook.greeting():
        show(workbook.greeting())
    return workbook
