"""A host per test, or a root for those that run whole commands."""

from pathlib import Path

import pytest

from tests.run.host import HostForTests, a_host


@pytest.fixture
def host(tmp_path: Path) -> HostForTests:
    """Return a host with directories of its own."""
    return a_host(tmp_path)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a root and a state directory that nobody else uses; return the root."""
    monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(tmp_path / "state"))
    return tmp_path / "root"
