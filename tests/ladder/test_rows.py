"""The rows: what each trains, and how it is named."""

from __future__ import annotations

import pytest

from paddle_mnist.core.stages import STAGES
from paddle_mnist.ladder.rows import ROWS, find_row, folder_name, options_of
from paddle_mnist.system.command_line import command_line, words_of
from paddle_mnist.system.errors import UsageError
from paddle_mnist.train import build_parser

QUICK = ("linear", "mlp", "cnn")  # less than half a minute
VARIANTS = [name for name in ROWS if name not in STAGES]


def test_every_stage_has_a_row_with_its_defaults_and_variants_follow_their_stage():
    assert [name for name in ROWS if name in STAGES] == list(STAGES)
    assert all(ROWS[stage].stage == stage and not ROWS[stage].options for stage in STAGES)
    stages = [row.stage for row in ROWS.values()]
    assert stages == sorted(stages, key=list(STAGES).index)


def test_quick_rows_have_ten_seeds_and_slow_ones_three():
    seeds = {name: row.seeds for name, row in ROWS.items()}
    quick = {name: seeds.pop(name) for name in ROWS if ROWS[name].stage in QUICK}
    assert set(quick.values()) == {10}
    assert seeds.pop("tuned-cnn") == 1
    assert set(seeds.values()) == {3}


@pytest.mark.parametrize("name", ROWS)
def test_the_command_train_understands_the_options_as_they_are_meant(name):
    arguments = vars(build_parser().parse_args(words_of(options_of(ROWS[name], seed=7))))
    given = {option: value for option, value in arguments.items() if value not in (None, False)}
    assert given == {"stage": ROWS[name].stage, "seed": 7, **ROWS[name].options}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_called_what_it_is_and_says_what_is_special(name):
    command = command_line("train", options_of(ROWS[name], seed=0))
    assert f"--stage {name}" in command
    assert ROWS[name].note


def test_folders_are_names_without_spaces():
    assert folder_name("deep-cnn --schedule constant") == "deep-cnn--schedule-constant"
    folders = [folder_name(name) for name in ROWS]
    assert len(set(folders)) == len(ROWS)
    assert not any(" " in folder for folder in folders)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_found_by_its_name_and_by_that_of_its_folder(name):
    assert find_row(name) == find_row(folder_name(name)) == name


def test_an_unknown_row_is_refused_with_the_nearest_and_all():
    with pytest.raises(UsageError, match="did you mean 'deep-cnn'") as caught:
        find_row("deepcnn")
    assert all(repr(name) in str(caught.value) for name in ROWS)
