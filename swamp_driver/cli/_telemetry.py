"""Spans of a run, where somebody wants them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from swamp_driver.host.telemetry import Telemetry

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextlib.contextmanager
def open_telemetry(wanted: bool | None) -> Iterator[Telemetry | None]:  # noqa: FBT001 - a choice
    """Yield what makes spans of a run, or None; at the end send what was not sent yet.

    `wanted` is None where nobody said: then the standard variables of the environment decide.

    Raises:
        UsageError: They are wanted, and the extra is not installed.
    """
    if wanted is None:
        wanted = any(os.environ.get(name) for name in _ENDPOINTS) and _is_installed()
    if not wanted:
        yield None
        return
    if not _is_installed():
        raise click.UsageError("--otel needs an extra: pip install 'swamp-drivers[otel]'")
    from swamp_driver.host.telemetry import (  # noqa: PLC0415 - 150 ms, and few want it
        Telemetry,
        exporting_provider,
    )

    provider = exporting_provider()
    try:
        yield Telemetry(provider)
    finally:
        provider.shutdown()


def _is_installed() -> bool:
    return find_spec("opentelemetry") is not None and all(
        find_spec(f"opentelemetry.{name}") for name in ("sdk", "exporter")
    )
