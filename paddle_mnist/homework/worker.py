"""python -m paddle_mnist.homework.worker: an answer's own process.

It reads requests from its standard input, a line of JSON each, and replies on its standard output.
What the learner's code prints goes to the standard error, and what it reads is empty.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from paddle_mnist.system.processes import die_with_parent
from paddle_mnist.system.runtime import prepare

LONGEST_CODE = 300  # letters of a line


def main() -> None:
    """Serve one answer until the checker has no more requests."""
    prepare()
    die_with_parent()  # or an endless answer would outlive a checker that is killed
    requests, replies = _take_channels()
    setup = json.loads(requests.readline())
    os.chdir(setup["folder"])
    problem = _problem_of(setup["path"])
    _send(replies, setup["id"], {"problem": problem})
    if problem is not None:
        return
    number = json.loads(requests.readline())["id"]
    # All that is costly or touches the system comes before the guard and the checker's clock.
    import paddle

    from paddle_mnist.homework import guard
    from paddle_mnist.homework.answering import Answering, describe_error, functions_of, load_answer
    from paddle_mnist.homework.exercise import load_checks

    # Libraries that Paddle loads only when they are first needed.
    paddle.ones([2, 2]).matmul(paddle.ones([2, 2]))
    checks = load_checks(Path(setup["exercise"]))
    guard.limit_memory()
    guard.install(setup["folder"])
    _send(replies, number, {"ready": True})
    answering = None
    for line in requests:
        request = json.loads(line)
        if answering is not None:
            _send(replies, request["id"], answering.reply(request))
            continue
        try:
            function = load_answer(setup["path"], setup["answer"])
        except BaseException as error:  # whatever a learner's file raises is told
            _send(replies, request["id"], {"error": describe_error(error, setup["path"])})
            return
        if function is None:
            names = functions_of(setup["path"])
            _send(replies, request["id"], {"found": False, "functions": names})
            return
        _send(replies, request["id"], {"found": True})
        answering = Answering(function, checks, tuple(setup["not_allowed"]))


def _problem_of(path: str) -> dict[str, Any] | None:
    """What keeps a file from being a program; None: nothing. Nothing of the file runs."""
    content = Path(path).read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come when the file is run
            compile(content, os.path.basename(path), "exec")
    except SyntaxError as error:
        code = (error.text or "").strip()[:LONGEST_CODE]
        return {"message": str(error.msg), "line": error.lineno or 0, "code": code}
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"message": str(error), "line": 0, "code": ""}
    return None


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    # So that neither a print nor an input() of the learner's code gets among the messages.
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return requests, replies


def _send(replies: BinaryIO, number: str, reply: dict[str, Any]) -> None:
    sys.stdout.flush()
    replies.write(json.dumps({"id": number, **reply}).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
