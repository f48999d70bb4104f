"""What all commands share: arguments, and errors as one plain line with exit code 2.

The library raises; only this file turns its exceptions into a message. It imports nothing heavy,
so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NoReturn, Optional

from paddle_mnist.system.errors import PaddleMnistError
from paddle_mnist.system.runtime import prepare

USAGE_ERROR, INTERRUPTED, BROKEN_PIPE = 2, 130, 141

Command = Callable[[argparse.Namespace], Optional[int]]


class StoppedError(Exception):
    """Ctrl-C, where there is something to say about it; the text says how to go on."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes look like all other errors of the project."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and where help is, and leave with exit code 2."""
        self.exit(USAGE_ERROR, f"error: {message}; see {self.prog} --help\n")


def run(command: Command, parser: Parser, arguments: Sequence[str] | None) -> int:
    """Parse the arguments, of this process where they are None, and run a command.

    Returns:
        The exit code: 0 or the one that `command` returns, 2 after an error that the user can put
        right, 130 after Ctrl-C, 141 where nobody reads the output any more.
    """
    # A file's name, or the … of a message, may have characters that the terminal does not know.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    namespace = parser.parse_args(arguments)
    try:
        prepare()
        code = command(namespace) or 0
        sys.stdout.flush()
    except PaddleMnistError as error:
        print("error:", printable(str(error)), file=sys.stderr)
        return USAGE_ERROR
    except (KeyboardInterrupt, StoppedError) as stop:
        print(f"\nstopped. {stop}".rstrip(), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def printable(text: str) -> str:
    """A text as one line, without characters that would do something to the terminal.

    Names of files, and what a run says of itself, are in messages, and may be anybody's.
    """
    line = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def words_of(options: Mapping[str, Any]) -> list[str]:
    """Spell options, by the names in a parser's namespace, as the words of a command line.

    Returns:
        For {"best_weights": True, "seed": 3} the words --best-weights, --seed and 3; False gives
        --no-best-weights.
    """
    words = []
    for name, value in options.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", str(value)]
    return words


def command_line(module: str, options: Mapping[str, Any]) -> str:
    """Write a command of the package, such as "train", with options as for `words_of`."""
    return shlex.join(["python", "-m", f"paddle_mnist.{module}", *words_of(options)])
