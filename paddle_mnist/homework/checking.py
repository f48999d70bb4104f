"""Checks of an answer: they call it, compare what it returns, and say what is wrong by a key.

The functions `check_…` of an exercise's `checks.py` are called with an `Answer`, one after the
other. The first that finds something wrong ends the check. They run where the answer runs: in a
process of their own for a file, in the notebook for a function of the notebook. So what the two
sides give each other are copies, and what an answer changes in the modules that the checks need is
put back (see `conversion` and `guard`).
"""

from __future__ import annotations

import contextvars
import inspect
import itertools
import re
from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any, Callable, NoReturn

import numpy as np
import paddle

from paddle_mnist.homework.answer_file import (
    LONGEST_TEXT,
    Function,
    file_of,
    load_answer,
    place_of_error,
)
from paddle_mnist.homework.comparing import LONGEST_LINE, difference, is_close, shorten
from paddle_mnist.homework.conversion import (
    LARGEST_RESULT,
    TensorArray,
    TooLargeError,
    copy_for_answer,
    copy_for_checks,
    fingerprint,
)
from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.guard import RefusedError, kept_modules
from paddle_mnist.homework.outcome import UNFIT, Outcome, WrongError, cut, fill_in_texts
from paddle_mnist.homework.ready_made import Watch
from paddle_mnist.system.errors import paddle_reason

LONGEST_TOLD = 10_000  # characters of one value or detail of an outcome


class NoGradientError(Exception):
    """What the answer returns does not depend on its inputs, as far as Paddle can see."""


class Answer:
    """The learner's function, as the checks call it.

    Args:
        exercise: the exercise that it answers.
        function: the learner's; None: `load` follows.

    Attributes:
        memory: for the checks to keep what is costly to ask for twice.
        given: what the learner's function got last, as it is shown when something is wrong.
    """

    def __init__(self, exercise: Exercise, function: Function | None = None):
        self.exercise = exercise
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.memory: dict[Hashable, Any] = {}
        self.given = ""
        self._function: Any = function
        self._file = file_of(function) if function else ""
        self._watch = Watch(exercise.not_allowed)
        # NumPy 2 keeps settings, such as `seterr`, in the context: the answer has its own.
        self._context = contextvars.copy_context()
        self._code = ""

    def load(self, path: str) -> None:
        """Run the learner's file, and take the function from it.

        Raises:
            WrongError: the file fails, or does not hold the function.
        """
        self._file = path
        with kept_modules():
            try:
                self._function = self._context.run(load_answer, path, self.exercise.answer)
            except (KeyboardInterrupt, WrongError):
                raise
            except BaseException as error:  # whatever a learner's file raises is told
                raise self._wrong_for(error) from error

    def __call__(self, *arguments: Any) -> Any:
        """Call the learner's function; it gets copies, and a copy of what it returns arrives."""
        self.given = self._named(arguments)
        return self._value(self._function, arguments)

    def run(self, function: Callable[..., Any], *arguments: Any, given: str = "") -> Any:
        """Call `function(answer, *arguments)` with the learner's own function, as a part of it.

        For what does not pass as data: networks, optimisers, whole trainings. `given` says in a
        few words what the learner's function gets, for what is told.
        """
        self.given = given
        return self._value(partial(function, self._function), arguments, may_change=True)

    def gradients(self, weights: TensorArray, *arguments: Any) -> list[TensorArray]:
        """Return the gradients of sum(weights · answer(…)) by the float tensors among `arguments`.

        Args:
            weights: of the shape of what the answer returns.
            arguments: at least one float tensor; others are passed on.
        """
        given = self._named(arguments)
        found: list[TensorArray] = self.run(_gradients, weights, *arguments, given=given)
        return found

    def error_of(self, *arguments: Any) -> str | None:
        """Return the name of the error's type that a call raises, its parents' too; None: none."""
        self.given = self._named(arguments)
        _, error = self._attempt(self._function, [copy_for_answer(part) for part in arguments])
        if error is None:
            return None
        _, self._code = place_of_error(error, self._file)
        return " ".join(kind.__name__ for kind in type(error).__mro__)

    def _named(self, arguments: tuple[Any, ...]) -> str:
        names = self.exercise.arguments[: len(arguments)]
        pairs = itertools.zip_longest(names, arguments, fillvalue="?")
        return "\n".join(f"{name} = {shorten(argument)}" for name, argument in pairs)

    def _attempt(self, function: Any, arguments: list[Any]) -> tuple[Any, BaseException | None]:
        """Call a function, and return a copy of its value, or what it raised.

        Raises:
            WrongError: a ready-made function was called.
        """
        self._code = ""
        value, caught = None, None
        with kept_modules():
            try:
                with self._watch:
                    value = self._context.run(function, *arguments)
                value = copy_for_checks(value)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever a learner's code raises, SystemExit too
                caught = error
        ready_made = self._watch.take()
        if ready_made and caught is None:
            names = [re.sub(r"\.(forward|__init__)$", "", name) for name in ready_made]
            raise WrongError("ready_made", {"name": ", ".join(names)})
        return value, caught

    def _value(self, function: Any, arguments: tuple[Any, ...], *, may_change: bool = False) -> Any:
        copies = [copy_for_answer(argument) for argument in arguments]
        before = None if may_change else [fingerprint(copy) for copy in copies]
        value, error = self._attempt(function, copies)
        if error is not None:
            raise self._wrong_for(error) from error
        for number, print_before in enumerate(before or ()):
            if fingerprint(copies[number]) != print_before:
                name = [*self.exercise.arguments, "?"][number]
                raise WrongError("changed_input", {"argument": name}, self._details())
        return value

    def _wrong_for(self, error: BaseException) -> WrongError:
        """Return an exception of the learner's code as something that a beginner can read."""
        if isinstance(error, NoGradientError):
            return WrongError("no_gradient", {}, self._details())
        if isinstance(error, MemoryError):
            return WrongError("memory", {}, self._details())
        if isinstance(error, TooLargeError):
            return WrongError("too_large", {"megabytes": LARGEST_RESULT / 1_000_000})
        line, code = place_of_error(error, self._file)
        self._code = cut(code, LONGEST_LINE)
        key = "error" if line else "error_elsewhere"
        values = {"type": cut(type(error).__name__, LONGEST_LINE), "line": line}
        # It stands between backticks.
        values["message"] = cut(_message(error), LONGEST_LINE).replace("`", "'") or "-"
        is_refused = isinstance(error, RefusedError)
        return WrongError("refused" if is_refused else key, values, self._details())

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


def _gradients(answer: Any, weights: Any, *arguments: Any) -> list[Any]:
    inputs = [
        argument
        for argument in arguments
        if isinstance(argument, paddle.Tensor) and argument.is_floating_point()
    ]
    for tensor in inputs:
        tensor.stop_gradient = False
    total = (answer(*arguments) * weights).sum()
    if total.stop_gradient:
        raise NoGradientError
    total.backward()
    if any(tensor.grad is None for tensor in inputs):
        raise NoGradientError
    return [tensor.grad for tensor in inputs]


def _message(error: BaseException) -> str:
    try:
        return paddle_reason(error)[:LONGEST_TEXT]
    except Exception as worse:  # an exception of the learner's own, whose text fails too
        return f"(its text cannot be shown: {type(worse).__name__})"


def check_functions(exercise: Exercise) -> dict[str, Callable[[Answer], None]]:
    """Return the checks of an exercise by their names, in the order of the file."""
    found = inspect.getmembers(exercise.checks, inspect.isfunction)
    own = [(name, function) for name, function in found if name.startswith("check_")]
    own.sort(key=lambda pair: pair[1].__code__.co_firstlineno)
    return {name.removeprefix("check_"): function for name, function in own}


def check_function(exercise: Exercise, function: Function) -> Outcome:
    """Check a function in this process; its random numbers go on afterwards as without a check."""
    numpy_state, paddle_state = np.random.get_state(), paddle.get_rng_state()
    try:
        return run_checks(Answer(exercise, function))
    finally:
        np.random.set_state(numpy_state)
        paddle.set_rng_state(paddle_state)


def run_checks(answer: Answer) -> Outcome:
    """Try all checks of an exercise, until one fails."""
    exercise = answer.exercise
    outcome = Outcome(exercise.number)
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
        outcome.values = _plain(outcome.values)
        outcome.details = {key: cut(text, LONGEST_TOLD) for key, text in outcome.details.items()}
        outcome.notes = [(key, _plain(values)) for key, values in answer.notes]
        fill_in_texts(exercise, outcome)
    except UNFIT as error:  # a value of a kind that no text expects
        outcome.passed, outcome.notes = False, []
        _set_unexpected(outcome, error)
    return outcome


def _set_unexpected(outcome: Outcome, error: Exception) -> None:
    outcome.key, outcome.details = "unexpected", {}
    outcome.values = {"type": type(error).__name__, "message": cut(f"{error}", LONGEST_LINE)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON holds them and as a text's braces show them."""
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0:
            value = value.item()
        is_number = value is None or isinstance(value, (bool, int, float))
        plain[key] = value if is_number else cut(f"{value}", LONGEST_TOLD)
    return plain
