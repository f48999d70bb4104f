"""ladder.json: what it takes over, what it keeps, and what it refuses."""

from __future__ import annotations

import json

import pytest

from paddle_mnist.ladder.results import (
    PICTURE,
    RESULTS,
    TABLE,
    draw_results,
    ended_by_hand,
    find_run,
    find_seed,
    load_results,
    machine_of,
    update,
)
from paddle_mnist.ladder.rows import ROWS
from paddle_mnist.ladder.table import markdown
from paddle_mnist.system.errors import RunError, UsageError


@pytest.fixture
def out(tmp_path):
    return tmp_path / "runs"


def seeds(results, name):
    return [run["seed"] for run in results[name]["runs"]]


def test_finished_runs_are_taken_over(out, wanted, write_run):
    write_run(out, "mlp", 3, correct=980)
    write_run(out, "mlp", 0, correct=970)
    write_run(out, "mlp", 1, finished=False)
    results = update(out, out, wanted)
    assert list(results) == list(ROWS)
    assert seeds(results, "mlp") == [0, 3]
    assert seeds(results, "cnn") == []
    run = find_seed(results["mlp"], 3)
    assert (run["accuracy"], run["correct"], run["count"]) == (0.98, 980, 1000)
    assert (run["epochs"], run["epochs_planned"], run["used_epoch"]) == (5, 5, 5)
    assert (run["seconds"], run["seconds_an_epoch"]) == (30.0, 6.0)
    assert run["validation_accuracy"] is None
    assert run["command"] == "python -m paddle_mnist.train --stage mlp --seed 3"
    trained_on = "1 thread of an Intel 8086, no GPU; Python 3.11.7, PaddlePaddle 3.3.1"
    assert run["machine"] == trained_on  # not the machine that reads the run
    row = results["mlp"]
    assert (row["stage"], row["parameters"], row["source_accuracy"]) == ("mlp", 407_050, 0.9804)


def test_a_run_of_an_older_version_does_not_name_its_processor():
    versions = {"python": "3.9.1", "paddle": "3.0.0"}
    record = {"device": "NVIDIA T4", "threads": 2, "versions": versions}
    expected = "2 threads of an unknown processor, NVIDIA T4; Python 3.9.1, PaddlePaddle 3.0.0"
    assert machine_of(record) == expected


def test_files_are_written_and_say_the_same(out, wanted, write_run):
    write_run(out, "mlp")
    results = update(out, out / "figures", wanted)
    draw_results(out / "figures")
    assert load_results(out / "figures") == results
    table = (out / "figures" / TABLE).read_text(encoding="utf-8")
    assert table == markdown(results, PICTURE) + "\n"
    assert (out / "figures" / PICTURE).read_bytes().startswith(b"\x89PNG")
    assert not list((out / "figures").glob("*.tmp*"))


def test_nothing_is_known_at_first(out, wanted):
    assert load_results(out) == {}
    results = update(out, out, wanted)
    assert all(row["runs"] == [] for row in results.values())


def test_what_was_measured_stays_without_its_run_and_a_run_counts_more(out, wanted, write_run):
    write_run(out / "first", "mlp", 0, correct=970)
    write_run(out / "first", "mlp", 1, correct=971)
    update(out / "first", out, wanted)
    write_run(out / "second", "mlp", 1, correct=990)
    results = update(out / "second", out, wanted)
    assert [run["correct"] for run in results["mlp"]["runs"]] == [970, 990]


def test_a_changed_recipe_drops_its_figures_and_no_others(out, wanted, write_run):
    write_run(out, "mlp")
    write_run(out, "cnn")
    update(out, out, wanted)
    changed = {**wanted, "mlp": {**wanted["mlp"], "learning_rate": 0.5}}
    results = update(out, out, changed)
    assert (seeds(results, "mlp"), seeds(results, "cnn")) == ([], [0])


def test_a_run_with_another_recipe_is_none(out, wanted, write_run):
    folder = write_run(out, "mlp", recipe={"learning_rate": 0.5})
    assert find_run(folder, wanted["mlp"]) is None
    assert find_run(out / "nowhere", wanted["mlp"]) is None
    (folder / "run.json").write_text("{}")
    assert find_run(folder, wanted["mlp"]) is None


def test_runs_and_results_on_other_data_are_refused_and_stay(out, wanted, write_run):
    other = {"train": 60_000, "is_mnist": True}
    folder = write_run(out, "mlp", data=other)
    with pytest.raises(UsageError, match="seed-0 comes from other data"):
        update(out, out, wanted)
    data = {**wanted["mlp"]["data"], **other}
    mnist = {**wanted, "mlp": {**wanted["mlp"], "data": data}}
    update(out, out / "figures", mnist)
    before = (out / "figures" / RESULTS).read_bytes()
    with pytest.raises(UsageError, match="ladder.json comes from other data"):
        update(out / "empty", out / "figures", wanted)
    assert (out / "figures" / RESULTS).read_bytes() == before
    assert (folder / "run.json").exists()


def test_a_training_that_can_stop_early_may_be_ended_by_hand(out, wanted, write_run):
    write_run(out, "tuned-cnn", epochs=12)
    run = find_seed(update(out, out, wanted)["tuned-cnn"], 0)
    assert (run["epochs"], run["epochs_planned"], run["ended_by_hand"]) == (12, 50, True)
    assert run["validation_accuracy"] == pytest.approx(0.912)
    assert "--epochs" not in run["command"]


def test_a_run_that_was_started_with_fewer_epochs_names_them(out, wanted, write_run):
    write_run(out, "tuned-cnn", recipe={"epochs": 12})
    run = find_seed(update(out, out, wanted)["tuned-cnn"], 0)
    assert run["command"].endswith("--stage tuned-cnn --seed 0 --epochs 12")


def test_one_that_cannot_stop_early_has_to_have_all_its_epochs(out, wanted, write_run):
    write_run(out, "mlp", epochs=4)
    assert seeds(update(out, out, wanted), "mlp") == []


@pytest.mark.parametrize(
    ("losses", "by_hand"),
    [
        ([3, 2, 1], True),
        ([3, 1, 2, 2], True),
        ([3, 1, 2, 2, 2], False),  # three epochs without a gain: it stopped
        ([3, 2, 1, 1, 1, 1], False),  # an equal loss is not a gain
        ([5, 4, 4, 3, 3, 2, 2, 1], False),  # all epochs
    ],
)
def test_ended_by_hand_is_what_early_stopping_would_not_have_ended(losses, by_hand):
    history = [{"validation_loss": loss} for loss in losses]
    assert ended_by_hand(history, {"epochs": 8, "early_stopping": 3}) is by_hand


@pytest.mark.parametrize(
    "content",
    [b"", b"[1, 2]", b'{"mlp": 3}', b'{"mlp": {"runs": []}}', b'{"mlp": {"runs": [{}]}}', b"\xff"],
)
def test_a_damaged_file_is_refused_and_stays(out, wanted, content):
    out.mkdir()
    (out / RESULTS).write_bytes(content)
    with pytest.raises(RunError, match="is damaged, or not of this command"):
        update(out, out, wanted)
    assert (out / RESULTS).read_bytes() == content


def test_a_picture_of_nothing_and_one_of_equal_seeds_can_be_drawn(out, wanted, write_run):
    update(out, out, wanted)
    draw_results(out)
    for seed in range(3):
        write_run(out, "dropout-cnn", seed, correct=963)
    update(out, out, wanted)
    draw_results(out)


@pytest.mark.parametrize("name", [TABLE, PICTURE])
def test_files_of_others_are_not_overwritten(out, wanted, name):
    out.mkdir()
    (out / name).write_text("mine")
    with pytest.raises(UsageError, match=f"{name} is there already.*another folder"):
        update(out, out, wanted)
    assert [path.name for path in out.iterdir()] == [name]


def test_a_folder_that_is_none_is_refused(tmp_path, wanted):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        update(tmp_path / "runs", tmp_path / "file", wanted)


def test_results_that_cannot_be_written_are_one_error(tmp_path, wanted, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("paddle_mnist.system.files.replace_file", full)
    with pytest.raises(RunError, match="cannot be written.*No space left"):
        update(tmp_path, tmp_path, wanted)


def test_the_file_is_plain_json(out, wanted, write_run):
    write_run(out, "cnn")
    update(out, out, wanted)
    row = json.loads((out / RESULTS).read_text())["cnn"]
    assert row["runs"][0]["correct"] == 970
    assert row["recipe"]["schedule"] == "one-cycle"
