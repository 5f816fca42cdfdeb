"""A root of its own for each test that looks at what a run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a root (and a state directory) that nobody else uses; return the root."""
    monkeypatch.setenv("SWAMP_DRIVER_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(tmp_path / "state"))
    return tmp_path / "root"
