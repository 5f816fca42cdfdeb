"""What the tests of the command line share."""

from __future__ import annotations

import pytest

from tests.unit.cli.builders import Story, Terminal


@pytest.fixture
def story() -> Story:
    """Return a builder for the events of one run."""
    return Story()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal of 80 columns and 24 lines."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()
