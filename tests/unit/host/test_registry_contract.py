"""What a driver class must be: every fault is found before an instance is made."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.errors import DriverContractError
from swamp_driver.host._discovery import InstalledDriver
from swamp_driver.host._registry import check_driver
from swamp_driver.spec import Capability, DriverInfo, hookimpl
from swamp_driver.testing import FakeDriver

INSTALLED = InstalledDriver(
    name="acme", entry_point="acme:Driver", distribution="acme-swamp", version="2.1"
)


class Bare:
    """A driver with the hooks of the fake one, to be changed one by one."""

    info = FakeDriver.info
    prepare_workspace = FakeDriver.prepare_workspace
    run_step = FakeDriver.run_step
    teardown = FakeDriver.teardown


def a_driver(*, without: str = "", info: object = None, **members: Any) -> type:
    """Return a driver class that is right but for what is given."""
    kept = {name: value for name, value in vars(Bare).items() if name != without}
    kept.pop("__dict__", None)
    kept.pop("__weakref__", None)
    if info is not None:
        kept["info"] = info
    return type("Driver", (), {**kept, **members})


def with_info(**fields: Any) -> type:
    """Return a driver class with other values in its info."""
    return a_driver(info=attrs.evolve(FakeDriver.info, **fields))


def faults(cls: type) -> list[str]:
    """Return what a driver class is refused for."""
    with pytest.raises(DriverContractError) as caught:
        check_driver("acme", cls, INSTALLED)
    head = "driver 'acme' (acme-swamp 2.1, acme:Driver) breaks the driver contract: "
    text = str(caught.value)
    assert text.startswith(head)
    return text.removeprefix(head).split("; ")


def test_a_driver_that_keeps_the_contract_is_taken() -> None:
    """The required hooks and an info are all it takes."""
    loaded = check_driver("acme", a_driver(), INSTALLED)
    assert loaded.info is FakeDriver.info


def test_a_missing_required_hook_is_named() -> None:
    """Without the check it would be found at the end of a run."""
    assert faults(a_driver(without="teardown")) == ["the required hook 'teardown' is missing"]


def test_a_misspelt_hook_is_found_on_both_sides() -> None:
    """What is missing and what is too much are one mistake, so both carry the guess."""
    cls = a_driver(without="teardown", tear_down=FakeDriver.teardown)
    assert faults(cls) == [
        "the required hook 'teardown' is missing (did you mean 'tear_down'?)",
        "'tear_down' is not a hook of the contract (did you mean 'teardown'?)",
    ]


def test_an_undecorated_hook_is_found() -> None:
    """Pluggy passes over a method without the marker and says nothing."""

    def teardown(self: Any, run: Any) -> Any: ...

    assert faults(a_driver(teardown=teardown)) == [
        "the hook 'teardown' is not decorated (put @hookimpl above it)"
    ]


def test_an_undecorated_optional_hook_is_found() -> None:
    """It would never be called, and its author would not know."""

    def probe_environment(self: Any) -> Any: ...

    assert faults(a_driver(probe_environment=probe_environment)) == [
        "the hook 'probe_environment' is not decorated (put @hookimpl above it)"
    ]


def test_a_default_value_in_a_hook_is_refused() -> None:
    """Versions of pluggy differ in whether they pass such an argument."""

    @hookimpl
    def teardown(self: Any, run: Any, workspace: Any = None) -> Any: ...

    assert faults(a_driver(teardown=teardown)) == [
        "the hook 'teardown' must not give 'workspace' a default value"
    ]


def test_an_argument_that_the_hook_does_not_have_is_refused() -> None:
    """Arguments are passed by name."""

    @hookimpl
    def teardown(self: Any, run: Any, worksapce: Any) -> Any: ...

    assert faults(a_driver(teardown=teardown)) == [
        "the hook 'teardown' has no argument 'worksapce' (did you mean 'workspace'?)"
    ]


def test_variable_arguments_are_refused() -> None:
    """Pluggy fills neither."""

    @hookimpl
    def teardown(self: Any, *args: Any, outcome: Any, **more: Any) -> Any: ...

    assert faults(a_driver(teardown=teardown)) == [
        f"the hook 'teardown' must take '{name}' as an ordinary argument"
        for name in ("args", "outcome", "more")
    ]


def test_a_hook_may_take_fewer_arguments() -> None:
    """So that a new argument in a later version breaks no driver."""

    @hookimpl
    def teardown(self: Any) -> Any: ...

    check_driver("acme", a_driver(teardown=teardown), INSTALLED)


def test_static_and_class_methods_may_be_hooks() -> None:
    """Pluggy calls them like any other; only methods have an argument that is not the host's."""

    class Mixed(Bare):
        @staticmethod
        @hookimpl
        def list_leftovers(config: Any) -> Any: ...

        @classmethod
        @hookimpl
        def probe_environment(cls, config: Any) -> Any: ...

    check_driver("acme", Mixed, INSTALLED)


def test_hooks_are_ordinary_functions() -> None:
    """A coroutine that nobody awaits would look like a result."""

    @hookimpl
    async def teardown(self: Any) -> Any: ...

    assert faults(a_driver(teardown=teardown)) == [
        "the hook 'teardown' must be an ordinary function, neither async nor a generator"
    ]


def test_a_wrapper_is_refused() -> None:
    """There is nothing to wrap in a manager with one driver."""

    @hookimpl(wrapper=True)
    def teardown(self: Any) -> Any:
        return (yield)

    assert faults(a_driver(teardown=teardown)) == ["the hook 'teardown' must not be a wrapper"]


def test_a_hook_implemented_under_another_name_counts() -> None:
    """`specname` is how pluggy lets a method have a name of its own."""

    @hookimpl(specname="teardown")
    def clean_up(self: Any, run: Any) -> Any: ...

    check_driver("acme", a_driver(without="teardown", clean_up=clean_up), INSTALLED)


def test_a_hook_implemented_twice_is_refused() -> None:
    """Only one of the two would be called."""

    @hookimpl(specname="teardown")
    def clean_up(self: Any, run: Any) -> Any: ...

    assert faults(a_driver(clean_up=clean_up)) == [
        "the hook 'teardown' is implemented more than once"
    ]


def test_a_property_that_raises_is_no_concern() -> None:
    """Checking a class must not run its code."""

    def explode(_self: object) -> None:
        raise RuntimeError

    check_driver("acme", a_driver(client=property(explode)), INSTALLED)


def test_a_missing_info_is_refused_with_the_other_faults() -> None:
    """The author repairs both in one round."""
    assert faults(a_driver(without="info")) == [
        "the class attribute 'info' is missing (it must be a DriverInfo)"
    ]
    assert faults(a_driver(without="teardown", info={"summary": "x"})) == [
        "the class attribute 'info' is a 'dict' (it must be a DriverInfo)",
        "the required hook 'teardown' is missing",
    ]


@pytest.mark.parametrize("summary", ["", "  ", "two\nlines", None])
def test_the_summary_is_one_line(summary: Any) -> None:
    """It stands in a table."""
    assert faults(with_info(summary=summary)) == ["'info.summary' must be one line of text"]


def test_unknown_capabilities_are_refused() -> None:
    """A misspelt promise would neither be asked for nor tested."""
    names = frozenset({Capability.ATTACH, "sesion", "gpu", "x-gpu"})
    assert faults(with_info(capabilities=names)) == [
        "unknown capability 'gpu' (private ones begin with x-)",
        "unknown capability 'sesion' (did you mean 'session'?)",
    ]
    assert faults(with_info(capabilities="session")) == ["'info.capabilities' must be a frozenset"]


def test_a_promise_to_list_leftovers_needs_its_hooks() -> None:
    """The clean-up would count on hooks that are not there."""
    cls = with_info(capabilities=frozenset({Capability.LEFTOVERS}))
    assert faults(cls) == [
        "the capability 'leftovers' is declared and the hook 'list_leftovers' is missing",
        "the capability 'leftovers' is declared and the hook 'remove_leftover' is missing",
    ]


def test_a_config_class_that_is_none_is_refused() -> None:
    """Options could not be read from it."""
    (fault,) = faults(with_info(config=dict))
    assert fault == "'info.config': a config class must be an attrs class, not <class 'dict'>"


@pytest.mark.parametrize("field", ["good_configs", "bad_configs"])
def test_samples_are_samples(field: str) -> None:
    """The conformance suite runs with them."""
    assert faults(with_info(**{field: ({},)})) == [
        f"'info.{field}' must be a tuple of ConfigSample"
    ]


def test_an_api_that_is_no_version_is_refused() -> None:
    """It is compared with the version of the host."""
    info: DriverInfo = attrs.evolve(FakeDriver.info, api="1.0")  # type: ignore[arg-type]
    assert faults(a_driver(info=info)) == ["'info.api' must be an ApiVersion"]
