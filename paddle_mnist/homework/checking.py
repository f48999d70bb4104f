"""The side of the checker: asks the answer, compares, and says what is wrong by a key.

The functions `check_…` of an exercise's `checks.py` are called with an `Answer`, one after the
other. The first that finds something wrong ends the check. Nothing of the learner's runs here.
"""

from __future__ import annotations

import inspect
import itertools
import re
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, NoReturn

from paddle_mnist.homework.comparing import LONGEST_LINE, cut, difference, is_close, shorten
from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.values import MessageError, TensorArray, as_tensor_array, decode, encode

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class WrongError(Exception):
    """The answer is wrong.

    Attributes:
        key: a diagnosis of the exercise, or a sentence of `texts.py`.
        values: what stands in that text's braces.
        details: lines of input, expected and got: from a key of `texts.py` to the text.
    """

    def __init__(
        self,
        key: str,
        values: Mapping[str, Any] | None = None,
        details: Mapping[str, str] | None = None,
    ):
        super().__init__(key)
        self.key = key
        self.values = dict(values or {})
        self.details = dict(details or {})


@dataclass
class Outcome:
    """What a check came to.

    Attributes:
        number: the exercise's.
        passed: whether all checks passed.
        checks: the names of the checks that were tried, in order; the last one failed unless all
            passed.
        key, values, details: of the WrongError, when something was wrong.
        notes: figures to report, (key, values).
        printed: what the answer printed, shortened.
        seconds: how long it took.
    """

    number: str
    passed: bool = False
    checks: list[str] = field(default_factory=list)
    key: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0


class Answer:
    """The learner's function, wherever it runs.

    Args:
        ask: passes a request on to `answering.Answering.reply`, and returns its reply.
        exercise: the exercise that it answers.

    Attributes:
        memory: for the checks to keep what is costly to ask for twice.
        given: what the learner's function got last, as it is shown when something is wrong.
    """

    def __init__(self, ask: Ask, exercise: Exercise):
        self._ask = ask
        self.exercise = exercise
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.memory: dict[Hashable, Any] = {}
        self.given = ""
        self._code = ""

    def __call__(self, *arguments: Any) -> Any:
        """Call the learner's function; what it returns arrives as data (see `values`)."""
        self.given = self._named(arguments)
        return self._value(None, arguments)

    def run(self, function: Callable[..., Any], *arguments: Any, given: str = "") -> Any:
        """Call `function(answer, *arguments)`, one of this `checks.py`, where the answer is.

        For what does not pass as data: networks, optimisers, whole trainings. `given` says in a
        few words what the learner's function gets, for what is told.
        """
        self.given = given
        return self._value(function.__name__, arguments)

    def gradients(self, weights: TensorArray, *arguments: Any) -> list[TensorArray]:
        """The gradients of sum(weights · answer(…)) by the float tensors among the arguments."""
        self.given = self._named(arguments)
        found: list[TensorArray] = self._value("gradients", arguments=(weights, *arguments))
        return found

    def error_of(self, *arguments: Any) -> str | None:
        """The name of the error's type that a call raises, its parents' too; None: no error."""
        self.given = self._named(arguments)
        error = self._reply(None, arguments).get("error")
        self._code = error["code"] if error else ""
        return None if error is None else " ".join(error["types"])

    def _named(self, arguments: tuple[Any, ...]) -> str:
        # Without a template to name them, as in tests of this file, they are numbered.
        names = self.exercise.arguments if self.exercise else ()
        pairs = itertools.zip_longest(names[: len(arguments)], arguments, fillvalue="?")
        return "\n".join(f"{name} = {shorten(argument)}" for name, argument in pairs)

    def _reply(self, run: str | None, arguments: tuple[Any, ...]) -> dict[str, Any]:
        self._code = ""
        request = {"run": run, "arguments": [encode(argument) for argument in arguments]}
        reply = self._ask(request)
        if reply["ready_made"]:
            names = [re.sub(r"\.(forward|__init__)$", "", name) for name in reply["ready_made"]]
            raise WrongError("ready_made", {"name": ", ".join(names)})
        return reply

    def _value(self, run: str | None, arguments: tuple[Any, ...]) -> Any:
        reply = self._reply(run, arguments)
        if "error" in reply:
            raise error_as_wrong(reply["error"], self._details())
        if reply["changed"] and run is None:
            names = dict(enumerate(self.exercise.arguments))
            argument = names.get(reply["changed"][0], "?")
            raise WrongError("changed_input", {"argument": argument}, self._details())
        try:
            return decode(reply["value"], as_tensor_array)
        except (MessageError, RecursionError) as error:
            raise WrongError("malformed") from error

    def _details(self, **more: Any) -> dict[str, str]:
        known = {"code": self._code, "given": self.given}
        shown = {key: text for key, text in known.items() if text}
        return {**shown, **{key: shorten(value) for key, value in more.items()}}

    def note(self, key: str, **values: Any) -> None:
        """Report a figure, whether the check passes or not; its text stands under `## Notes`."""
        self.notes.append((key, values))

    def wrong(self, key: str, **values: Any) -> NoReturn:
        """End the check with the diagnosis `key`; `values` fill the braces in its text.

        `expected` and `got` among the values are shown on lines of their own too.
        """
        shown = {name: values[name] for name in ("expected", "got") if name in values}
        raise WrongError(key, values, self._details(**shown))

    def expect(
        self,
        got: Any,
        expected: Any,
        mistakes: Mapping[str, Any] | None = None,
        *,
        tolerance: float = 1e-5,
    ) -> None:
        """Compare what the answer returned with what it should have returned.

        Args:
            got: what the answer returned.
            expected: an array, a tensor (`values.tensor`), a number, a text, a bool or None; or a
                list, tuple or dict of these. Kind, shape, dtype and values must all be the same;
                any float is a float, and a list is as good as a tuple.
            mistakes: from the key of a diagnosis to what someone who makes that mistake returns,
                or to a function that recognises it in an answer of the right kind and shape.
            tolerance: how far a value may be off, absolutely and as a part of the value.

        Raises:
            WrongError: they differ.
        """
        recognised = {key: rule for key, rule in (mistakes or {}).items() if callable(rule)}
        alternatives = {key: rule for key, rule in (mistakes or {}).items() if not callable(rule)}
        for key, value in alternatives.items():
            # Of an exercise whose check proves nothing.
            assert not is_close(value, expected, tolerance), f"{key} gives the expected value"
        problem = difference(got, expected, tolerance)
        if problem is None:
            return
        if problem[0] == "dtype":
            raise WrongError(*problem, self._details())
        details = self._details(expected=expected, **({} if got is None else {"got": got}))
        if "place" in problem[1]:
            details["difference"] = "{place}: {expected_value} / {got_value}".format(**problem[1])
        for key, value in alternatives.items():
            if is_close(got, value, tolerance):
                raise WrongError(key, {}, details)
        if problem[0] in ("value", "not_finite"):
            for key, rule in recognised.items():
                if rule(got):
                    raise WrongError(key, {}, details)
        raise WrongError(problem[0], problem[1], details)


def error_as_wrong(error: Mapping[str, Any], details: Mapping[str, str]) -> WrongError:
    """An exception of the learner's code as something wrong that a beginner can read."""
    kind = error["types"][0]
    if kind == "NoGradientError":
        return WrongError("no_gradient", {}, details)
    if "MemoryError" in error["types"]:
        return WrongError("memory", {}, details)
    key = "error" if error["line"] else "error_elsewhere"
    # It stands between backticks.
    message = cut(error["message"], LONGEST_LINE).replace("`", "'") or "-"
    values = {"type": cut(kind, LONGEST_LINE), "message": message, "line": error["line"]}
    code = {"code": cut(error["code"], LONGEST_LINE)} if error["code"] else {}
    return WrongError("refused" if kind == "RefusedError" else key, values, {**code, **details})


def check_functions(exercise: Exercise) -> dict[str, Callable[[Answer], None]]:
    """The checks of an exercise, from their names to themselves, in the order of the file."""
    found = inspect.getmembers(exercise.checks, inspect.isfunction)
    own = [(name, function) for name, function in found if name.startswith("check_")]
    own.sort(key=lambda pair: pair[1].__code__.co_firstlineno)
    return {name.removeprefix("check_"): function for name, function in own}


def run_checks(exercise: Exercise, ask: Ask) -> Outcome:
    """Try all checks of an exercise, until one fails.

    Args:
        exercise: with its checks.
        ask: see `Answer`; it may raise a WrongError too, for example when time is over.
    """
    answer = Answer(ask, exercise)
    outcome = Outcome(exercise.number, notes=answer.notes)
    started = time.perf_counter()
    try:
        for name, function in check_functions(exercise).items():
            outcome.checks.append(name)
            function(answer)
        outcome.passed = True
    except WrongError as wrong:
        outcome.key, outcome.values, outcome.details = wrong.key, wrong.values, wrong.details
    except Exception as error:  # the check met a value that it did not expect, and must not die
        _set_unexpected(outcome, error)
    try:
        _fill_in_texts(exercise, outcome)
    except (KeyError, TypeError, ValueError) as error:  # a value of a kind that no text expects
        outcome.passed, outcome.notes = False, []
        _set_unexpected(outcome, error)
    outcome.seconds = time.perf_counter() - started
    return outcome


def _set_unexpected(outcome: Outcome, error: Exception) -> None:
    outcome.key, outcome.details = "unexpected", {}
    outcome.values = {"type": type(error).__name__, "message": cut(f"{error}", LONGEST_LINE)}


def _fill_in_texts(exercise: Exercise, outcome: Outcome) -> None:
    """Try what will be told; any language will do, for all have the same braces."""
    feedback = exercise.feedback("en")
    for key, values in outcome.notes:
        feedback.notes[key].format(**values)
    if outcome.key in feedback.diagnoses:
        feedback.diagnoses[outcome.key].format(**{"answer": exercise.answer, **outcome.values})
