"""python -m paddle_mnist.demo: write a page to draw digits on, with trained networks inside."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from paddle_mnist.runs.shipped import SHIPPED, shipped_run
from paddle_mnist.system.command_line import Parser, run

# From the simplest to the best; more would make the page large and slow.
SHOWN = tuple(stage for stage in ("linear", "mlp", "cnn", "tiny", "best") if stage in SHIPPED)


def build_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.demo",
        description="Write one HTML file in which you draw a digit and see how each network reads "
        "it. It needs no server and no network.",
    )
    parser.add_argument(
        "--run",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="DIR",
        help="runs of yours, such as runs/cnn, instead of those that ship with the package",
    )
    parser.add_argument(
        "--stage",
        nargs="+",
        action="extend",
        default=[],
        metavar="STAGE",
        help=f"of {', '.join(SHIPPED)}, which ship with the package; default: "
        f"{', '.join(SHOWN)}, or none beside --run",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("demo.html"),
        metavar="FILE",
        help="default: demo.html",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    return parser


def demo(arguments: argparse.Namespace) -> None:
    """Run the command."""
    from paddle_mnist.demo.page import stages_of, write_page
    from paddle_mnist.runs.choosing import check_output_file
    from paddle_mnist.runs.recognizer import Recognizer

    check_output_file(arguments.out, ".html")
    own = [folder.resolve() for folder in arguments.run]
    shipped = [shipped_run(stage) for stage in arguments.stage or (() if own else SHOWN)]
    recognizers = [Recognizer.load(folder) for folder in [*own, *shipped]]
    stages = stages_of(recognizers, [*own, *[None] * len(shipped)])
    size = write_page(stages, arguments.out)
    names = ", ".join(stage["stage"] for stage in stages)
    print(f"the page is in {arguments.out} ({size / 1e6:.1f} MB), with {names}")
    page = arguments.out.resolve().as_uri()
    if arguments.open and not webbrowser.open(page):
        print(f"no browser was found here; open this address in one: {page}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's entry; returns the exit code."""
    return run(demo, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
