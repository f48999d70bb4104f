"""The project's own exceptions: everything that a user can put right; and what Paddle's say.

The library raises them; only the command line turns them into `error: …` and exit code 2. Each
message says what was found, what is allowed, and what to do next.
"""

from __future__ import annotations

import re


class PaddleMnistError(Exception):
    """The base of all errors that this package raises on purpose."""


class UsageError(PaddleMnistError):
    """An argument or option has a value that is not allowed."""


class DataError(PaddleMnistError):
    """A data set is missing, damaged, or not what its name promises."""


class PictureError(PaddleMnistError):
    """A file is not a picture that can be read, or shows nothing to read."""


class RunError(PaddleMnistError):
    """A run's folder is missing, damaged, or belongs to something else."""


class TrainingError(PaddleMnistError):
    """Training cannot go on, for example because the loss is not a number."""


def paddle_reason(error: BaseException) -> str:
    """Find the reason in the text of an error of Paddle's, on one line.

    Paddle puts the reason behind pages about its own C++ code, and hints and places in that code
    behind the reason. The text of any other error only loses its line breaks.
    """
    _, _, reason = str(error).rpartition("Error Message Summary:")
    reason = re.split(r"\[Hint:|\(at /", reason)[0]
    return " ".join(line.strip() for line in reason.splitlines() if line.strip(" -\t"))
