"""What Paddle's errors say."""

from __future__ import annotations

import re


def reason_of(error: BaseException) -> str:
    """Return the reason in an error's text, on one line.

    Paddle puts the reason behind pages about its own C++ code, and hints and places in that code
    behind the reason. The text of any other error only loses its line breaks.
    """
    _, _, reason = str(error).rpartition("Error Message Summary:")
    reason = re.split(r"\[Hint:|\(at /", reason)[0]
    lines = [line.strip() for line in reason.splitlines() if line.strip(" -\t")]
    return " ".join(lines)
