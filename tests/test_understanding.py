"""The figures of trust and disturbances in docs/trust.md, and the mistakes beside them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from paddle_mnist.measure.robustness import DISTURBANCES
from paddle_mnist.runs.folder import load_record
from paddle_mnist.runs.shipped import SHIPPED, shipped_run


@pytest.fixture(scope="module")
def understanding(load_benchmark):
    return load_benchmark("understanding")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_is_the_one_that_was_measured(language, understanding):
    text = understanding.PAGES[language].read_text(encoding="utf-8")
    shown = text.partition(understanding.BEGIN)[2].partition(understanding.END)[0]
    found = json.loads(understanding.RESULTS.read_text(encoding="utf-8"))
    assert shown.strip() == understanding.table(found, language)


def test_the_weights_that_ship_were_measured(understanding):
    # Weights that were trained anew have to be measured anew.
    found = understanding.load_results()
    assert tuple(found["stages"]) == SHIPPED
    assert found["mistakes_of"] == SHIPPED[-1]
    test = load_record(shipped_run(SHIPPED[-1]))["test"]
    assert len(found["mistakes"]) == test["count"] - test["correct"]
    for row in found["stages"].values():
        for name, disturbance in DISTURBANCES.items():
            strengths = [strength for strength, _accuracy in row["robustness"][name]]
            assert strengths == [0, *disturbance.strengths]


MISTAKES = [
    {"index": index, "label": index % 10, "read": (index + 1) % 10, "probability": 0.75}
    for index in range(3, 63, 3)
]


@pytest.fixture(scope="module")
def images():
    """Each image has its index as grey."""
    return np.repeat(np.arange(100, dtype=np.uint8), 28 * 28).reshape(100, 28, 28)


def drawn(figure) -> list[tuple[int, str]]:
    """The index of each image on a figure, and what stands above it."""
    shown = [axes for axes in figure.axes if axes.images]
    return [(int(axes.images[0].get_array()[0, 0]), axes.get_title()) for axes in shown]


def test_the_blind_picture_has_all_mistakes_in_another_order_and_no_answer(understanding, images):
    shown = drawn(understanding.draw_blind(MISTAKES, images))
    assert [title for _index, title in shown] == [str(number) for number in range(1, 21)]
    indices = [index for index, _title in shown]
    assert indices != sorted(indices) == [mistake["index"] for mistake in MISTAKES]
    assert [index for index, _title in drawn(understanding.draw_blind(MISTAKES, images))] == indices


def test_digits_of_the_blind_picture_are_large(understanding, images):
    figure = understanding.draw_blind(MISTAKES, images)
    figure.canvas.draw()
    box = figure.axes[0].get_window_extent().width / figure.dpi * 120  # as save_figure writes it
    assert box >= 3 * 28


def test_opinions_find_their_mistakes_again(understanding, images):
    shown = drawn(understanding.draw_blind(MISTAKES, images))
    first = {number: f"{index} or so" for index, number in shown if int(number) <= 4}
    second = {shown[0][1]: "a two", shown[9][1]: "5"}
    opinions = understanding.combine(MISTAKES, first, second)
    assert opinions == {
        **{str(index): [f"{index} or so", "—"] for index, _number in shown[:4]},
        str(shown[0][0]): [f"{shown[0][0]} or so", "a two"],
        str(shown[9][0]): ["—", "5"],
    }
    titles = dict(drawn(understanding.draw_mistakes(MISTAKES, images, opinions)))
    assert list(titles) == [mistake["index"] for mistake in MISTAKES]
    index = shown[0][0]
    assert titles[index].splitlines() == [
        f"{index % 10} read as {(index + 1) % 10} (75%)",
        f"A: {index} or so",
        "B: a two",
    ]
    assert titles[shown[15][0]].splitlines()[1:] == ["A: —", "B: —"]


def test_an_opinion_on_nothing_is_refused(understanding):
    with pytest.raises(SystemExit, match="there is no number 21 in the picture"):
        understanding.combine(MISTAKES, {"1": "4"}, {"21": "4"})


def test_figures_of_other_weights_are_refused(understanding, tmp_path, monkeypatch):
    monkeypatch.setattr(understanding, "RESULTS", tmp_path / "understanding.json")
    with pytest.raises(SystemExit, match="nothing was measured yet"):
        understanding.load_results()
    stages = {stage: {"weights": understanding.weights_of(stage)} for stage in SHIPPED}
    stages[SHIPPED[0]]["weights"] = "0"
    understanding.RESULTS.write_text(json.dumps({"stages": stages}), encoding="utf-8")
    with pytest.raises(SystemExit, match=f"other weights of {SHIPPED[0]} ship by now"):
        understanding.load_results()


def test_agreement_counts_what_is_said_first(understanding):
    mistakes = [{"index": i, "label": 4, "read": 9} for i in range(4)]
    opinions = {"0": ["4", "4 or 9"], "1": ["9", "9"], "2": ["4", "7 or 4"]}  # nobody saw the last
    assert understanding.agreement(mistakes, opinions) == (
        "of 4 mistakes, both readers name the label first in 1, neither in 1; "
        "in 2 one of them names what the network read"
    )
