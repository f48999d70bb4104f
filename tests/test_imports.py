"""The order of the rooms: data flows one way, and a file imports only from rooms above its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import paddle_mnist

PACKAGE = "paddle_mnist"
FOLDER = Path(paddle_mnist.__file__).parent

# From above to below; docs/architecture.md has the reasons. A name with a slash at its end is a
# folder, whose files may import each other as long as they go in no circle. Rooms that share a line
# may not.
ROOMS = (
    ("system/", "__init__"),
    ("data/",),
    ("images/",),
    ("models/",),
    ("core/",),
    ("parallel/",),
    ("plots/",),
    ("runs/",),
    ("measure/",),
    ("formats/",),
    ("demo/", "ladder/", "homework/"),
    ("train", "evaluate", "predict", "export", "import_weights", "__main__"),
)

# What a room promises not to know though it is above.
KNOWS_NOTHING_OF = {
    "images/": {"data/"},
    "models/": {"data/", "images/"},
    "core/": {"images/"},
    "plots/": {"models/", "parallel/"},
    "measure/": {"parallel/"},
}

# The course itself knows nothing of processes, files or the command line.
CORE_MAY_IMPORT = {"system.errors"}

COMMANDS = (
    "train",
    "ladder.__main__",
    "evaluate",
    "predict",
    "demo.__main__",
    "export",
    "import_weights",
    "homework.__main__",
    "__main__",
)


def room_of(module: str) -> str | None:
    """The room of a module such as "data.idx"; None: it is in no room."""
    first, _, rest = module.partition(".")
    names = {name for line in ROOMS for name in line}
    if f"{first}/" in names:
        return f"{first}/"
    return first if first in names and not rest else None


def floor_of(room: str) -> int:
    return next(number for number, line in enumerate(ROOMS) if room in line)


def module_name(path: Path) -> str:
    """From paddle_mnist/data/idx.py to "data.idx", from paddle_mnist/data/__init__.py to "data"."""
    parts = path.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.py"))
}


def within_package(target: str) -> str | None:
    """From "paddle_mnist.data.idx" to "data.idx"; None: another package."""
    if target == PACKAGE:
        return "__init__"
    return target[len(PACKAGE) + 1 :] if target.startswith(f"{PACKAGE}.") else None


def imported_names(module: str, source: str) -> Iterator[str]:
    """The full dotted names that a file imports: anywhere in it, for types only, by text too."""
    is_folder = any(name.startswith(f"{module}.") for name in SOURCES)
    here = [PACKAGE, *module.split(".")] if is_folder else [PACKAGE, *module.split(".")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = here[: len(here) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            for alias in node.names:
                inner = within_package(f"{base}.{alias.name}")
                is_module = inner is not None and any(
                    name == inner or name.startswith(f"{inner}.") for name in SOURCES
                )
                yield f"{base}.{alias.name}" if is_module else base
        elif isinstance(node, ast.Call):
            yield from named_in_text(node)


def named_in_text(call: ast.Call) -> Iterator[str]:
    """What import_module("…"), import_module(f"…{name}") and __import__("…") name, if at all."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in ("import_module", "__import__") or not call.args:
        return
    argument = call.args[0]
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    if isinstance(parts[0], ast.Constant) and isinstance(parts[0].value, str):
        yield parts[0].value.rstrip(".")


def wrong_imports(module: str, source: str) -> list[str]:
    """What is wrong with a file's imports, a sentence each."""
    room = room_of(module)
    if room is None:
        return [f"{module} is in no room: add it to ROOMS, and to docs/architecture.md"]
    found = []
    for name in imported_names(module, source):
        target = within_package(name)
        if target is None or target == module:
            continue
        target_room = room_of(target)
        if target_room is None:
            found.append(f"{module} imports {target}, which is in no room")
        elif target_room == room and room.endswith("/"):
            continue
        elif floor_of(target_room) >= floor_of(room):
            found.append(f"{module} imports {target}, which is not above it")
        elif target_room in KNOWS_NOTHING_OF.get(room, ()) or (
            room == "core/" and target_room == "system/" and target not in CORE_MAY_IMPORT
        ):
            found.append(f"{module} imports {target}, of which it knows nothing")
    return found


def circle(folder: str, sources: dict[str, str]) -> list[str]:
    """A circle of imports among the files of one folder; empty: there is none."""
    inside = {name: text for name, text in sources.items() if room_of(name) == folder}
    edges = {
        name: {within_package(target) for target in imported_names(name, text)} & set(inside)
        for name, text in inside.items()
    }

    def walk(path: list[str]) -> list[str]:
        for target in sorted(edges[path[-1]] - {path[-1]}):
            if target in path:
                return [*path[path.index(target) :], target]
            if found := walk([*path, target]):
                return found
        return []

    return next((found for name in sorted(inside) if (found := walk([name]))), [])


@pytest.mark.parametrize("module", SOURCES)
def test_a_file_imports_only_from_rooms_above_its_own(module):
    assert wrong_imports(module, SOURCES[module]) == []


@pytest.mark.parametrize("folder", [name for line in ROOMS for name in line if name[-1] == "/"])
def test_the_files_of_a_folder_import_each_other_in_no_circle(folder):
    assert circle(folder, SOURCES) == []


def test_no_room_is_empty():
    assert {room_of(module) for module in SOURCES} == {name for line in ROOMS for name in line}


def test_importing_the_package_does_nothing():
    code = (
        "import logging, os, sys, warnings\n"
        "def state():\n"
        "    level = logging.getLogger('matplotlib.font_manager').level\n"
        "    return dict(os.environ), list(warnings.filters), list(sys.meta_path), level\n"
        "before = state()\n"
        "import paddle_mnist\n"
        "assert state() == before\n"
        "names = {name for name in sys.modules if name.startswith('paddle')}\n"
        "assert names == {'paddle_mnist'}, names\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parent, timeout=60)


def test_metrics_need_only_numpy_and_the_number_of_classes():
    names = set(imported_names("core.metrics", SOURCES["core.metrics"]))
    assert names == {"__future__", "numpy", "paddle_mnist.data.split"}


def test_to_draw_needs_no_paddle():
    code = "import sys, paddle_mnist.plots; assert 'paddle' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parent, timeout=60)


# The checker itself: each of these must be found, or the tests above prove nothing.
FORBIDDEN = {
    "plain": ("core.losses", "import paddle_mnist.runs.folder"),
    "from a room": ("core.losses", "from paddle_mnist.runs import folder"),
    "from a module": ("core.losses", "from paddle_mnist.runs.folder import load_record"),
    "in a function": ("core.losses", "def f():\n    from paddle_mnist.plots import plot_digits"),
    "for types only": ("core.loop", "if TYPE_CHECKING:\n    from paddle_mnist.runs import seen"),
    "in a try": ("data.idx", "try:\n    import paddle_mnist.train\nexcept ImportError:\n    pass"),
    "relative": ("core.losses", "from ..runs.folder import load_record"),
    "relative, a module": ("core.losses", "from ..runs import folder"),
    "relative, from a folder's own file": ("data", "from ..core.loop import fit"),
    "by text": ("core.losses", "importlib.import_module('paddle_mnist.runs.folder')"),
    "by text with a gap": ("data.idx", "import_module(f'paddle_mnist.models.{name}')"),
    "renamed": ("core.losses", "import numpy, paddle_mnist.runs.folder as other"),
    "same line": ("demo.page", "from paddle_mnist.ladder.rows import ROWS"),
    "another command": ("train", "from paddle_mnist.predict import predict"),
    "from above into a folder": ("system.files", "from paddle_mnist.data.idx import read_images"),
    "nowhere": ("core.losses", "import paddle_mnist.nowhere"),
    "unknown on purpose": ("core.loop", "from paddle_mnist.images import load_image"),
    "unknown to the course": ("core.loop", "from paddle_mnist.system.files import replace_file"),
    "a new file": ("shortcuts", "import numpy"),
}
ALLOWED = {
    "above": ("runs.training", "from paddle_mnist.core.losses import LossFunction"),
    "the same folder": ("data.idx", "from paddle_mnist.data.split import Split"),
    "relative, the same folder": ("data.idx", "from .split import Split"),
    "relative, above": ("data.idx", "from ..system.errors import DataError"),
    "others": (
        "core.losses",
        "import paddle\nfrom paddle.nn import loop\nimport paddle_mnist_more",
    ),
    "the version": ("train", "from paddle_mnist import __version__"),
    "by text": ("core.stages", "importlib.import_module(f'paddle_mnist.models.{name}')"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_the_checker_finds_forbidden_imports(case):
    assert len(wrong_imports(*FORBIDDEN[case])) == 1


@pytest.mark.parametrize("case", ALLOWED)
def test_the_checker_lets_allowed_imports_pass(case):
    assert wrong_imports(*ALLOWED[case]) == []


def test_the_checker_finds_circles():
    sources = {
        "data.idx": "from paddle_mnist.data.split import Split",
        "data.split": "def f():\n    from paddle_mnist.data import download",
        "data.download": "from .idx import read",
        "loop": "import paddle_mnist.core.loop",
    }
    assert circle("data/", sources) == ["data.download", "data.idx", "data.split", "data.download"]
    del sources["data.download"]
    assert circle("data/", sources) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command):
    code = (
        "import sys\n"
        f"from paddle_mnist.{command} import main\n"
        "try:\n"
        "    code = main(['--help'])\n"
        "except SystemExit as leaving:\n"
        "    code = leaving.code\n"
        "assert code == 0, code\n"
        "heavy = {'paddle', 'numpy', 'matplotlib', 'PIL', 'safetensors', 'httpx', 'tqdm', 'rich'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=FOLDER.parent, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")
