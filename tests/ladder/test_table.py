"""The table: means, ranges, and what it says of a training that was ended early."""

from __future__ import annotations

import pytest

from paddle_mnist.core.stages import STAGES
from paddle_mnist.ladder.results import update
from paddle_mnist.ladder.rows import PUBLISHED
from paddle_mnist.ladder.table import difference, markdown, points, spread


def row(*accuracies, source=0.98, split="test", is_mnist=True, **changes):
    run = {
        "epochs": 5,
        "seconds_an_epoch": 18.0,
        "validation_accuracy": None,
        "ended_by_hand": False,
        "machine": "an abacus",
        **changes,
    }
    return {
        "parameters": 407_050,
        "source": "a book, 98%",
        "source_accuracy": source,
        "source_split": split,
        "recipe": {
            "epochs": 5,
            "data": {"is_mnist": is_mnist, "train": 55_000, "validation": 5_000, "test": 10_000},
        },
        "runs": [{**run, "seed": i, "accuracy": value} for i, value in enumerate(accuracies)],
    }


def cells(results, name="mlp"):
    line = next(line for line in markdown(results, "x.png").split("\n") if f"`{name}` |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_mean_has_its_range_and_one_value_none():
    assert spread([1.0, 2.0, 6.0], ".1f") == "3.0 (1.0–6.0)"
    assert spread([2.0], ".1f") == "2.0"


def test_a_row_says_what_was_measured():
    assert cells({"mlp": row(0.981, 0.983)}) == [
        "`mlp`",
        "407,050",
        "98.20 (98.10–98.30)",
        "2",
        "5",
        "1.5",
        "a book, 98%",
        "+0.20",
    ]


def test_a_mean_below_the_source_is_shown_as_such():
    assert cells({"mlp": row(0.97)})[-1] == "−1.00"


def test_no_source_no_difference():
    assert cells({"mlp": row(0.97, source=None)})[-1] == "—"


def test_figures_of_other_data_are_not_compared_with_those_of_mnist():
    results = {"mlp": row(0.97, is_mnist=False)}
    assert difference(results["mlp"]) is None
    assert points(results)["mlp"]["source_error"] is None
    assert "all of MNIST" not in markdown(results, "x.png")


def test_a_source_that_measured_on_validation_images_is_compared_on_ours():
    found = row(0.95, split="validation", validation_accuracy=0.985)
    assert difference(found) == pytest.approx(0.005)
    assert cells({"mlp": found})[-1] == "+0.50 (98.50 on our validation images)"
    assert points({"mlp": found})["mlp"]["source_error"] is None
    assert difference(row(0.99, split="validation")) is None


def test_a_training_that_was_ended_early_is_told():
    results = {"mlp": row(0.97, epochs=3, ended_by_hand=True)}
    assert cells(results)[4] == "3 of up to 5"
    assert "Ended by hand, before the recipe would have stopped: `mlp`." in markdown(results, "x")
    assert "Ended by hand" not in markdown({"mlp": row(0.97, epochs=3)}, "x")


def test_several_lengths_are_a_range():
    found = row(0.97, 0.98)
    found["runs"][0]["epochs"] = 2
    assert cells({"mlp": found})[4] == "2–5 of up to 5"


def test_rows_without_trainings_are_named_below_the_table():
    text = markdown({"mlp": row(0.97), "best": row()}, "x.png")
    assert "Not measured yet: `best`." in text
    assert "| `best`" not in text
    assert list(points({"mlp": row(0.97), "best": row()})) == ["mlp"]


def test_data_machines_and_picture_are_named():
    text = markdown({"mlp": row(0.97), "cnn": row(0.99, machine="a slide rule")}, "a/x.png")
    assert "all of MNIST, 60,000 images to train and to choose with, 10,000 to test on" in text
    assert "Measured on an abacus. Measured on a slide rule." in text
    assert text.endswith("(a/x.png)")


def test_an_empty_table_can_be_written(tmp_path, wanted):
    assert "Not measured yet" in markdown(update(tmp_path, tmp_path, wanted), "x.png")


def test_points_are_errors_in_percent():
    point = points({"mlp": row(0.981, 0.983)})["mlp"]
    assert point["errors"] == pytest.approx([1.9, 1.7])
    assert point["source_error"] == pytest.approx(2.0)
    assert (point["parameters"], point["minutes"]) == (407_050, 1.5)


@pytest.mark.parametrize("name", STAGES)
def test_the_number_of_a_source_is_that_of_its_text(name):
    stage = STAGES[name]
    assert ("%" in stage.source) == (name in PUBLISHED)
    if name in PUBLISHED:
        accuracy, split = PUBLISHED[name]
        assert f"{accuracy:.2%}" in stage.source
        assert ("validation" in stage.source) == (split == "validation")


def test_minutes_are_those_of_the_calmest_epoch():
    busy = row(0.98, 0.98)
    busy["runs"][1]["seconds_an_epoch"] = 60.0
    assert cells({"mlp": busy})[5] == "1.5"  # five epochs of 18 seconds
