"""python -m paddle_mnist.homework: exercises that check themselves."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_mnist.homework.display import show
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.texts import LANGUAGES, WORDS, language_of_environment
from paddle_mnist.homework.workbook import Workbook, table
from paddle_mnist.system.command_line import Parser, run

NOT_PASSED = 1

WITH_NUMBER = {
    "start": "put an exercise into work/homework",
    "check": "check your file",
    "hint": "show one more hint",
    "solution": "show a good answer: after passing, or when asked for twice",
    "reset": "begin an exercise anew; your old answer is kept",
}
WITHOUT_NUMBER = {"list": "what there is", "status": "what is done, and what comes next"}


def build_parser() -> Parser:
    """Build the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.homework",
        description="Exercises that check themselves.",
        epilog=WORDS["isolation"][language_of_environment()],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in {**WITHOUT_NUMBER, **WITH_NUMBER}.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name in WITH_NUMBER:
            command.add_argument("number", metavar="NUMBER", help="such as 3-1")
        command.add_argument("--lang", choices=LANGUAGES, help="from now on; default: yours")
        command.add_argument(
            "--folder", type=Path, metavar="DIR", help="your answers; default: work/homework"
        )
    purpose = "for teachers: check the homework of a class"
    report = commands.add_parser("report", help=purpose, description=purpose)
    report.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="one a learner")
    report.add_argument(
        "--csv", nargs="?", const="-", metavar="FILE", help="as CSV, into FILE if one is named"
    )
    report.add_argument("--only", nargs="+", metavar="NUMBER", help="only these exercises")
    report.add_argument("--processes", type=int, metavar="N", help="default: one a core")
    return parser


def homework(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit code: 1 after a check that was not passed, else 0."""
    if arguments.command == "report":
        report(arguments)
        return 0
    workbook = Workbook.open(arguments.folder, arguments.lang)
    if workbook.greeting():
        show(workbook.greeting())
    if arguments.command == "check":
        return check(workbook, arguments.number)
    if arguments.command in WITHOUT_NUMBER:
        show({"list": workbook.overview, "status": workbook.status}[arguments.command]())
    else:
        tell = {
            "start": workbook.start,
            "hint": workbook.hint,
            "solution": workbook.solution,
            "reset": workbook.reset,
        }[arguments.command]
        show(tell(arguments.number))
    return 0


def check(workbook: Workbook, number: str) -> int:
    """Check one file."""
    from paddle_mnist.homework.process import check_file

    exercise = find_exercise(number)
    outcome = check_file(exercise, workbook.path(exercise))
    show(workbook.report(exercise, outcome))
    return 0 if outcome.passed else NOT_PASSED


def report(arguments: argparse.Namespace) -> None:
    """Check a whole class."""
    from paddle_mnist.homework.report import as_csv, as_table, check_class, write_csv

    lines = check_class(arguments.folders, arguments.only, arguments.processes)
    if arguments.csv is None:
        heads, *rows = as_table(lines)
        show(table(heads, rows))
    elif arguments.csv == "-":
        print(as_csv(lines), end="")
    else:
        write_csv(lines, Path(arguments.csv))
        print(f"written: {arguments.csv}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and work on exercises; returns the exit code."""
    return run(homework, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
