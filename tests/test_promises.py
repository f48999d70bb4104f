"""Every promise has tests, its control where it needs one, and its row in both languages."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Of these, nobody would believe the test without seeing what happens otherwise.
WITH_CONTROL = (1, 2, 3, 5, 6, 8, 9, 13, 15, 16, 17, 19, 21)


@pytest.fixture(scope="module")
def promises(load_benchmark):
    return load_benchmark("promises")


def marked() -> list[dict[str, object]]:
    """What stands in the brackets of every @pytest.mark.promise."""
    trees = [ast.parse(path.read_bytes()) for path in (ROOT / "tests").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        for call in calls
        if ast.unparse(call.func) == "pytest.mark.promise"
    ]


def test_every_promise_has_a_test(promises):
    assert {mark["row"] for mark in marked() if not mark.get("control")} == set(promises.PROMISES)


def test_those_that_need_a_control_have_one():
    assert {mark["row"] for mark in marked() if mark.get("control")} >= set(WITH_CONTROL)


def test_every_promise_has_figures(promises):
    figures = json.loads(promises.FIGURES.read_text(encoding="utf-8"))
    assert {figure["row"] for figure in figures} == set(promises.PROMISES)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tables_are_those_of_the_figures(promises, language):
    figures = json.loads(promises.FIGURES.read_text(encoding="utf-8"))
    text = promises.PAGES[language].read_text(encoding="utf-8")
    begin, end = promises.MARKS
    shown = text.partition(begin)[2].partition(end)[0].strip()
    assert shown == promises.render(figures, language)


def test_what_the_parts_of_a_test_tried_is_added_up(promises):
    kills = {"row": 5, "control": False, "text": "{} kills, {} lost"}
    figures = [{**kills, "numbers": [70, 0]}, {**kills, "numbers": [1060, 2]}]
    assert promises.summed(figures) == [{**kills, "numbers": [1130, 2]}]
    assert promises.in_language(promises.summed(figures)[0], "en") == "1,130 kills, 2 lost"


def test_both_languages_have_a_place_for_every_number(promises):
    for english, chinese in promises.CHINESE.items():
        assert english.count("{}") == chinese.count("{}")
