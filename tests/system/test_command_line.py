"""Command lines that are shown to be typed."""

from __future__ import annotations

import argparse
import shlex

from paddle_mnist.system.command_line import command_line, words_of


def test_words_are_what_a_parser_reads_back():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--best-weights", action=argparse.BooleanOptionalAction)
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction)
    options = {"out": "my runs/it's one", "batch_size": 32, "best_weights": True, "amp": False}
    assert vars(parser.parse_args(words_of(options))) == options
    command = command_line("train", options)
    assert shlex.split(command) == ["python", "-m", "paddle_mnist.train", *words_of(options)]
