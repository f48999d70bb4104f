"""What an answer may do in its own process: a rail against accidents, not a sandbox.

The rules stop what happens by mistake, such as a script that deletes the wrong folder or starts
itself again and again. Someone who wants to get around them can.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, Callable

GIGABYTE = 1 << 30
MEMORY = 3 * GIGABYTE  # what an answer may take, beyond what Paddle itself has taken
LARGEST_FILE = 64 << 20

# Audit events (PEP 578) of what no answer needs.
_NEVER = {
    *("os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn"),
    *("os.startfile", "os.system", "pty.spawn", "subprocess.Popen"),
    *("socket.bind", "socket.connect", "socket.sendto"),
}
# Modules that the checks need, and that an answer might change: `np.sum = 0` happens in a hurry.
_KEPT = (
    *("builtins", "json", "math", "numpy", "numpy.testing", "os", "sys", "time"),
    *(f"paddle_mnist.homework.{name}" for name in ("checking", "comparing", "conversion")),
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_NOWHERE = -1


class RefusedError(PermissionError):
    """The answer tried something that is not possible while it is checked."""


@contextlib.contextmanager
def kept_modules() -> Iterator[None]:
    """Put back what is changed, while it is entered, in modules that the checks need."""
    kept = [(vars(module), dict(vars(module))) for module in map(sys.modules.get, _KEPT) if module]
    try:
        yield
    finally:
        for names, before in kept:
            names.update(before)


def limit_memory() -> None:
    """Let a request for far too much memory fail, where the system can do that."""
    if sys.platform != "linux":  # elsewhere the checker watches the process from outside
        return
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def install(folder: str) -> None:
    """Let this process start no other, and change no file outside of a folder, from now on."""
    inside = os.path.realpath(folder)

    def check(path: Any, folder_descriptor: int = _NOWHERE) -> None:
        if isinstance(path, int):  # an open file, which was checked when it was opened
            return
        place = _full_path(path, folder_descriptor)
        if place != os.devnull and place != inside and not place.startswith(inside + os.sep):
            raise RefusedError(os.fsdecode(path))

    changes: dict[str, Callable[..., object]] = {
        "open": lambda path, mode, flags: check(path) if _is_write(flags) else None,
        "os.chmod": lambda path, mode, descriptor: check(path, descriptor),
        "os.chown": lambda path, user, group, descriptor: check(path, descriptor),
        "os.link": lambda old, new, *descriptors: check(new, descriptors[1]),
        "os.mkdir": lambda path, mode, descriptor: check(path, descriptor),
        "os.remove": lambda path, descriptor: check(path, descriptor),
        "os.rename": lambda old, new, *descriptors: [*map(check, (old, new), descriptors)],
        "os.rmdir": lambda path, descriptor: check(path, descriptor),
        "os.symlink": lambda target, path, descriptor: check(path, descriptor),
        "os.truncate": lambda path, length: check(path),
        "os.utime": lambda path, times, nanoseconds, descriptor: check(path, descriptor),
    }

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NEVER:
            raise RefusedError(event)
        if event in changes:
            changes[event](*arguments)

    sys.addaudithook(hook)


def _is_write(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & _WRITES)


def _full_path(path: Any, folder_descriptor: int) -> str:
    name = os.fsdecode(path)
    if folder_descriptor != _NOWHERE and not os.path.isabs(name):
        # Relative to an open folder: Linux tells which one; elsewhere the root stands for it, which
        # is outside.
        link = f"/proc/self/fd/{folder_descriptor}"
        name = os.path.join(os.readlink(link) if os.path.exists(link) else os.sep, name)
    return os.path.realpath(name)
