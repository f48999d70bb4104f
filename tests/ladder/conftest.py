"""Runs of the ladder that nobody trained."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_mnist.ladder.recipes import wanted_recipes
from paddle_mnist.ladder.rows import ROWS, folder_name
from paddle_mnist.runs.folder import save_run


@pytest.fixture(scope="session")
def wanted():
    """The recipe of each row, on the sample."""
    return wanted_recipes("sample")


@pytest.fixture
def write_run(wanted):
    """A function: write a run as a training leaves it, and return its folder."""

    def write(out, name, seed=0, *, correct=970, epochs=None, finished=True, recipe=(), data=()):
        recipe = {**wanted[name], **dict(recipe)}
        data, parameters = {**recipe.pop("data"), **dict(data)}, recipe.pop("parameters")
        config = {**recipe, "seed": seed, "data": "sample", "device": "auto", "threads": 1}
        count = epochs or recipe["epochs"]
        # The first one was disturbed.
        history = [
            {"epoch": epoch, "seconds": 9.0 if epoch == 1 else 6.0} for epoch in range(1, count + 1)
        ]
        if data["validation"]:
            for row in history:  # better with each epoch
                row["validation_accuracy"] = 0.9 + row["epoch"] / 1000
                row["validation_loss"] = 1 / row["epoch"]
        test = {"accuracy": correct / 1000, "loss": 0.1, "correct": correct, "count": 1000}
        record = {
            "stage": ROWS[name].stage,
            "config": config,
            "parameters": parameters,
            "data": {**data, "kind": "sample", "path": "…"},
            "device": "cpu",
            "processor": "Intel 8086",
            "threads": 1,
            "versions": {"python": "3.11.7", "paddle": "3.3.1", "numpy": "2.0.0"},
            "history": history,
            "used_epoch": count,
            "seconds": 6.0 * count,
            "test": test if finished else None,
        }
        folder = out / folder_name(name) / f"seed-{seed}"
        save_run(folder, record, {"weight": np.zeros(1, np.float32)}, None)
        return folder

    return write
