"""Another place for Paddle's and Matplotlib's caches, where the home folder cannot be written."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from paddle_mnist.system.errors import UsageError

# Names the folder that takes the place of a home that cannot be written, for this process and those
# that it starts.
_SPARE_HOME = "PADDLE_MNIST_SPARE_HOME"

# What Paddle makes when it is imported, and where Matplotlib wants to write: on Linux; elsewhere
# the home folder itself is what counts.
_KEPT_AT_HOME = ((".cache", "paddle", "dataset"), (".cache", "matplotlib"), (".config",))


def _can_be_made(folder: str) -> bool:
    """Whether a folder is there or can be made; nothing is made to find out."""
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def takes_caches(home: str) -> bool:
    """Tell whether Paddle and Matplotlib can keep their caches in a home folder."""
    return os.path.isdir(home) and all(
        _can_be_made(os.path.join(home, *parts)) for parts in [(), *_KEPT_AT_HOME]
    )


def replace_home() -> None:
    """Let Paddle and Matplotlib keep their caches in a temporary folder until this process ends.

    Otherwise `import paddle` may end with an OSError, and Matplotlib complains.
    """
    home = os.path.expanduser("~")
    if not any(isinstance(finder, _PaddleAtSpareHome) for finder in sys.meta_path):
        sys.meta_path.insert(0, _PaddleAtSpareHome())
    if os.path.isdir(os.environ.get(_SPARE_HOME, "")):  # of the process that started this one
        return
    try:
        place = tempfile.mkdtemp(prefix="paddle-mnist-home-")
    except OSError:  # told when Paddle is imported, which --help does not need
        os.environ.pop(_SPARE_HOME, None)
        return
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.environ[_SPARE_HOME] = place
    os.environ.setdefault("MPLCONFIGDIR", place)
    print(
        f"the home folder {home} cannot be written; the caches of Paddle and Matplotlib are in "
        f"{place} until this ends",
        file=sys.stderr,
    )


class _PaddleAtSpareHome:
    """Finds Paddle where it is, and lets its import see the spare home."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What `import` asks; None for anything but Paddle."""
        if name != "paddle":
            return None
        if _SPARE_HOME not in os.environ:
            raise UsageError(
                f"Paddle needs a folder to write to, and can use neither the home folder "
                f"{os.path.expanduser('~')} nor a temporary one; let HOME or TMPDIR name a folder "
                "that can be written"
            )
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            # A function of this one loader, so that nothing else is imported differently.
            vars(spec.loader)["exec_module"] = spare_home()(spec.loader.exec_module)
        return spec


@contextlib.contextmanager
def spare_home() -> Iterator[None]:
    """Let Paddle write its caches elsewhere meanwhile, where the home folder cannot be written."""
    place = os.environ.get(_SPARE_HOME, "")
    names = ("HOME", "USERPROFILE") if place else ()
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(names, place))
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)
