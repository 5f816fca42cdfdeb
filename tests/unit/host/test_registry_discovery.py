"""Finding and importing drivers, with distributions that are really there."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swamp_driver.errors import (
    DriverApiError,
    DriverContractError,
    DriverLoadError,
    DuplicateDriverError,
    PluginError,
    UnknownDriverError,
)
from swamp_driver.host._discovery import InstalledDriver, discover
from swamp_driver.host._registry import (
    RegistryCatalog,
    list_drivers,
    load_driver,
    load_driver_object,
)
from swamp_driver.testing import FakeDriver

Install = Callable[..., None]

GOOD = """
    from swamp_driver.testing import FakeDriver

    class Driver(FakeDriver):
        pass
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a directory on `sys.path`, and forget all that was imported from it."""
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    yield directory
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(directory)):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Give a function that installs a distribution: metadata, an entry point and a module."""

    def install(
        distribution: str = "acme-swamp",
        *,
        version: str = "2.1",
        name: str = "acme",
        value: str | None = None,
        source: str = GOOD,
    ) -> None:
        module = f"{distribution.replace('-', '_')}_module"
        (site / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(
            f"[swamp.drivers]\n{name} = {value or f'{module}:Driver'}\n", encoding="utf-8"
        )

    return install


def found(*names: str) -> list[InstalledDriver]:
    """Return what discovery finds under these names."""
    return [driver for driver in discover() if driver.name in names]


def error_of(kind: type[PluginError], name: str = "acme") -> PluginError:
    """Return the error that loading a driver ends in."""
    with pytest.raises(kind) as caught:
        load_driver(name)
    return caught.value


def test_a_driver_is_found_by_its_metadata(install: Install) -> None:
    """What is installed can be listed with names, versions and places."""
    install()
    assert found("acme") == [
        InstalledDriver(
            name="acme",
            entry_point="acme_swamp_module:Driver",
            distribution="acme-swamp",
            version="2.1",
        )
    ]


def test_discovery_imports_nothing(install: Install) -> None:
    """One broken or slow plug-in must not stop or slow down the others."""
    install(source="raise SystemExit('imported')")
    assert found("acme")
    assert "acme_swamp_module" not in sys.modules


def test_loading_imports_only_the_driver_named(install: Install) -> None:
    """A run on one driver owes nothing to what else is installed."""
    install()
    install("broken-swamp", name="broken", source="1 / 0")
    assert load_driver("acme").info.summary
    assert "acme_swamp_module" in sys.modules
    assert "broken_swamp_module" not in sys.modules


def test_a_loaded_driver_knows_where_it_comes_from(install: Install) -> None:
    """Every later error about it says which package to repair."""
    install()
    loaded = load_driver("acme")
    assert (loaded.name, loaded.cls.__name__) == ("acme", "Driver")
    assert loaded.installed.origin == "acme-swamp 2.1, acme_swamp_module:Driver"


def test_an_unknown_driver_is_named_with_a_guess_and_what_is_installed(install: Install) -> None:
    """A person who misspells a name wants the names that there are."""
    install()
    with pytest.raises(UnknownDriverError) as caught:
        load_driver("acmee", installed=found("acme"))
    assert str(caught.value) == "unknown driver 'acmee' (did you mean 'acme'? installed: acme)"
    assert (caught.value.driver, caught.value.exit_code) == ("acmee", 2)


def test_without_any_driver_the_error_says_so() -> None:
    """An empty list would look like a bug of the message."""
    with pytest.raises(UnknownDriverError, match=r"'acme' \(no drivers are installed\)"):
        load_driver("acme", installed=())


def test_a_name_offered_twice_is_refused(install: Install) -> None:
    """Whichever was installed last must not win silently."""
    install()
    install("other-swamp", version="3.0")
    assert str(error_of(DuplicateDriverError)) == (
        "the driver 'acme' is offered more than once: by acme-swamp 2.1, acme_swamp_module:Driver "
        "and other-swamp 3.0, other_swamp_module:Driver "
        "(select one: acme-swamp:acme or other-swamp:acme)"
    )


@pytest.mark.parametrize("selector", ["other-swamp:acme", "Other_Swamp:acme"])
def test_the_distribution_selects_one_of_two(install: Install, selector: str) -> None:
    """Names of distributions are compared as package indexes compare them."""
    install()
    install("other-swamp", version="3.0")
    assert load_driver(selector).installed.distribution == "other-swamp"


def test_a_selector_that_fits_nothing_says_what_does(install: Install) -> None:
    """The name may be right and the distribution wrong."""
    install()
    with pytest.raises(UnknownDriverError) as caught:
        load_driver("other:acme")
    assert str(caught.value) == ("unknown driver 'other:acme' (it is offered as: acme-swamp:acme)")


def test_a_distribution_that_is_there_twice_counts_once(install: Install, site: Path) -> None:
    """An editable install and a wheel of the same project are not two offers."""
    install()
    install(version="2.2")
    assert len(found("acme")) == 1


@pytest.mark.parametrize(
    ("source", "cause", "text"),
    [
        (
            "import no_such_module_at_all",
            ModuleNotFoundError,
            "(it needs the module 'no_such_module_at_all': install what provides it)",
        ),
        ("1 / 0", ZeroDivisionError, "importing it raised ZeroDivisionError: division by zero"),
        ("def (", SyntaxError, "importing it raised SyntaxError"),
        ("raise SystemExit(3)", SystemExit, "importing it raised SystemExit: 3"),
    ],
)
def test_a_driver_that_cannot_be_imported_is_reported_with_its_cause(
    install: Install, source: str, cause: type[BaseException], text: str
) -> None:
    """Whatever a foreign module does at import, the user hears which package to repair."""
    install(source=source)
    error = error_of(DriverLoadError)
    assert isinstance(error.__cause__, cause)
    assert text in str(error)
    assert str(error).startswith(
        "driver 'acme' (acme-swamp 2.1, acme_swamp_module:Driver) cannot be loaded: "
    )
    assert (error.distribution, error.version, error.entry_point) == (
        "acme-swamp",
        "2.1",
        "acme_swamp_module:Driver",
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("gone_module:Driver", "importing it raised ModuleNotFoundError: No module named 'gone_m"),
        ("acme_swamp_module:Gone", "the module 'acme_swamp_module' has no 'Gone'"),
        ("acme_swamp_module:Driver.Gone", "the module 'acme_swamp_module' has no 'Driver.Gone'"),
        ("acme_swamp_module", "its entry point names no class"),
        ("acme_swamp_module:", "its entry point names no class"),
        ("not a reference", "its entry point names no class"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_reported(
    install: Install, value: str, text: str
) -> None:
    """Metadata and code of a package can disagree after a botched upgrade."""
    install(value=value)
    assert text in str(error_of(DriverLoadError))


def test_an_entry_point_may_lead_into_a_class_and_have_extras(install: Install) -> None:
    """Both are in the specification of entry points."""
    install(
        value="acme_swamp_module:Drivers.Driver [extra]",
        source=GOOD + "\n    class Drivers:\n        Driver = Driver\n",
    )
    assert load_driver("acme").cls.__name__ == "Driver"


def test_a_driver_that_is_no_class_is_refused(install: Install) -> None:
    """A module, an instance or a factory offered as a driver would fail much later."""
    install(source="Driver = object()")
    assert "it is a 'object', not a class" in str(error_of(DriverContractError))


@pytest.mark.parametrize(
    ("api", "fix"),
    [
        ("major=2, minor=0", "install a newer version of swamp-drivers"),
        ("major=1, minor=99", "install a newer version of swamp-drivers"),
        ("major=0, minor=9", "install a newer version of acme-swamp"),
    ],
)
def test_another_version_of_the_contract_is_refused(install: Install, api: str, fix: str) -> None:
    """Whichever side is older must be replaced, and its other faults do not matter."""
    install(
        source=f"""
            import attrs
            from swamp_driver.spec import ApiVersion
            from swamp_driver.testing import FakeDriver

            class Driver:
                info = attrs.evolve(FakeDriver.info, api=ApiVersion({api}))
        """
    )
    error = error_of(DriverApiError)
    assert str(error).endswith(f"this host has 1.0 ({fix})")
    assert error.exit_code == 3


def test_a_broken_driver_keeps_no_other_from_the_list(install: Install) -> None:
    """`swamp-driver drivers` is where a person looks when something is broken."""
    install()
    install("broken-swamp", name="broken", source="1 / 0")
    good, broken = list_drivers(found("acme", "broken"))
    assert (good.installed.name, good.info, good.error) == ("acme", FakeDriver.info, None)
    assert broken.info is None
    assert isinstance(broken.error, DriverLoadError)


def test_both_of_two_drivers_with_one_name_are_listed(install: Install) -> None:
    """Each can be selected with its distribution, so each is shown with what it is."""
    install()
    install("other-swamp")
    listed = list_drivers(found("acme"))
    assert [driver.installed.distribution for driver in listed] == ["acme-swamp", "other-swamp"]
    assert all(driver.info for driver in listed)


def test_a_driver_is_loaded_from_a_reference() -> None:
    """The conformance suite judges classes that no distribution offers yet."""
    loaded = load_driver_object("swamp_driver.testing:FakeDriver")
    assert loaded.cls is FakeDriver
    assert loaded.installed.distribution is None


def test_a_reference_that_leads_nowhere_is_reported() -> None:
    """There is no package to reinstall: the reference is what is wrong."""
    with pytest.raises(
        DriverLoadError, match="has no 'Gone' \\(check the name and the Python path"
    ):
        load_driver_object("swamp_driver.testing:Gone")


def test_a_catalog_prefers_the_classes_it_was_given(install: Install) -> None:
    """A test replaces a driver by a fake one and changes nothing else."""
    install(source="1 / 0")
    catalog = RegistryCatalog({"acme": FakeDriver})
    assert catalog.load("acme").cls is FakeDriver
    assert catalog.describe("acme") is FakeDriver.info


def test_a_catalog_loads_each_driver_once(install: Install) -> None:
    """A plan asks for the same driver at every step."""
    install()
    catalog = RegistryCatalog()
    assert catalog.load("acme") is catalog.load("acme")


def test_a_catalog_names_given_classes_among_those_installed(install: Install) -> None:
    """They can be chosen, so they belong in the hint."""
    install()
    with pytest.raises(UnknownDriverError, match=r"installed: .*acme.*fake"):
        RegistryCatalog({"fake": FakeDriver}).describe("zzz")


def test_a_catalog_checks_the_classes_it_was_given() -> None:
    """A class in a program can be as wrong as one in a package."""
    with pytest.raises(DriverContractError, match=r"driver 'fake' \(builtins:dict\)"):
        RegistryCatalog({"fake": dict}).describe("fake")


class NoMetadata:
    """A finder that is asked for distributions only where discovery happens."""

    @staticmethod
    def find_spec(_name: str, _path: object = None, _target: object = None) -> None:
        """Find no module."""

    @staticmethod
    def find_distributions(_context: object = None) -> None:
        """Fail."""
        raise AssertionError("metadata was read")


def test_nothing_is_discovered_for_a_given_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedding host that brings its driver does not pay for reading metadata."""
    monkeypatch.setattr(sys, "meta_path", [NoMetadata, *sys.meta_path])
    assert RegistryCatalog({"fake": FakeDriver}).load("fake").cls is FakeDriver
    with pytest.raises(AssertionError, match="metadata was read"):
        RegistryCatalog({"fake": FakeDriver}).load("another")
