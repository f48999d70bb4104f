"""The trainings of the ladder: each a process of its own, as a learner starts it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from paddle_mnist.ladder.recipes import same_recipe, wanted_recipes
from paddle_mnist.ladder.results import find_run, find_seed, load_results, update
from paddle_mnist.ladder.rows import ROWS, folder_name, options_of
from paddle_mnist.system.command_line import command_line, words_of

# Longer than a training needs to end itself after Ctrl-C.
PATIENCE_SECONDS = 3


def train_missing(
    names: Sequence[str], seeds: int | None, out: Path, folder: Path, data: str | None, news: TextIO
) -> int:
    """Train what is missing of some rows; the results are written after each training.

    Args:
        names: keys of ROWS.
        seeds: how many trainings each row shall have; None: as ROWS says.
        out: the folder of the runs.
        folder: of the results.
        data: as for `load_mnist`; None: "auto".
        news: where to report to, the output or the error stream of this process.

    Returns:
        How many trainings failed; an error was printed for each.

    Raises:
        DataError: the data cannot be used.
        RunError: a file cannot be read or written, or is damaged.
        UsageError: a folder holds what is not of this command, or trainings on other data.
    """
    wanted = wanted_recipes(data or "auto")
    before = load_results(folder)
    results = update(out, folder, wanted)
    failures = 0
    for name in names:
        count = seeds or ROWS[name].seeds
        missing = [seed for seed in range(count) if find_seed(results[name], seed) is None]
        print(f"{name}: {count - len(missing)} of {count} seeds are measured", file=news)
        if name in before and not same_recipe(before[name]["recipe"], wanted[name]):
            print(f"{name}: its recipe has changed; older figures do not count", file=news)
        for seed in missing:
            run_folder = out / folder_name(name) / f"seed-{seed}"
            options = {**options_of(ROWS[name], seed), "out": run_folder}
            if data:
                options["data"] = data
            if find_run(run_folder, wanted[name]):
                options["resume"] = True
            print(f"{name}, seed {seed}: {command_line('train', options)}", file=news, flush=True)
            reason = run_training_process(words_of(options), news)
            results = update(out, folder, wanted)
            found = find_seed(results[name], seed)
            if found and not reason:
                about = f"accuracy {found['accuracy']:.4f}, {found['seconds'] / 60:.1f} minutes"
                print(f"{name}, seed {seed}: {about}", file=news, flush=True)
            else:
                failures += 1
                reason = reason or f"there is no finished run in {run_folder}"
                print(f"error: {name}, seed {seed}: {reason}", file=sys.stderr, flush=True)
    return failures


def run_training_process(words: Sequence[str], news: TextIO) -> str:
    """Run a training in a process of its own, and wait for it, even where Ctrl-C interrupts.

    Args:
        words: the options of the command train.
        news: the stream that the training reports to: this process's output or error stream.

    Returns:
        Why it failed, in one line; empty where it did not.
    """
    command = [sys.executable, "-m", "paddle_mnist.train", *words]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=sys.stderr if news is sys.stderr else None, stderr=errors
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
    if code == 0:
        return ""
    return lines[-1].removeprefix("error: ") if lines else f"the training ended with code {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    # A terminal interrupts both; who interrupts only this process means both too. Whenever it ends,
    # a run is as it was after its last epoch.
    try:
        process.wait(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
