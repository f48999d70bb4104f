"""python -m paddle_mnist.homework.worker EXERCISE FILE ID: the process that checks one answer.

On its standard output it writes an empty line when the file is a program, one more when all is
ready for it to run, and then the outcome as JSON. What the learner's code prints goes to the
standard error.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from paddle_mnist.homework.answer_file import check_syntax
from paddle_mnist.homework.exercise import Exercise, read_exercise
from paddle_mnist.homework.outcome import Outcome, WrongError
from paddle_mnist.system.processes import die_with_parent
from paddle_mnist.system.runtime import prepare


def main(folder: str, path: str, number: str) -> None:
    """Check one answer, and tell the outcome.

    Args:
        folder: the exercise's.
        path: the answer's file, alone in a folder that it may write to.
        number: what an outcome must hold to be taken for ours.
    """
    prepare()
    die_with_parent()  # or an endless answer would outlive a checker that is killed
    # So that no print of the learner's code gets among our lines.
    told = os.dup(1)
    os.dup2(2, 1)
    os.chdir(os.path.dirname(path))
    exercise = read_exercise(Path(folder))
    try:
        check_syntax(path)
        os.write(told, b"\n")
        outcome = _check(exercise, path, told)
    except WrongError as wrong:
        outcome = Outcome.of_error(exercise, wrong)
    with os.fdopen(told, "w", encoding="ascii") as file:
        file.write(json.dumps({"id": number, **asdict(outcome)}) + "\n")


def _check(exercise: Exercise, path: str, told: int) -> Outcome:
    # All that is costly or touches the system comes before the guard and the answer's time.
    import paddle

    from paddle_mnist.homework import guard
    from paddle_mnist.homework.checking import Answer, check_functions, run_checks

    # Libraries that Paddle loads only when they are first needed.
    paddle.ones([2, 2]).matmul(paddle.ones([2, 2]))
    check_functions(exercise)
    answer = Answer(exercise)
    guard.limit_memory()
    guard.install(os.getcwd())
    os.write(told, b"\n")
    answer.load(path)
    return run_checks(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
