"""paddle-mnist COMMAND …: the same commands as `python -m paddle_mnist.COMMAND …`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from paddle_mnist.system.command_line import USAGE_ERROR

COMMANDS = {
    "train": "train a stage and save the run",
    "ladder": "train every stage over seeds, and compare them",
    "evaluate": "measure a run on test images or on a folder of pictures",
    "predict": "read the digit in a picture",
    "demo": "write the page to draw on, with trained networks inside",
    "export": "write a run as ONNX or in one of Paddle's formats",
    "import-weights": "make a run from the .pdparams file of another course",
    "homework": "exercises that check themselves",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first word names; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # A file of Python is named with _, so that `python -m paddle_mnist.import_weights` is too.
    if words and words[0].replace("_", "-") in COMMANDS:
        module = importlib.import_module(f"paddle_mnist.{words[0].replace('-', '_')}")
        if hasattr(module, "__path__"):  # a folder: its command is what python -m runs
            module = importlib.import_module(f"{module.__name__}.__main__")
        code: int = module.main(words[1:])
        return code
    if words and words[0] in ("-h", "--help"):
        print("usage: paddle-mnist COMMAND …; COMMAND --help tells more\n")
        for name, purpose in COMMANDS.items():
            print(f"  {name:14} {purpose}")
        return 0
    found = f"unknown command {words[0]!r}" if words else "a command is missing"
    print(f"error: {found}; the commands are: {', '.join(COMMANDS)}", file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
