"""What the chapters share: where the course's folder is, and stages that are trained already.

A chapter runs alone, in any order and from any folder. What an earlier chapter trained is taken
from its run under `runs/chapters/`; where there is none, it is trained on the spot. Paddle is
imported only when a stage is asked for, so that finding the folder costs nothing.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mnist.core.config import Config, configure
from paddle_mnist.system.errors import RunError, UsageError

if TYPE_CHECKING:
    from paddle_mnist.runs.recognizer import Recognizer
    from paddle_mnist.runs.record import Record

# No other project has a folder `work` with this picture in it.
_MARK = Path("work") / "example_0.jpg"


def course_folder() -> Path:
    """Find the folder that holds `chapters/` and `work/`.

    It is the nearest at or above the current one, or else the one that the package was installed
    from; a UsageError says that the package was installed without the course around it.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / _MARK).is_file():
            return folder
    raise UsageError(
        f"the course's folder, the one with {_MARK.as_posix()} in it, is neither {here} nor above "
        "it; start Jupyter inside the course's folder, or install the package from it with "
        "pip install -c requirements/lock.txt -e ."
    )


def trained(stage: str) -> Recognizer:
    """Load a stage as its recipe trains it, or train it now and save it in `runs/chapters/`.

    A run that is there is used if it is whole and finished, and was trained on the data that there
    is now, by the recipe that there is now.

    Raises:
        UsageError: there is no such stage, or the course's folder cannot be found.
        DataError: the data cannot be used.
        RunError: the run cannot be saved.
    """
    from paddle_mnist.runs.recognizer import Recognizer
    from paddle_mnist.runs.training import run_training

    config = configure(stage)
    folder = course_folder() / "runs" / "chapters" / stage
    if folder.exists():
        try:
            recognizer = Recognizer.load(folder)
        except RunError as error:
            print(f"the run of {stage} is not used: {error}")
        else:
            if _is_up_to_date(recognizer.record, config):
                return recognizer
    print(f"training {stage}, once for all chapters")
    run_training(config, folder)
    return Recognizer.load(folder)


def _is_up_to_date(record: Record, config: Config) -> bool:
    from paddle_mnist.data import fingerprint, load_mnist

    mnist = load_mnist(config.data, validation=config.validation)
    now = fingerprint(mnist.train, mnist.validation, mnist.test)
    return (
        record.get("test") is not None
        and record["config"] == dataclasses.asdict(config)
        and record["data"].get("fingerprint") == now
    )
