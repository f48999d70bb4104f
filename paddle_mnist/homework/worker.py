"""python -m paddle_mnist.homework.worker: an answer's own process.

It reads requests from its standard input, a line of JSON each, and replies on its standard output.
What the learner's code prints goes to the standard error, and what it reads is empty.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO


def main() -> None:
    """Serve one answer until the checker has no more requests."""
    requests, replies = _take_channels()
    setup = json.loads(requests.readline())
    os.chdir(setup["folder"])
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
    _send(replies, setup["id"], {"ready": True})
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
        names = functions_of(setup["path"]) if function is None else []
        _send(replies, request["id"], {"found": function is not None, "functions": names})
        answering = Answering(function, checks, tuple(setup["not_allowed"]))


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
