"""Compiles and evaluates CEL expressions; the only module that knows the engine.

Expressions are pure and bounded: the engine stops at a nesting of 32, at 100,000 characters and at
10,000 rounds of comprehensions.
"""

from __future__ import annotations

import contextvars
import datetime
import functools
import math
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from swamp_driver.errors import ProblemKind, SwampDriverError
from swamp_driver.spec import Json
from swamp_driver.workflow._cel_bounds import (
    MOST_CHARACTERS,
    bounded_replace,
    size_of,
    use_bounded_replace,
)
from swamp_driver.workflow._dialect import Absent, in_language, when_absent
from swamp_driver.workflow._functions import FUNCTION_ROOTS, FUNCTIONS, Kind
from swamp_driver.workflow._syntax_tree import Reference, read_references

VARIABLES = ("inputs", "self", "run", "workspace", "steps", "env", "model")
"""The names that have values."""
ROOTS = (*VARIABLES, *FUNCTION_ROOTS)
"""The names that expressions can use."""

Call = Callable[[str, tuple[Json, ...]], Json]
"""Answers a function of `FUNCTIONS`: its name and its arguments. Raises `ExpressionError`."""

_ERROR = r"ERROR: <input>:(-?\d+):(-?\d+): (.*)"


class ExpressionError(Exception):
    """An expression is not valid or has no value; `offset` is where in it, in characters.

    `missing` is the key or name that has no value, where that is what is wrong.
    """

    kind: ProblemKind = "wrong"

    def __init__(
        self, message: str, *, offset: int = 0, hint: str | None = None, missing: str | None = None
    ) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint
        self.missing = missing


@attrs.frozen(eq=False, repr=False)
class Compiled:
    """An expression that can be evaluated, and the names it refers to."""

    program: Any
    references: tuple[Reference, ...]
    absent: Absent = "error"
    """What data is that is not there."""

    @functools.cached_property
    def roots(self) -> frozenset[str]:
        """Return the first parts of the names."""
        return frozenset(reference.root for reference in self.references)


def _keep_none() -> None:
    """Keep `None` alive: the engine takes one reference too many for each null that it gives.

    From Python 3.12 on, `None` has no count of references (PEP 683). Before, the process would be
    aborted after some ten thousand nulls.
    """
    if sys.version_info < (3, 12):
        import ctypes  # noqa: PLC0415 - seldom

        ctypes.c_ssize_t.from_address(id(None)).value += 2**40


@functools.cache
def _environment() -> Any:
    _keep_none()
    # 20 ms, and many files have no expression; the engine has no types
    from cel_expr_python import cel  # type: ignore[import-untyped] # noqa: PLC0415

    types: dict[Kind, Any] = {
        "text": cel.Type.STRING,
        "number": cel.Type.INT,
        "list": cel.Type.List(cel.Type.DYN),
        "any": cel.Type.DYN,
    }
    return cel.NewEnv(
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        extensions=_extensions(),
        functions=[
            *(_declaration(cel, name, types) for name in FUNCTIONS),
            bounded_replace(cel),
        ],
    )


def _extensions() -> list[Any]:
    from cel_expr_python.ext import (  # type: ignore[import-untyped] # noqa: PLC0415
        ext_encoders,
        ext_math,
        ext_optional,
        ext_strings,
    )

    return [
        ext_strings.ExtStrings(),
        ext_optional.ExtOptional(),
        ext_math.ExtMath(),
        ext_encoders.ExtEncoders(),
    ]


def _declaration(cel: Any, name: str, types: Mapping[Kind, Any]) -> Any:
    """Return a function as the engine knows it: whoever evaluates answers it."""
    found = FUNCTIONS[name]
    overloads = [
        cel.Overload(
            id=f"{name}_{number}",
            return_type=types[found.returns],
            parameters=[types[kind] for _, kind in signature],
            is_member=False,
            impl=lambda *arguments: _CALLS.get().answer(name, arguments),
        )
        for number, signature in enumerate(found.signatures)
    ]
    return cel.FunctionDecl(name, overloads)


class _Calls:
    """The calls of one evaluation. The engine keeps of an exception its text alone."""

    def __init__(self, call: Call | None, absent: Absent) -> None:
        self._call = call
        self._absent = absent
        self._errors: list[Exception] = []

    def answer(self, name: str, arguments: tuple[Any, ...]) -> Json:
        if self._call is None:
            raise ExpressionError(f"'{name}' cannot be used here")
        try:
            return self._call(name, tuple(_json(argument) for argument in arguments))
        except (ExpressionError, SwampDriverError) as error:
            if self._absent != "error" and getattr(error, "kind", "") == "absent":
                return {} if self._absent == "empty" else None
            self._errors.append(error)
            raise RuntimeError(f"{_CALL_FAILED}{len(self._errors) - 1};") from error

    def raise_own(self, message: str) -> None:
        """Raise the error that a message of the engine stands for, if it is one of a call."""
        if found := re.search(rf"{_CALL_FAILED}(\d+);", message):
            raise self._errors[int(found[1])]


_CALL_FAILED = "call-failed:"
_CALLS: contextvars.ContextVar[_Calls] = contextvars.ContextVar("calls")


@functools.lru_cache(maxsize=4096)
def references_of(text: str) -> tuple[Reference, ...]:
    """Return the names that an expression refers to, known or not.

    Raises `ExpressionError` where it cannot be parsed.
    """
    try:
        program = _environment().compile(in_language(text), disable_check=True)
        return read_references(program.serialize())
    except RuntimeError as error:
        raise _syntax_error(text, str(error)) from error


@functools.lru_cache(maxsize=4096)
def compile_expression(text: str) -> Compiled:
    """Return an expression ready to be evaluated; raise `ExpressionError` where it is not valid.

    May be called from any thread.
    """
    references = references_of(text)
    try:
        return Compiled(_compiled(_environment(), in_language(text)), references, when_absent(text))
    except RuntimeError as error:
        raise _syntax_error(text, str(error)) from error


def compile_predicate_text(text: str, names: tuple[str, ...]) -> Compiled:
    """Return an expression over other names than those of workflows, ready to be evaluated.

    Raises `ExpressionError` where it is not valid.
    """
    try:
        return Compiled(_compiled(_other_environment(names), text), references_of(text))
    except RuntimeError as error:
        raise _syntax_error(text, str(error)) from error


def _compiled(environment: Any, text: str) -> Any:
    """Return a program; raise `RuntimeError` where the expression is not valid."""
    program = environment.compile(text)
    if "replace" not in text:
        return program
    tree = environment.compile(text, disable_check=True).serialize()
    return environment.deserialize(use_bounded_replace(tree))


@functools.cache
def _other_environment(names: tuple[str, ...]) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - see _environment

    return cel.NewEnv(
        variables=dict.fromkeys(names, cel.Type.DYN),
        extensions=_extensions(),
        functions=[bounded_replace(cel)],
    )


def evaluate_expression(
    compiled: Compiled, variables: Mapping[str, Json], call: Call | None = None
) -> Json:
    """Return the value of an expression; raise `ExpressionError` where it has none.

    `variables` has exact dicts and lists all the way down, and so has what `call` returns: the
    engine takes no others. May be called from any thread, and from within `call`.
    """
    calls = _Calls(call, compiled.absent)
    token = _CALLS.set(calls)
    try:
        result = compiled.program.eval(data=dict(variables))
    except RuntimeError as error:
        calls.raise_own(str(error))
        raise _evaluation_error(str(error)) from error
    finally:
        _CALLS.reset(token)
    if result.type().name() == "ERROR":
        try:
            message = str(result.value())
        except TypeError as error:  # how the engine gives an optional value
            what = "the value may be absent"
            raise ExpressionError(what, hint="end with '.orValue(...)'") from error
        calls.raise_own(message)
        raise _evaluation_error(message)
    value = _json(result.plain_value())
    if (size := size_of(value)) > MOST_CHARACTERS:
        raise ExpressionError(f"the value has {size} characters, more than {MOST_CHARACTERS}")
    return value


def pattern_matches(pattern: str, text: str) -> bool:
    """Return whether a regular expression matches somewhere in `text`, in linear time (RE2).

    Raises `ExpressionError` where the pattern is not valid.
    """
    matched = compile_expression("env.text.matches(env.pattern)")
    return evaluate_expression(matched, {"env": {"text": text, "pattern": pattern}}) is True


def _json(value: Any) -> Json:
    """Return what the engine gave as a JSON value."""
    match value:
        case list():
            return [_json(item) for item in value]
        case dict():
            return {_key(key): _json(item) for key, item in value.items()}
        case float() if not math.isfinite(value):
            raise ExpressionError("the value is not a finite number")
        case None | bool() | int() | float() | str():
            return value
        case _:
            return _written(value)


def _written(value: Any) -> str:
    """Return a value as text that JSON has no type for."""
    match value:
        case bytes() | bytearray():
            try:
                return bytes(value).decode()
            except UnicodeDecodeError:
                raise ExpressionError("the value is bytes that are not text") from None
        case datetime.datetime():
            return value.isoformat().replace("+00:00", "Z")
        case datetime.timedelta():
            return f"{value.total_seconds():g}s"
        case _:
            raise ExpressionError("the value is a type, which cannot be written out")


def _key(key: Any) -> str:
    return "true" if key is True else "false" if key is False else str(key)


def _syntax_error(text: str, message: str) -> ExpressionError:
    found = re.search(_ERROR, message)
    if found is None:
        return ExpressionError(_plain_words(message))
    line, column = max(1, int(found[1])), max(1, int(found[2]))
    before = text.split("\n", line)[: line - 1]
    offset = sum(len(part) + 1 for part in before) + column - 1
    return ExpressionError(_plain_words(found[3]), offset=min(offset, len(text)))


def _evaluation_error(message: str) -> ExpressionError:
    found = re.search(_MISSING, message)
    return ExpressionError(_plain_words(message), missing=found[1] if found else None)


def _plain_words(message: str) -> str:
    """Return a message of the engine in the words of this project."""
    message = re.sub(r"^[A-Z_]+: ", "", message.partition("\n")[0]).strip()
    message = re.sub(r"\s*\[[A-Z_]+\]$", "", message)
    for pattern, words in _WORDS:
        if match := re.search(pattern, message):
            return match.expand(words)
    return message


_MISSING = r"(?:Key not found in map : |No value with name )\"?(.*?)\"?(?: found.*)?$"
_WORDS = (
    (_MISSING, r"there is no '\1'"),
    (r"undeclared reference to '(.*?)'", r"unknown function '\1'"),
    (r"mismatched input '<EOF>'", "the expression ends too early"),
    (r"(?:mismatched|extraneous) input '(.*?)'", r"'\1' cannot stand here"),
    (r"no viable alternative at input '(.*?)'", r"'\1' cannot be understood"),
    (r"token recognition error at: '(.*?)'?$", r"\1 cannot be understood"),
    (r"no matching overload for '_?(.*?)_?' applied to '(.*)'", r"'\1' cannot be applied to \2"),
    (r"missing '(.*?)' at", r"a '\1' is missing"),
    (r"No matching overloads found : <jump_condition>", "the condition is not true or false"),
    (r"No matching overloads found : \((\w+)\)\.bounded\(", r"'replace' needs a text, not \1"),
    (r"No matching overloads found : \((\w+)\)\.(\w+)\(", r"'\2' cannot be applied to \1"),
    (r"No matching overloads found : _?(.*?)_?\((.*)\)", r"'\1' cannot be applied to (\2)"),
    (r"Applying SELECT to non-message type", "a part is selected of something that has no parts"),
    (r"Index error: index=(-?\d+) size=(\d+)", r"there is no entry \1 in a list of \2"),
    (r"Invalid container type: '(\w+)'", r"a \1 has no entries to choose from"),
    (r"Iteration budget exceeded", "the expression takes too many rounds"),
    (r"recursion (?:depth|limit)", "the expression is nested too deeply"),
    (r"expression size exceeds", "the expression is too long"),
)
