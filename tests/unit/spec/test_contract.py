"""The contract itself: its names, its twins, its closed lists."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import attrs
import pytest

from swamp_driver import errors, spec
from swamp_driver.spec import (
    API_VERSION,
    OPTIONAL_HOOKS,
    REQUIRED_HOOKS,
    ApiVersion,
    Capability,
    Driver,
    DriverHooks,
    is_known_capability,
)


def public_names(cls: type) -> set[str]:
    """Return the names of the public methods that a class defines itself."""
    return {name for name, value in vars(cls).items() if inspect.isfunction(value)} - {
        name for name in vars(cls) if name.startswith("_")
    }


def test_the_hooks_are_listed() -> None:
    """The host finds out by these lists what a driver must have and may have."""
    assert public_names(DriverHooks) == {*REQUIRED_HOOKS, *OPTIONAL_HOOKS}
    assert public_names(Driver) == set(REQUIRED_HOOKS)


@pytest.mark.parametrize("hook", REQUIRED_HOOKS)
def test_the_protocol_is_the_twin_of_the_hooks(hook: str) -> None:
    """A driver that satisfies the type checker must satisfy the host."""
    assert inspect.signature(getattr(Driver, hook), eval_str=True) == inspect.signature(
        getattr(DriverHooks, hook), eval_str=True
    )


@pytest.mark.parametrize("hook", [*REQUIRED_HOOKS, *OPTIONAL_HOOKS])
def test_one_answer_is_asked_of_a_driver(hook: str) -> None:
    """Without `firstresult` a host would get lists."""
    assert getattr(DriverHooks, hook).swamp_driver_spec["firstresult"] is True


def test_everything_public_is_exported() -> None:
    """A driver author imports from `swamp_driver.spec` and never from a private module."""
    exempt = {
        "_config": {"OptionField", "OptionSpec", "option_fields", "error_text", "T"},
        "_run": {"ignore_progress"},
    }
    internal = {"_gather", "_option_types", "_structure", "_suggest"}
    for module_info in pkgutil.iter_modules(spec.__path__):
        if module_info.name in internal:
            continue
        module = importlib.import_module(f"swamp_driver.spec.{module_info.name}")
        own = {
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        }
        assert own - exempt.get(module_info.name, set()) <= set(spec.__all__), module_info.name


def test_the_exports_exist_and_are_sorted() -> None:
    """The list is what the documents are made of."""
    assert all(hasattr(spec, name) for name in spec.__all__)
    assert len(set(spec.__all__)) == len(spec.__all__)


def test_everything_public_is_documented() -> None:
    """The reference is what an author writes a driver from, and it must not lag behind."""
    page = Path(__file__).parents[3] / "docs" / "reference" / "contract.md"
    documented = set(re.findall(r":: swamp_driver\.spec\.(\w+)", page.read_text("utf-8")))
    assert documented == set(spec.__all__)


def test_every_value_is_frozen_and_keyword_only() -> None:
    """New fields may come anywhere, and no driver may change what it was given."""
    values = [cls for cls in vars(spec).values() if isinstance(cls, type) and attrs.has(cls)]
    assert len(values) > 15
    for cls in values:
        assert all(field.kw_only for field in attrs.fields(cls)), cls
        assert cls.__setattr__.__name__ == "_frozen_setattrs", cls


@pytest.mark.parametrize(
    ("driver", "expected"),
    [((1, 0), "taken"), ((1, 2), "taken"), ((1, 3), "not"), ((0, 9), "not"), ((2, 0), "not")],
)
def test_a_host_takes_drivers_of_its_major_and_no_newer_minor(
    driver: tuple[int, int], expected: str
) -> None:
    """A newer driver may count on fields that the host does not fill."""
    host = ApiVersion(major=1, minor=2)
    is_taken = host.accepts(ApiVersion(major=driver[0], minor=driver[1]))
    assert is_taken is (expected == "taken")


def test_the_contract_has_a_version() -> None:
    """What a driver writes as a number is compared with it."""
    assert str(API_VERSION) == "1.1"


@pytest.mark.parametrize("name", [*Capability, "session", "x-gpu", "x-"])
def test_known_capabilities(name: str) -> None:
    """Private ones begin with `x-`."""
    assert is_known_capability(name)


@pytest.mark.parametrize("name", ["", "sessions", "SESSION", "xgpu"])
def test_unknown_capabilities(name: str) -> None:
    """The list is closed: a misspelt promise would be a promise that nobody tests."""
    assert not is_known_capability(name)


def test_the_error_tree_is_drawn_as_it_is() -> None:
    """The drawing is the documentation of the tree, with its exit codes."""
    drawn = dict(re.findall(r"[├└]─ (\w+Error) .* exit (\d)", errors.__doc__ or ""))
    leaves = {
        name: str(cls.exit_code)
        for name, cls in vars(errors).items()
        if isinstance(cls, type)
        and issubclass(cls, errors.SwampDriverError)
        and not name.startswith("_")
        and not cls.__subclasses__()
    }
    assert drawn == leaves
