"""Packages that load a part of what they offer when it is used."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from swamp_driver import host, rundir, workflow


@pytest.mark.parametrize("package", [host, rundir, workflow])
def test_every_name_that_a_package_offers_is_there(package: ModuleType) -> None:
    """A name that is loaded on use is checked by nobody before that."""
    assert set(package.__all__) <= set(dir(package))
    assert all(hasattr(package, name) for name in package.__all__)


def test_another_name_is_refused_in_the_words_of_python() -> None:
    """A typo must not look like anything else."""
    with pytest.raises(AttributeError, match=r"^module 'swamp_driver\.host' has no attribute 'x'$"):
        _ = host.x  # type: ignore[attr-defined]


def test_a_run_does_not_load_what_it_does_not_need() -> None:
    """Each of these costs every start of the command line time."""
    seldom = {"rich", "logging", "hashlib", "importlib.metadata", "swamp_driver.host._leftovers"}
    code = f"import sys, swamp_driver.cli._commands.run; print({seldom!r} & sys.modules.keys())"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "set()"
