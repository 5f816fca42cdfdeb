"""What holds for every test: its own directories, and an honest word where there is no engine."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.engine_probe import NOT_RUN, engine_answers, engine_is_required

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def isolated_directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the session its own root and state, so that no test touches those of its user."""
    base = tmp_path_factory.mktemp("swamp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWAMP_DRIVER_ROOT", str(base / "root"))
        patch.setenv("SWAMP_DRIVER_STATE", str(base / "state"))
        patch.setenv("NO_COLOR", "1")
        for name in ("FORCE_COLOR", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let SIGINT interrupt, also where the session was started in the background of a script.

    There the shell has it ignored, and what we start to be interrupted would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Report a test that needs an engine as not run where there is none; fail it under CI."""
    if item.get_closest_marker("engine") is None or engine_answers():
        return
    if engine_is_required():
        pytest.fail(NOT_RUN, pytrace=False)
    pytest.skip(NOT_RUN)
