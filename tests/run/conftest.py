"""A host per test."""

from pathlib import Path

import pytest

from tests.run.host import HostForTests, a_host


@pytest.fixture
def host(tmp_path: Path) -> HostForTests:
    return a_host(tmp_path)
