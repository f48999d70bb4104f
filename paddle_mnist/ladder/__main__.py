"""python -m paddle_mnist.ladder: train every stage over seeds, and compare them in one table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_mnist.ladder.results import PICTURE, RESULTS, TABLE, draw_results, load_results
from paddle_mnist.ladder.rows import ROWS, find_row
from paddle_mnist.ladder.table import markdown
from paddle_mnist.ladder.training import train_missing
from paddle_mnist.system.command_line import USAGE_ERROR, Parser, StoppedError, run
from paddle_mnist.system.errors import UsageError


def build_parser() -> Parser:
    """Describe the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.ladder",
        description="Train every stage over several seeds, one training after the other, and write "
        f"what came out as {RESULTS}, {TABLE} and {PICTURE}. What is finished is not trained "
        "again, so the command can be stopped and started again at any time.",
    )
    parser.add_argument(
        "rows",
        nargs="*",
        metavar="ROW",
        help="rows of the table, such as cnn; one with options is written in quotes (default: all)",
    )
    parser.add_argument("--seeds", type=int, metavar="N", help="trainings a row (see --list)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/ladder"),
        metavar="DIR",
        help="where the runs are kept, as ROW/seed-N (default: runs/ladder)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="DIR",
        help=f"the folder of {RESULTS}, {TABLE} and {PICTURE} (default: the one of --out)",
    )
    parser.add_argument("--data", metavar="auto|sample|DIR", help="as for the command train")
    parser.add_argument("--json", action="store_true", help=f"print {RESULTS}, and no table")
    parser.add_argument("--list", action="store_true", help="print the rows, and train nothing")
    return parser


def ladder(arguments: argparse.Namespace) -> int:
    """Run the command."""
    names = [find_row(name) for name in arguments.rows] or list(ROWS)
    if arguments.seeds is not None and arguments.seeds < 1:
        raise UsageError(f"seeds is {arguments.seeds}; it must be 1 or more")
    folder = arguments.results or arguments.out
    if arguments.list:
        results = load_results(folder)
        for name in names:
            done = len(results[name]["runs"]) if name in results else 0
            print(f"{name:{max(map(len, ROWS))}}  {done} of {ROWS[name].seeds} seeds are measured")
        return 0
    news = sys.stderr if arguments.json else sys.stdout
    try:
        failures = train_missing(
            names, arguments.seeds, arguments.out, folder, arguments.data, news
        )
        draw_results(folder)
    except KeyboardInterrupt:
        raise StoppedError(
            "What is finished is kept, and so is the last epoch of an unfinished training; "
            "the same command goes on from there."
        ) from None
    results = load_results(folder)
    print(json.dumps(results, indent=1) if arguments.json else markdown(results, PICTURE))
    print(f"{RESULTS}, {TABLE} and {PICTURE} are in {folder}", file=news)
    return USAGE_ERROR if failures else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command as a program; return the exit code."""
    return run(ladder, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
