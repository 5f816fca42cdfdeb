"""Finding and importing drivers, with distributions that are really there."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import textwrap
import zipfile
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
from swamp_driver.spec import API_VERSION
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
    assert str(error).endswith(f"this host has {API_VERSION} ({fix})")
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


def by_the_standard_library() -> set[tuple[str, str, str, str]]:
    """Return what `importlib.metadata` finds, in the same shape as `found_by_us`."""
    return {
        (point.name, point.value, point.dist.name, point.dist.version)
        for point in importlib.metadata.entry_points(group="swamp.drivers")
        if point.dist is not None
    }


def found_by_us() -> set[tuple[str, str, str | None, str | None]]:
    """Return what discovery finds."""
    return {(d.name, d.entry_point, d.distribution, d.version) for d in discover()}


def test_discovery_finds_what_the_standard_library_finds(install: Install, site: Path) -> None:
    """Its own reading of metadata is for speed only: other tools must not see other drivers."""
    install()
    install("Other_Swamp", version="1.0.post1", name="other")
    install("other-swamp", version="1.0", name="shadowed-or-not")
    info = site / "old_swamp.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Name: old-swamp\nVersion: 0.1\n\nName: no\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[console_scripts]\nold=old:main\n\n[swamp.drivers]\n# old=no:No\n  old =  old:Driver \n"
        "[swamp.drivers.more]\nmore = old:More\n",
        encoding="utf-8",
    )
    (site / "single.egg-info").write_text("Name: single\n", encoding="utf-8")
    (site / "empty.dist-info").mkdir()

    assert found_by_us() == by_the_standard_library()
    assert "old" in {name for name, *_ in found_by_us()}


def test_damaged_metadata_hides_no_other_driver(install: Install, site: Path) -> None:
    """`importlib.metadata` itself stops at the first such line of any distribution."""
    install()
    info = site / "broken-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_bytes(b"[swamp.drivers]\nno value\n\xff\nb = b:B\n")

    assert [driver.origin for driver in found("acme")] == [
        "acme-swamp 2.1, acme_swamp_module:Driver"
    ]
    assert [driver.origin for driver in found("b")] == ["b:B"]


def test_a_distribution_without_drivers_hides_its_other_copy(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import takes the first copy on the path, so metadata of the second is not true here."""
    install()
    first = tmp_path / "first"
    (first / "acme_swamp-3.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(first))

    assert found("acme") == []


def test_drivers_in_a_zip_file_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may hold what plain directories are not; such distributions count as well."""
    archive = tmp_path / "site.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("z_swamp-1.dist-info/METADATA", "Name: z-swamp\nVersion: 1\n")
        file.writestr("z_swamp-1.dist-info/entry_points.txt", "[swamp.drivers]\nz = z:Driver\n")
    monkeypatch.syspath_prepend(str(archive))

    assert [driver.origin for driver in found("z")] == ["z-swamp 1, z:Driver"]


def test_discovery_does_not_import_the_slow_module() -> None:
    """Starting a run is a matter of milliseconds, and `importlib.metadata` costs 30 of them."""
    code = (
        "import sys; from swamp_driver.host._discovery import discover; discover()\n"
        "sys.exit('importlib.metadata' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
