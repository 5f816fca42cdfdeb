"""The drivers that the contract tests run over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from swamp_driver.spec import Json


@attrs.frozen(kw_only=True)
class DriverCase:
    """A driver with options; the contract tests run over each one."""

    name: str
    load: Callable[[], type[Any]]
    """Imports and returns the driver class."""
    options: Callable[[], Mapping[str, Json]] = dict
    """Returns its options in the shape of the file; may set up what they need (an image)."""
    is_contained: bool = True
    """No process escapes; false for a driver that does not declare `containment`."""
    needs_engine: bool = False
    """Its tests carry the mark `engine`."""
    is_quick: bool = True
    """A step costs milliseconds; false where each has a container: some tests then take fewer."""


def _raw() -> type[Any]:
    from swamp_driver_raw import RawDriver

    return RawDriver


def _docker() -> type[Any]:
    from swamp_driver_docker_ws import DockerDriver

    return DockerDriver


def _docker_session() -> type[Any]:
    from swamp_driver_docker_ws import DockerSessionDriver

    return DockerSessionDriver


CASES: tuple[DriverCase, ...] = (
    DriverCase(name="raw-agent", load=_raw, options=lambda: {"containment": "agent"}),
    DriverCase(
        name="raw-portable",
        load=_raw,
        options=lambda: {"containment": "portable"},
        is_contained=False,
    ),
    DriverCase(
        name="docker",
        is_quick=False,
        load=_docker,
        options=lambda: {"image": "swamp-test/debian", "pull": "never"},
        needs_engine=True,
    ),
    DriverCase(
        name="docker-session",
        load=_docker_session,
        options=lambda: {"image": "swamp-test/debian", "pull": "never"},
        needs_engine=True,
    ),
)
"""Add a driver here, and every file of `tests/drivers/contract` runs over it."""
