"""The side of the checker: asks the answer, compares, and says what is wrong by a key.

The functions `check_…` of an exercise's `checks.py` are called with an `Answer`, one after the
other. The first that finds something wrong ends the check. Nothing of the learner's runs here.
"""

from __future__ import annotations

import inspect
import itertools
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, NoReturn

import numpy as np

from paddle_mnist.homework.exercise import Exercise
from paddle_mnist.homework.values import (
    MessageError,
    Other,
    TensorArray,
    as_tensor_array,
    decode,
    encode,
)

Ask = Callable[[dict[str, Any]], dict[str, Any]]
Predicate = Callable[[Any], bool]
LONGEST_LINE = 400
MOST_LINES = 16
WHOLE, TINY = 20, 5e-5


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
    """

    def __init__(self, ask: Ask, exercise: Exercise):
        self._ask = ask
        self.exercise = exercise
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.memory: dict[str, Any] = {}
        self._given = ""
        self._code = ""

    def __call__(self, *arguments: Any) -> Any:
        """Call the learner's function; what it returns arrives as data (see `values`)."""
        self._given = self._named(arguments)
        return self._value(None, arguments)

    def run(self, function: Callable[..., Any], *arguments: Any, given: str = "") -> Any:
        """Call `function(answer, *arguments)`, one of this `checks.py`, where the answer is.

        For what does not pass as data: networks, optimisers, whole trainings. `given` says in a
        few words what the learner's function gets, for what is told.
        """
        self._given = given
        return self._value(function.__name__, arguments)

    def gradients(self, weights: TensorArray, *arguments: Any) -> list[TensorArray]:
        """The gradients of sum(weights · answer(…)) by the float tensors among the arguments."""
        self._given = self._named(arguments)
        return self._value("gradients", arguments=(weights, *arguments))

    def error_of(self, *arguments: Any) -> str | None:
        """The name of the error's type that a call raises, its parents' too; None: no error."""
        self._given = self._named(arguments)
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
        known = {"code": self._code, "given": self._given}
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
        problem = _difference(got, expected, tolerance)
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
    message = _cut(error["message"], LONGEST_LINE) or "-"
    values = {"type": _cut(kind, LONGEST_LINE), "message": message, "line": error["line"]}
    code = {"code": _cut(error["code"], LONGEST_LINE)} if error["code"] else {}
    return WrongError("refused" if kind == "RefusedError" else key, values, {**details, **code})


def is_close(got: Any, expected: Any, tolerance: float = 1e-5) -> bool:
    """Whether two values are nearly the same, whatever their kinds and dtypes."""
    if isinstance(expected, (list, tuple)):
        same_length = isinstance(got, (list, tuple)) and len(got) == len(expected)
        return same_length and all(is_close(*pair, tolerance) for pair in zip(got, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(got, dict) and got.keys() == expected.keys()
        return same_keys and all(is_close(got[key], expected[key], tolerance) for key in expected)
    if not _is_numeric(got) or not _is_numeric(expected):
        return type(got) is type(expected) and got == expected
    one, other = np.asarray(got), np.asarray(expected)
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def _is_numeric(value: Any) -> bool:
    # NumPy holds no larger whole numbers.
    fits = not isinstance(value, int) or value.bit_length() < 64
    return fits and isinstance(value, (int, float, np.ndarray))


def _difference(got: Any, expected: Any, tolerance: float) -> tuple[str, dict[str, Any]] | None:
    if got is None and expected is not None:
        return "nothing", {}
    if isinstance(expected, (list, tuple)):
        return _difference_of_parts(got, expected, tolerance)
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return _wrong_entries(got, expected)
        return next(
            (
                found
                for key in expected
                if (found := _difference(got[key], expected[key], tolerance))
            ),
            None,
        )
    if _family(got) != _family(expected):
        return "kind", {"expected_kind": kind_of(expected), "got_kind": _family_name(got)}
    if not isinstance(expected, np.ndarray):
        return None if is_close(_plain(got), expected, tolerance) else ("value", {})
    return _difference_of_arrays(got, expected, tolerance)


def _wrong_entries(got: Any, expected: dict[Any, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(got, dict):
        return "kind", {"expected_kind": "dict", "got_kind": kind_of(got)}
    lists = {"expected_entries": expected, "got_entries": got}
    return "entries", {name: ", ".join(map(repr, entries)) for name, entries in lists.items()}


def _difference_of_parts(
    got: Any, expected: list[Any] | tuple[Any, ...], tolerance: float
) -> tuple[str, dict[str, Any]] | None:
    if not isinstance(got, (list, tuple)):
        return "kind", {"expected_kind": kind_of(expected), "got_kind": kind_of(got)}
    if len(got) != len(expected):
        return "length", {"expected_length": len(expected), "got_length": len(got)}
    for number, pair in enumerate(zip(got, expected), start=1):
        if problem := _difference(*pair, tolerance):
            return problem[0], {**problem[1], "part": number}
    return None


def _difference_of_arrays(
    got: np.ndarray, expected: np.ndarray, tolerance: float
) -> tuple[str, dict[str, Any]] | None:
    if got.shape != expected.shape:
        return "shape", {"expected_shape": list(expected.shape), "got_shape": list(got.shape)}
    if got.dtype != expected.dtype and is_close(got, expected, tolerance):
        return "dtype", {"expected_dtype": expected.dtype.name, "got_dtype": got.dtype.name}
    if np.isfinite(expected).all() and not np.isfinite(got).all():
        return "not_finite", {}
    if not is_close(got, expected, tolerance):
        return "value", _first_difference(got, expected, tolerance)
    return None


def _first_difference(got: np.ndarray, expected: np.ndarray, tolerance: float) -> dict[str, Any]:
    one, other = np.asarray(got), np.asarray(expected)
    same = np.isclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
    place = tuple(int(index) for index in np.argwhere(~same)[0])
    values = {"expected_value": shorten(other[place].item())}
    values["got_value"] = shorten(one[place].item())
    return {"place": list(place), **values} if place else {}


def _family(value: Any) -> str:
    if isinstance(value, np.ndarray) and not isinstance(value, TensorArray) and value.ndim == 0:
        # A NumPy number is as good as Python's.
        value = value.item()
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else kind_of(value)


def _family_name(value: Any) -> str:
    # A NumPy number is called by what it holds: as an array it would be right.
    is_number = _family(value) in ("number", "bool") and isinstance(value, np.ndarray)
    return kind_of(value.item()) if is_number else kind_of(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def kind_of(value: Any) -> str:
    """What kind of thing a value is, in a word or two."""
    if isinstance(value, Other):
        return str(value)
    if isinstance(value, TensorArray):
        return "paddle.Tensor"
    if isinstance(value, np.ndarray):
        return "numpy.ndarray"
    return "None" if value is None else type(value).__name__


def shorten(value: Any) -> str:
    """A value on few lines: an array with its shape and dtype, a large one with its edges only."""
    if isinstance(value, np.ndarray) and value.ndim:
        array = np.asarray(value)
        # A tiny number in a small array may be the point; in a large one it is noise.
        has_tiny = ((np.abs(array) < TINY) & (array != 0)).any() and array.size <= WHOLE
        text = np.array2string(
            array, precision=4, suppress_small=not has_tiny, threshold=100, edgeitems=3
        )
        return f"{kind_of(value)} {value.dtype} {list(value.shape)}\n{_cut_lines(text)}"
    if isinstance(value, np.ndarray):
        return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
    if isinstance(value, (list, tuple)) and any(isinstance(part, np.ndarray) for part in value):
        return "\n".join(f"{number}: {shorten(part)}" for number, part in enumerate(value, 1))
    if isinstance(value, dict) and any(isinstance(part, np.ndarray) for part in value.values()):
        return "\n".join(f"{key!r}: {shorten(part)}" for key, part in value.items())
    return _cut(f"{value:.6g}" if isinstance(value, float) else f"{value!r}", LONGEST_LINE)


def _cut_lines(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) <= MOST_LINES else "\n".join([*lines[:MOST_LINES], "…"])


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]} …"


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
        outcome.key = "unexpected"
        outcome.values = {"type": type(error).__name__, "message": _cut(f"{error}", LONGEST_LINE)}
    outcome.seconds = time.perf_counter() - started
    return outcome
