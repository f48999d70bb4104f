"""What a process does to itself and to those that it starts."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

_PR_SET_PDEATHSIG = 1  # of Linux' prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """End this process as soon as the one that started it is gone, where the system can do that.

    To be called in the new process. Linux ends it with SIGKILL; other systems know nothing like it.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def silenced() -> Iterator[Callable[[], str]]:
    """Keep back what is printed, below Python too: the translators report every step.

    Yields:
        A function that returns what was printed up to now.
    """
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    with tempfile.TemporaryFile() as file:

        def printed() -> str:
            _flush()
            file.seek(0)
            return file.read().decode(errors="replace")

        _flush()
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
        try:
            yield printed
        finally:
            _flush()
            for descriptor, original in zip((1, 2), kept):
                os.dup2(original, descriptor)
                os.close(original)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
