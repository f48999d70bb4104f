"""The page: its parts, and trained networks, joined into one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_mnist import __version__
from paddle_mnist.data.class_names import are_digits
from paddle_mnist.demo.layers import layers_of
from paddle_mnist.runs.recognizer import Recognizer
from paddle_mnist.system.errors import RunError, UsageError
from paddle_mnist.system.files import write_file

FOLDER = Path(__file__).parent / "page"
# Each may use what those before it define.
_SCRIPT_NAMES = """
texts elements statistics network resampling extremes components surroundings preparation reading
examples drawing pen pictures mosaic cards steps inside main
"""
SCRIPTS = tuple(f"{name}.js" for name in _SCRIPT_NAMES.split())
FROM_PACKAGE, OWN = "ships with the package", "your run"


def write_page(stages: Sequence[dict[str, Any]], path: str | os.PathLike[str]) -> int:
    """Write the page with what `stages_of` gives, whole or not at all; return its size in bytes.

    A file that is there is replaced, and its folder is made where it is missing.

    Raises:
        UsageError: the file cannot be written.
    """
    content = page_of(stages).encode("utf-8")
    write_file(path, content, UsageError)
    return len(content)


def stages_of(
    recognizers: Sequence[Recognizer], folders: Sequence[Path | None] | None = None
) -> list[dict[str, Any]]:
    """Collect what the page knows of each network, as JSON values.

    Args:
        recognizers: at least one, in the order in which the page shows them.
        folders: for each recogniser the folder of its run, which tells two runs of a stage apart;
            None for a run that ships with the package. Without `folders` all are the learner's.

    Returns:
        For each its name (`stage`), `parameters`, `accuracy` on the test images (None: not
        measured), `where` it comes from, and `layers`, as `layers_of` gives them.

    Raises:
        UsageError: there is no recogniser, one reads no digits, the page cannot compute a network's
            layers, or two runs are not to be told apart.
        RunError: a network has weights that are not numbers.
    """
    if not recognizers:
        raise UsageError("a page needs at least one run; train one, or name a stage that ships")
    folders = folders or [Path(recognizer.stage) for recognizer in recognizers]
    for recognizer, folder in zip(recognizers, folders):
        if not are_digits(recognizer.class_names):
            known = ", ".join(recognizer.class_names)
            raise UsageError(f"the page is for digits, and the run {folder} knows only {known}")
    names = _names_of([recognizer.stage for recognizer in recognizers], folders)
    return [
        {
            "stage": name,
            "parameters": sum(tensor.size for tensor in recognizer.network.state_dict().values()),
            "accuracy": (recognizer.record.get("test") or {}).get("accuracy"),
            "where": OWN if folder else FROM_PACKAGE,
            "layers": _layers(recognizer, name),
        }
        for recognizer, name, folder in zip(recognizers, names, folders)
    ]


def page_of(stages: Sequence[dict[str, Any]]) -> str:
    """Join the parts of the page, and what `stages_of` gives, into one HTML text."""
    style = _part("style.css")
    # In a function of its own, so that nothing is global but what main.js puts on `window`.
    programs = "\n".join(map(_part, SCRIPTS))
    script = f'"use strict";\n(() => {{\n{programs}\n}})();\n'
    marks = {
        "policy": _policy(style, script),
        "style": f"<style>{style}</style>",
        "stages": f'<script type="application/json" id="stages">{_json(stages)}</script>',
        "script": f"<script>{script}</script>",
    }
    page = _part("page.html")
    for name, text in marks.items():
        page = page.replace(f"<!-- {name} -->", text)
    return page


def _names_of(stages: Sequence[str], folders: Sequence[Path | None]) -> list[str]:
    # Each its stage, and where two share a stage, its folder too.
    counts = Counter(stages)
    longest = max(len(folder.parts) for folder in [*filter(None, folders), Path("one")])
    # As little of the folder as tells the runs apart: a page may be given away, and where files
    # lie on a computer is its owner's business.
    for length in range(1, longest + 1):
        names = [
            f"{stage} ({Path(*folder.parts[-length:])})" if folder and counts[stage] > 1 else stage
            for stage, folder in zip(stages, folders)
        ]
        if len(set(names)) == len(names):
            return names
    twice = ", ".join(name for name, count in Counter(names).items() if count > 1)
    raise UsageError(f"two runs cannot be told apart: {twice}; name each run once, by its folder")


def _layers(recognizer: Recognizer, name: str) -> list[dict[str, Any]]:
    try:
        return layers_of(recognizer.network)
    except RunError as error:
        raise RunError(f"{name}: {error}") from error


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _json(stages: Sequence[dict[str, Any]]) -> str:
    text = json.dumps({"version": __version__, "stages": list(stages)}, allow_nan=False)
    # "</script>" or "<!--" inside a text would end or change the element around it.
    return text.replace("<", "\\u003c")


def _policy(style: str, script: str) -> str:
    """What the page may do: run its own script and style, known by their hashes; nothing else."""
    rules = (
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "img-src data: blob:",
        "connect-src 'none'",
        "worker-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">\n'
        '<meta name="referrer" content="no-referrer">'
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
