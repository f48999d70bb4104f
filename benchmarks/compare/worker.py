"""A process that does one task of one framework, as often as it is asked to.

    python -m compare.worker MODULE TASK ARGUMENTS

MODULE is a file beside this one, TASK a function of it, ARGUMENTS a JSON object for the function,
which prepares everything and returns the action to time. The process then answers each line of its
input by one action, and writes a JSON object for each: seconds, peak memory, and what the action
returned. It waits without work meanwhile, so that several of them can take turns.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Optional

Action = Callable[[], Optional[dict[str, Any]]]

STATUS = Path("/proc/self/status")
KIB_A_MEGABYTE = 1024


def peak_megabytes() -> float:
    """The most memory that this process has held so far, in MiB.

    Linux also counts into `ru_maxrss` what the process held that started this one; the line VmHWM
    begins anew with each program, so it is taken where there is one.
    """
    if STATUS.exists():
        lines = STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if "VmHWM" in line) / KIB_A_MEGABYTE
    import resource  # Windows has none

    unit = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / KIB_A_MEGABYTE


def timed(action: Action) -> dict[str, Any]:
    """Do an action once: its seconds, the peak memory, and what it returned."""
    started = time.perf_counter()
    returned = action()
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak": peak_megabytes(), **(returned or {})}


def main() -> None:
    """Prepare the task, say so, and answer until the input ends."""
    # Frameworks print too; what they say must not get among the answers.
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        module, task, arguments = sys.argv[1:]
        framework = importlib.import_module(f"compare.{module}")
        action = getattr(framework, task)(**json.loads(arguments))
        print(json.dumps({"version": framework.VERSION, "peak": peak_megabytes()}), file=answers)
        for _line in sys.stdin:
            print(json.dumps(timed(action)), file=answers)


if __name__ == "__main__":
    main()
