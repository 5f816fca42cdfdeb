"""The pytest plug-in: `--swamp-driver NAME` makes pytest judge a driver.

It is loaded in every pytest session of an environment where the suite is installed, so it imports
nothing, and registers nothing but its marker, until a driver is named.
"""

from __future__ import annotations

import pytest

MARKER_LINE = "swamp_clause(*ids): the clauses of the driver contract that a test is about"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("swamp-drivers", "conformance of drivers")
    group.addoption("--swamp-driver", metavar="NAME", help="judge the driver with this entry point")
    group.addoption(
        "--swamp-driver-object", metavar="MODULE:CLASS", help="judge this class instead"
    )
    group.addoption(
        "--swamp-driver-config",
        metavar="FILE",
        help="options of the driver (.json, .toml, .yaml); its first good sample by default",
    )
    group.addoption(
        "--swamp-sample",
        metavar="CAPABILITY=FILE",
        action="append",
        default=[],
        help="options for the capability 'user' or 'memory-limit'; a good sample of that title "
        "by default",
    )
    group.addoption(
        "--swamp-profile", metavar="NAME", default="core", help="the kind of driver it claims to be"
    )
    group.addoption("--swamp-report", metavar="DIR", help="write reports into this directory")
    group.addoption(
        "--swamp-require-env",
        metavar="WORD",
        action="append",
        default=[],
        help="fail where this is missing (root, linux, driver, the driver's name, all)",
    )
    group.addoption(
        "--swamp-known-failures",
        metavar="FILE",
        help="TOML with [[known]] tables: clause, reason, expires (YYYY-MM-DD)",
    )
    group.addoption(
        "--swamp-clause",
        metavar="ID",
        action="append",
        default=[],
        help="run the tests of this clause only; the verdict is then incomplete",
    )
    group.addoption(
        "--swamp-quick", action="store_true", help="small sizes; the verdict is then incomplete"
    )
    group.addoption("--swamp-root", metavar="DIR", help="make the directories of runs below this")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the driver and the rest of the plug-in, where a driver is named."""
    config.addinivalue_line("markers", MARKER_LINE)
    if not (config.getoption("--swamp-driver") or config.getoption("--swamp-driver-object")):
        return
    from swamp_driver_conformance import _session  # noqa: PLC0415 - see the module's docstring

    _session.start(config)
