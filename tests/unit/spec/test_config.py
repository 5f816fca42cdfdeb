"""Driver options: declared with `option`, listed, and read strictly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.errors import ConfigError, Problem
from swamp_driver.spec import Json, OptionInfo, config_options, option, structure_config


class Mode(StrEnum):
    """A choice."""

    PER_STEP = "per-step"
    SESSION = "session"


@attrs.frozen(kw_only=True)
class Limits:
    """A group of options."""

    memory: str | int | None = option(help="The most memory.", default=None)
    cpus: float = option(help="How many.", default=1.0, validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class Options:
    """Options of all the kinds that there are."""

    image: str = option(help="The image to run.", example="alpine:3")
    mode: Mode = option(help="How.", default=Mode.PER_STEP)
    pull: Literal["always", "never"] = option(help="When to pull.", default="never")
    pass_env: tuple[str, ...] = option(help="Names to pass.", default=())
    labels: Mapping[str, str] = option(help="More labels.", factory=dict)
    limits: Limits = option(help="Bounds.", default=Limits())
    mounts: tuple[Limits | str, ...] = option(help="Mounts.", default=())
    token: str | None = option(help="Secret.", default=None, secret=True)
    retries: int = option(help="How often.", default=3, validator=attrs.validators.in_([1, 2, 3]))
    is_fast: bool = option(help="Hurry.", default=False, key="fast")

    def __attrs_post_init__(self) -> None:
        if self.is_fast and self.retries > 2:
            raise ValueError("'fast' allows at most 2 'retries'")


def read(**data: Json) -> Options:
    """Return options with what is required filled in."""
    return structure_config(Options, {"image": "alpine:3", "retries": 2, **data})


def problems_of(cls: type, data: Any) -> tuple[Problem, ...]:
    """Return what is wrong with options that must be refused."""
    with pytest.raises(ConfigError) as caught:
        structure_config(cls, data)
    return caught.value.problems


def one_problem(**data: Json) -> Problem:
    """Return the one thing that is wrong with these options."""
    (problem,) = problems_of(Options, {"image": "alpine:3", "retries": 2, **data})
    return problem


def test_options_become_a_value() -> None:
    """Every kind of type that the contract names can be read, nested ones included."""
    found = read(
        mode="session",
        pull="always",
        passEnv=["LANG", "CI_*"],
        labels={"team": "a"},
        limits={"memory": 512, "cpus": 2},
        mounts=["/data", {"memory": "1g"}],
        token="t0p",  # noqa: S106 - no password
        retries=1,
        fast=True,
    )
    assert found == Options(
        image="alpine:3",
        mode=Mode.SESSION,
        pull="always",
        pass_env=("LANG", "CI_*"),
        labels={"team": "a"},
        limits=Limits(memory=512, cpus=2.0),
        mounts=("/data", Limits(memory="1g")),
        token="t0p",  # noqa: S106 - no password
        retries=1,
        is_fast=True,
    )


def test_what_was_read_cannot_be_changed() -> None:
    """A config is shared by all steps of a binding: one that changes it would change the others."""
    labels = {"team": "a"}
    found = read(labels=dict(labels))
    with pytest.raises(TypeError):
        found.labels["team"] = "b"  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.image = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("image", 3, "expected text, found integer"),
        ("image", True, "expected text, found true"),
        ("image", None, "expected text, found null"),
        ("image", ["a"], "expected text, found a list"),
        ("retries", "3", "expected integer, found text"),
        ("retries", True, "expected integer, found true"),
        ("retries", 3.0, "expected integer, found number"),
        ("fast", "false", "expected true or false, found text"),
        ("fast", 1, "expected true or false, found integer"),
        ("passEnv", "abc", "expected list of text, found text"),
        ("passEnv", {"a": "b"}, "expected list of text, found a mapping"),
        ("labels", ["a"], "expected mapping of text to text, found a list"),
        ("pull", 3, "expected 'always' or 'never', found integer"),
        ("mode", None, "expected 'per-step' or 'session', found null"),
        ("limits", "2g", "expected mapping, found text"),
    ],
)
def test_nothing_is_converted(key: str, value: Json, what: str) -> None:
    """A converter that guesses turns "false" into true and "abc" into three letters."""
    assert one_problem(**{key: value}) == Problem(path=key, what=what)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_a_number_is_finite(value: float) -> None:
    """No option means infinity by accident, and a huge integer must not end in a traceback."""
    problem = one_problem(limits={"cpus": value})
    assert problem.path == "limits.cpus"
    assert "expected number" in problem.what


@pytest.mark.parametrize(
    ("data", "path", "what"),
    [
        ({"passEnv": ["A", 3]}, "passEnv[1]", "expected text, found integer"),
        ({"labels": {"a": 1}}, "labels.a", "expected text, found integer"),
        ({"labels": {"a\nb": 1}}, r"labels['a\nb']", "expected text, found integer"),
        ({"limits": {"memory": []}}, "limits.memory", "expected text or integer or null"),
        ({"mounts": ["a", {"cpus": "1"}]}, "mounts[1].cpus", "expected number, found text"),
        ({"mounts": ["a", 4]}, "mounts[1]", "expected mapping or text, found integer"),
    ],
)
def test_a_problem_says_where_it_is(data: dict[str, Json], path: str, what: str) -> None:
    """The host joins this path to the place of the options in the file."""
    problem = one_problem(**data)
    assert problem.path == path
    assert problem.what.startswith(what)


def test_an_unknown_option_is_refused_with_a_guess() -> None:
    """A misspelt option that is ignored looks like one that has no effect."""
    assert one_problem(passenv=["A"]) == Problem(
        path="passenv", what="unknown option 'passenv'", hint="did you mean 'passEnv'?"
    )


def test_an_unknown_option_without_a_guess_lists_the_options() -> None:
    """Where nothing is close, the whole list is the best hint."""
    problem = one_problem(limits={"zzz": 1})
    assert problem == Problem(
        path="limits.zzz", what="unknown option 'zzz'", hint="options: memory, cpus"
    )


def test_an_unknown_choice_lists_the_choices() -> None:
    """A person who misspells a choice wants the list, not a type."""
    assert one_problem(mode="sesion") == Problem(
        path="mode",
        what="'sesion' is none of: per-step, session",
        hint="did you mean 'session'?",
    )


def test_a_missing_option_is_reported_with_its_help() -> None:
    """The message tells what to write there."""
    assert problems_of(Options, {"retries": 2}) == (
        Problem(
            path="image",
            what="the option 'image' is required and missing",
            hint="text: The image to run.",
        ),
    )


def test_all_problems_are_reported_at_once() -> None:
    """Whoever repairs a file wants one round, also where a validator and a type both refuse."""
    data = {
        "imge": "x",
        "passEnv": ["A", 3, None],
        "limits": {"cpus": -2, "memory": []},
        "retries": 7,
        "fast": "no",
    }
    assert [problem.path for problem in problems_of(Options, data)] == [
        "imge",
        "image",
        "passEnv[1]",
        "passEnv[2]",
        "limits.memory",
        "limits.cpus",
        "fast",
        "retries",
    ]


def test_a_validator_speaks_of_its_option_by_the_name_in_the_file() -> None:
    """The field's name in Python is not in the user's file."""

    @attrs.frozen(kw_only=True)
    class Timed:
        grace_s: int = option(help="h", default=1, key="grace", validator=attrs.validators.ge(0))

    assert problems_of(Timed, {"grace": -1}) == (
        Problem(path="grace", what="'grace' must be >= 0: -1"),
    )


def test_a_cross_check_is_a_problem_of_the_whole() -> None:
    """What several options make wrong together has no one place."""
    data = {"image": "a", "fast": True, "retries": 3}
    assert problems_of(Options, data) == (Problem(what="'fast' allows at most 2 'retries'"),)


def test_a_cross_check_of_defaults_is_reported_too() -> None:
    """Empty options take a shorter way, which must not let a refusal through as a traceback."""

    @attrs.frozen(kw_only=True)
    class Never:
        def __attrs_post_init__(self) -> None:
            raise ValueError("set 'a' or 'b'")

    assert problems_of(Never, {}) == (Problem(what="set 'a' or 'b'"),)


def test_a_validator_that_looks_at_a_wrong_option_is_passed_over() -> None:
    """It cannot judge before the other option is right, and must not end in an AttributeError."""

    def at_most_b(instance: Any, _attribute: object, value: int) -> None:
        if value > instance.b:
            raise ValueError("'a' is more than 'b'")

    @attrs.frozen(kw_only=True)
    class Pair:
        b: int = option(help="h")
        a: int = option(help="h", default=0, validator=at_most_b)

    assert [problem.path for problem in problems_of(Pair, {"a": 2, "b": "x"})] == ["b"]
    assert problems_of(Pair, {"a": 2, "b": 1}) == (Problem(path="a", what="'a' is more than 'b'"),)


def test_a_secret_value_is_never_shown() -> None:
    """Messages end up in logs; the validators of attrs put the value into theirs."""

    @attrs.frozen(kw_only=True)
    class Login:
        token: str = option(help="h", secret=True, validator=attrs.validators.matches_re("[a-z]+"))
        kind: Literal["a", "b"] = option(help="h", default="a", secret=True)

    found = problems_of(Login, {"token": "HUNTER2", "kind": "HUNTER2"})
    assert [problem.path for problem in found] == ["kind", "token"]
    assert "HUNTER2" not in "".join(str(problem) for problem in found)


@pytest.mark.parametrize("data", [None, [], "a", 3])
def test_options_that_are_no_mapping_are_refused(data: Json) -> None:
    """A file can hold anything where the options should be."""
    (problem,) = problems_of(Options, data)
    assert problem.path == ""
    assert problem.what.startswith("expected mapping, found ")


def test_a_key_that_is_no_text_is_refused() -> None:
    """YAML has keys that are numbers, and the reader may hand them on."""
    assert [p.what for p in problems_of(Options, {"image": "a", 3: "b"})] == ["unknown option '3'"]
    assert [str(p) for p in problems_of(Options, {"image": "a", "labels": {3: "b"}})] == [
        "labels.3: a key must be text"
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_KEYS = st.sampled_from(["image", "mode", "passEnv", "limits", "mounts", "labels", "retries", "x"])


@given(data=st.dictionaries(_KEYS, _JSON) | _JSON)
def test_any_data_is_read_or_refused(data: Any) -> None:
    """Options come from a file that anyone may have written: never another exception."""
    try:
        found = structure_config(Options, data)
    except ConfigError as error:
        assert error.problems  # noqa: PT017 - either end is right
    else:
        assert isinstance(found, Options)


def test_options_are_listed_in_order_with_nested_ones() -> None:
    """Documents and `drivers show` print this table."""
    assert config_options(Options)[:2] == (
        OptionInfo(
            key="image",
            type_text="text",
            default_text="",
            required=True,
            help="The image to run.",
            example="alpine:3",
        ),
        OptionInfo(
            key="mode",
            type_text="'per-step' or 'session'",
            default_text='"per-step"',
            required=False,
            help="How.",
            choices=("per-step", "session"),
        ),
    )
    assert [
        (info.key, info.type_text, info.default_text) for info in config_options(Options)[3:]
    ] == [
        ("passEnv", "list of text", "[]"),
        ("labels", "mapping of text to text", "{}"),
        ("limits", "mapping", '{"memory": null, "cpus": 1.0}'),
        ("limits.memory", "text or integer or null", "null"),
        ("limits.cpus", "number", "1.0"),
        ("mounts", "list of (mapping or text)", "[]"),
        ("mounts[].memory", "text or integer or null", "null"),
        ("mounts[].cpus", "number", "1.0"),
        ("token", "text or null", ""),
        ("retries", "integer", "3"),
        ("fast", "true or false", "false"),
    ]


class Level(Enum):
    """A choice whose values are numbers."""

    LOW = 1
    HIGH = 2


@attrs.frozen(kw_only=True)
class Loose:
    """Options that may be written in several ways."""

    mount: Limits | Mapping[str, int] | tuple[str, ...] | Mode | int | None = option(
        help="h", default=MappingProxyType({"a": 1})
    )
    level: Level | float = option(help="h", default=Level.LOW)
    name: Mode | str = option(help="h", default="")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"mount": {"memory": "1g"}}, Loose(mount=Limits(memory="1g"))),
        ({"mount": {"b": 2}}, Loose(mount={"b": 2})),
        ({"mount": ["a"]}, Loose(mount=("a",))),
        ({"mount": "session"}, Loose(mount=Mode.SESSION)),
        ({"mount": 3}, Loose(mount=3)),
        ({"mount": None}, Loose(mount=None)),
        ({"level": 2}, Loose(level=Level.HIGH)),
        ({"level": 3}, Loose(level=3.0)),
        ({"level": 0.5}, Loose(level=0.5)),
        ({"name": "session"}, Loose(name=Mode.SESSION)),
        ({"name": "else"}, Loose(name="else")),
    ],
)
def test_a_union_is_read_as_the_first_type_that_fits(
    data: dict[str, Json], expected: Loose
) -> None:
    """Short and long forms of one option are common: `2g`, or a mapping."""
    assert structure_config(Loose, data) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("sesion", "mount: 'sesion' is none of: per-step, session (did you mean 'session'?)"),
        ({"b": "c"}, "mount.b: expected integer, found text"),
        (
            True,
            (
                "mount: expected mapping or mapping of text to integer or list of text or "
                "'per-step' or 'session' or integer or null, found true"
            ),
        ),
    ],
)
def test_a_union_reports_what_is_wrong_in_the_kind_that_was_written(
    value: Json, problem: str
) -> None:
    """A list of everything that it is not would hide the one character that is wrong."""
    assert [str(found) for found in problems_of(Loose, {"mount": value})] == [problem]


def test_defaults_of_all_kinds_are_shown_as_they_would_be_written() -> None:
    """A table of options must not show Python."""
    defaults = {info.key: info.default_text for info in config_options(Loose)}
    assert defaults["mount"] == '{"a": 1}'
    assert defaults["level"] == "1"


def test_groups_in_a_mapping_are_listed_under_a_star() -> None:
    """The keys of a mapping are the user's; what is below them is the driver's."""

    @attrs.frozen(kw_only=True)
    class Caches:
        caches: Mapping[str, Limits] = option(help="h", factory=dict)

    assert [info.key for info in config_options(Caches)] == [
        "caches",
        "caches.*.memory",
        "caches.*.cpus",
    ]


@attrs.define(kw_only=True)
class NotFrozen:
    """Could be changed."""

    a: str = option(help="h", default="")


@attrs.frozen(kw_only=True)
class PlainField:
    """Has a field without help."""

    a: str = ""


@attrs.frozen(kw_only=True)
class SetField:
    """A file has no sets."""

    a: set[str] = option(help="h", factory=set)


@attrs.frozen(kw_only=True)
class ListField:
    """A list can be changed."""

    a: list[str] = option(help="h", factory=list)


@attrs.frozen(kw_only=True)
class LostType:
    """Refers to a type that is not there."""

    a: Nowhere = option(help="h", default=None)  # type: ignore[name-defined] # noqa: F821


@attrs.frozen(kw_only=True)
class BadGroup:
    """Holds a group that is none."""

    a: PlainField = option(help="h", default=PlainField())


@pytest.mark.parametrize(
    ("cls", "what"),
    [
        (dict, "must be an attrs class"),
        (NotFrozen, "must be frozen"),
        (PlainField, "the field 'a' of 'PlainField' must be annotated and made with option()"),
        (SetField, "the field 'a' of 'SetField': an option cannot have the type set[str]"),
        (ListField, "the field 'a' of 'ListField': an option cannot have the type list[str]"),
        (LostType, "the types of 'LostType' cannot be read"),
        (BadGroup, "the field 'a' of 'PlainField' must be annotated and made with option()"),
    ],
)
def test_a_class_that_is_no_config_class_is_refused(cls: type, what: str) -> None:
    """The author of a driver hears it when the driver is loaded, not the user when it is used."""
    with pytest.raises(TypeError) as caught:
        config_options(cls)
    assert what in str(caught.value)


def test_default_options_need_no_converter() -> None:
    """Most files set no options, and the converter takes longer to import than a step to run."""
    code = (
        "import sys, attrs\n"
        "from swamp_driver.spec import option, structure_config\n"
        "@attrs.frozen(kw_only=True)\n"
        "class Options:\n"
        "    a: str = option(help='h', default='b')\n"
        "assert structure_config(Options, {}).a == 'b'\n"
        "assert 'cattrs' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
