"""`--drivers a,b` and `--driver-config NAME:k=v`: which sides are compared."""

from __future__ import annotations

from collections.abc import Sequence

import rich_click as click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.host.parity import Side

_FEWEST = 2


def read_sides(drivers: str, configs: Sequence[str]) -> tuple[Side, ...]:
    """Return the sides in the order in which they were named.

    `NAME=DRIVER` in `drivers` gives a side a name of its own, so that one driver can be compared
    with itself under other options. `NAME:k=v` in `configs` is an option of that side.

    Raises:
        UsageError: fewer than two sides, two of one name, or options for a name that is none.
        WorkflowError: an option cannot be understood.
    """
    named = [_side(word.strip()) for word in drivers.split(",") if word.strip()]
    labels = [label for label, _ in named]
    if len(named) < _FEWEST:
        raise click.UsageError("--drivers needs two drivers at least: --drivers raw,docker-session")
    if len(set(labels)) < len(labels):
        raise click.UsageError("--drivers has a name twice: give them names, a=raw,b=raw")
    options: dict[str, list[str]] = {label: [] for label in labels}
    for config in configs:
        label = next((one for one in labels if config.startswith(f"{one}:")), None)
        if label is None:
            names = ", ".join(labels)
            raise click.UsageError(
                f"--driver-config is written NAME:key=value here, with one of: {names}"
            )
        options[label].append(config.removeprefix(f"{label}:"))
    return tuple(
        Side(
            label=label,
            driver=driver,
            config=read_assignments(options[label], option="--driver-config") or None,
        )
        for label, driver in named
    )


def _side(word: str) -> tuple[str, str]:
    label, equals, driver = word.partition("=")
    return (label, driver) if equals else (word, word)
