"""python -m paddle_mnist.export: a run in a format that other programs read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_mnist.runs.choosing import add_run_options, chosen_run, prepare_for_run
from paddle_mnist.system.command_line import Parser, run

TEST_IMAGES = 1000


def build_parser() -> Parser:
    """Build the parser of the command's arguments."""
    parser = Parser(
        prog="python -m paddle_mnist.export",
        description="Write a run in a format that other programs read, and check the result. A "
        "page to draw on is written by: python -m paddle_mnist.demo --run RUN",
    )
    add_run_options(parser)
    parser.add_argument(
        "--format",
        required=True,
        metavar="F",
        help="onnx (a file for any ONNX runtime), paddle (a folder with Paddle's inference model) "
        "or pdparams (a file for paddle.load)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="PATH", help="what to write"
    )
    parser.add_argument(
        "--data",
        default="sample",
        metavar="auto|sample|DIR",
        help="whose test images to check with (default: sample)",
    )
    return parser


def export(arguments: argparse.Namespace) -> None:
    """Run the command."""
    from paddle_mnist.formats.export import check_place, compare, draft_of, place, sweep

    check_place(arguments.format, arguments.out)
    sweep(arguments.out)
    folder = chosen_run(arguments)
    prepare_for_run(folder)
    from paddle_mnist.data import load_mnist
    from paddle_mnist.runs.recognizer import Recognizer

    recognizer = Recognizer.load(folder)
    with draft_of(recognizer, arguments.format) as draft:
        mnist = load_mnist(arguments.data, validation=0.0)
        print(mnist.source.message, file=sys.stderr)
        images = mnist.test.images[:TEST_IMAGES]
        difference = compare(recognizer, arguments.format, draft, images)
        print(f"largest difference on {len(images):,} test images: {difference:.1e}")
        place(draft, arguments.out)
    print(f"written: {arguments.out}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run(export, build_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
