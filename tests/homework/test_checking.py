"""What is compared, and what is told."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_mnist.homework import checking
from paddle_mnist.homework.checking import Answer, check_function, run_checks
from paddle_mnist.homework.conversion import tensor
from paddle_mnist.homework.exercise import find_exercise
from paddle_mnist.homework.outcome import WrongError

EXERCISE = find_exercise("3-1")


def answer_of(function) -> Answer:
    return Answer(EXERCISE, function)


def told(call) -> WrongError:
    with pytest.raises(WrongError) as wrong:
        call()
    return wrong.value


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (tensor([1.0]), tensor([1.0])),
        (np.array([1.0]), np.array([1.0 + 1e-7])),
        (np.array(2, "float32"), 2.0),
        (2, 2.0),
        (np.array(3), 3),
        (True, True),
        (np.array(True), True),
        ([1, 2.0], (1, 2)),
        ({"a": np.zeros(2)}, {"a": np.zeros(2)}),
        ("a", "a"),
        (None, None),
        (np.array([np.nan]), np.array([np.nan])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_what_is_right(got, expected):
    answer_of(None).expect(got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "key"),
    [
        (None, 1.0, "nothing"),
        (None, np.zeros(2), "nothing"),
        (np.zeros(2), tensor([0.0, 0.0]), "kind"),
        (tensor([0.0, 0.0]), np.zeros(2), "kind"),
        ([0.0, 0.0], np.zeros(2), "kind"),
        (0.5, np.zeros(2), "kind"),
        (np.zeros(1), 0.0, "kind"),
        (tensor(0.0), 0.0, "kind"),
        ("0", 0.0, "kind"),
        (True, 1.0, "kind"),
        (np.zeros(2), (np.zeros(2), np.zeros(2)), "kind"),
        ([np.zeros(2)], (np.zeros(2), np.zeros(2)), "length"),
        ({"b": 1}, {"a": 1}, "entries"),
        ([1], {"a": 1}, "kind"),
        (2**100, 1, "value"),
        ({"a": 2}, {"a": 1}, "value"),
        (np.zeros((2, 1)), np.zeros(2), "shape"),
        (np.zeros((1, 2)), np.zeros(2), "shape"),
        (np.zeros(2, "float32"), np.zeros(2), "dtype"),
        (np.array([1]), np.array([1.0]), "dtype"),
        (np.array([np.nan]), np.array([1.0]), "not_finite"),
        (np.array([np.inf]), np.array([1.0]), "not_finite"),
        (np.array([1.001]), np.array([1.0]), "value"),
        (0.1, 0.2, "value"),
        ("a", "b", "value"),
    ],
)
def test_what_is_wrong(got, expected, key):
    assert told(lambda: answer_of(None).expect(got, expected)).key == key


def test_usual_mistakes_are_recognised_by_value():
    answer = answer_of(None)
    mistakes = {"columns": np.array([[1.0], [2.0]]), "doubled": np.array([2.0, 4.0])}
    expected = np.array([1.0, 2.0])
    answer.expect(expected, expected, mistakes)
    # Whatever shape and dtype the mistake comes in.
    assert told(lambda: answer.expect(mistakes["columns"], expected, mistakes)).key == "columns"
    got = np.array([2, 4])
    assert told(lambda: answer.expect(got, expected, mistakes)).key == "doubled"
    assert told(lambda: answer.expect(np.ones(2), expected, mistakes)).key == "value"


def test_usual_mistakes_are_recognised_by_a_rule():
    mistakes = {"negative": lambda got: bool((got < 0).any())}
    expected = np.array([1.0, 2.0])
    assert told(lambda: answer_of(None).expect(-expected, expected, mistakes)).key == "negative"
    # A rule is not asked about what has another kind or shape.
    assert told(lambda: answer_of(None).expect("text", expected, mistakes)).key == "kind"


def test_a_check_that_cannot_tell_a_mistake_proves_nothing():
    with pytest.raises(AssertionError, match="same gives the expected value"):
        answer_of(None).expect(np.ones(2), np.ones(2), {"same": np.ones(2)})


def test_the_wrong_part_of_several_is_named():
    wrong = told(lambda: answer_of(None).expect((1, np.ones(2)), (1, np.zeros(2))))
    assert (wrong.key, wrong.values["part"]) == ("value", 2)


def test_a_number_in_place_of_an_array():
    wrong = told(lambda: answer_of(None).expect(np.array(1.0), np.zeros(2)))
    assert wrong.values == {"expected_kind": "numpy.ndarray", "got_kind": "float"}


def test_details_show_input_expected_and_got_shortened():
    def double(values):
        return values * 2

    answer = answer_of(double)
    wrong = told(lambda: answer.expect(answer(np.arange(1000.0)), np.arange(1000.0)))
    assert list(wrong.details) == ["given", "expected", "got", "difference"]
    assert wrong.details["given"].startswith("logits = numpy.ndarray float64 [1000]")
    assert wrong.details["difference"] == "[1]: 1 / 2"
    assert all(len(text) < 500 for text in wrong.details.values())


def test_the_answer_gets_copies_and_may_not_change_them():
    def spoil(values):
        values[0] = 7
        return values

    given = np.zeros(2)
    wrong = told(lambda: answer_of(spoil)(given))
    assert (wrong.key, wrong.values) == ("changed_input", {"argument": "logits"})
    assert given[0] == 0


def test_ready_made_functions_are_told_kindly():
    answer = answer_of(paddle.nn.functional.softmax)
    wrong = told(lambda: answer(tensor([[1.0, 2.0]])))
    assert wrong.key == "ready_made"
    assert wrong.values["name"] == "paddle.nn.functional.softmax"


def test_gradients_are_those_of_the_weighted_sum():
    answer = answer_of(lambda one, other: one * other)
    found = answer.gradients(tensor([1.0, 10.0]), tensor([2.0, 3.0]), tensor([5.0, 7.0]))
    assert [gradient.tolist() for gradient in found] == [[5.0, 70.0], [2.0, 30.0]]


@pytest.mark.parametrize(
    "function",
    [
        lambda values: paddle.to_tensor(values.numpy()),
        lambda values: values.detach(),
        lambda values: paddle.ones([2]),
    ],
)
def test_a_gradient_that_is_cut_off(function):
    wrong = told(lambda: answer_of(function).gradients(tensor([1.0, 1.0]), tensor([2.0, 3.0])))
    assert wrong.key == "no_gradient"


def test_errors_can_be_asked_for():
    def strict(value):
        raise FileNotFoundError(value)

    assert "OSError" in answer_of(strict).error_of("x").split()
    assert answer_of(lambda value: value).error_of("x") is None


def test_a_check_that_fails_itself_does_not_end_the_checker(monkeypatch):
    def check_sum(answer):
        answer() + 1

    monkeypatch.setattr(checking, "check_functions", lambda exercise: {"values": check_sum})
    outcome = check_function(EXERCISE, lambda: {})
    assert (outcome.passed, outcome.key) == (False, "unexpected")


@pytest.mark.parametrize("accuracy", ["much", None, {}])
def test_a_figure_of_another_kind_does_not_end_the_checker(accuracy, monkeypatch):
    exercise = find_exercise("3-6")

    def check_figure(answer):
        answer.note("reached", first=1.0, last=1.0, accuracy=accuracy)

    monkeypatch.setattr(checking, "check_functions", lambda exercise: {"figure": check_figure})
    outcome = run_checks(Answer(exercise))
    assert (outcome.passed, outcome.key, outcome.notes) == (False, "unexpected", [])


def test_paddles_long_errors_are_cut_to_their_reason():
    wrong = told(lambda: answer_of(lambda: paddle.ones([2, 3]) @ paddle.ones([2, 3]))())
    assert wrong.key == "error"
    assert "paddle.ones([2, 3]) @ paddle.ones([2, 3])" in wrong.details["code"]
    assert "C++" not in wrong.values["message"]
    assert len(wrong.values["message"]) <= 300


def test_what_is_too_large_is_refused():
    assert told(lambda: answer_of(lambda: np.zeros(1_000_000, "int8"))()).key == "too_large"
    assert told(lambda: answer_of(lambda: ["x" * 100] * 10_000)()).key == "too_large"
    assert answer_of(lambda: np.zeros(999_000, "int8"))().shape == (999_000,)


@pytest.mark.skipif(np.__version__ < "2", reason="older NumPy has one setting for all")
def test_what_the_answer_sets_for_floats_is_its_own():
    def strict(values):
        np.seterr(all="raise")
        return values

    before = np.geterr()
    answer_of(strict)(1.0)
    assert np.geterr() == before


def test_what_the_answer_changes_in_numpy_is_put_back(monkeypatch):
    monkeypatch.setattr(np, "allclose", np.allclose)  # put back even where this test fails

    def forge(values):
        np.allclose = lambda *arguments, **named: True
        return np.allclose(values, 1)

    answer = answer_of(forge)
    before = np.allclose
    assert answer(0.0) is True
    assert np.allclose is before
