"""What a shell offers for arguments at a TAB."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from swamp_driver.errors import SwampDriverError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from swamp_driver.host.data import DataStore

_MOST_OFFERED = 50


def complete_runs(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the newest runs."""
    return _offer(_run_ids, incomplete)


def complete_waiting_runs(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the runs that are suspended."""
    return _offer(_waiting_run_ids, incomplete)


def complete_drivers(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the installed drivers."""
    return _offer(_driver_names, incomplete)


def complete_workspaces(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the workspaces that are kept."""
    return _offer(_workspace_names, incomplete)


def complete_workflows(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the YAML files, or leave it to the shell where there are directories to go into."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only at a TAB

    start, slash = incomplete.rpartition("/")[:2]
    try:
        entries = sorted(Path(start + slash or ".").iterdir())
    except OSError:
        return []
    found = [path for path in entries if f"{start}{slash}{path.name}".startswith(incomplete)]
    if any(path.is_dir() and not path.name.startswith(".") for path in found):
        return [CompletionItem(incomplete, type="file")]
    yaml = [path.name for path in found if path.suffix in {".yaml", ".yml"}]
    return _items(((f"{start}{slash}{name}", "") for name in yaml), incomplete)


def complete_models(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the models that have data in the repository."""
    return _offer(lambda: _models(ctx), incomplete)


def complete_data_names(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names of the data of the model that was given before."""
    return _offer(lambda: _data_names(ctx), incomplete)


def _offer(found: Callable[[], Iterable[tuple[str, str]]], incomplete: str) -> list[CompletionItem]:
    """Return what begins as `incomplete`; nothing where looking fails: a shell shows no errors."""
    try:
        return _items(found(), incomplete)
    except SwampDriverError:
        return []


def _items(found: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only at a TAB

    return [
        CompletionItem(value, help=text or None)
        for value, text in found
        if value.startswith(incomplete)
    ]


def _run_ids() -> Iterable[tuple[str, str]]:
    from swamp_driver.host import HostSettings, open_store  # noqa: PLC0415 - only at a TAB

    with open_store(HostSettings.from_environment()) as store:
        runs = store.runs(limit=_MOST_OFFERED)
    newest = [("last", "the newest run")] if runs else []
    return [*newest, *((run.run_id, f"{run.workflow}: {run.status.value}") for run in runs)]


def _waiting_run_ids() -> Iterable[tuple[str, str]]:
    from swamp_driver.host import HostSettings, open_store  # noqa: PLC0415 - only at a TAB
    from swamp_driver.spec import RunStatus  # noqa: PLC0415 - only at a TAB

    with open_store(HostSettings.from_environment()) as store:
        runs = [run for run in store.runs() if run.status is RunStatus.SUSPENDED]
    return [(run.run_id, run.workflow) for run in runs[:_MOST_OFFERED]]


def _driver_names() -> Iterable[tuple[str, str]]:
    from swamp_driver.host import discover  # noqa: PLC0415 - only at a TAB

    return [(driver.name, driver.distribution or "") for driver in discover()]


def _workspace_names() -> Iterable[tuple[str, str]]:
    from swamp_driver.host import HostSettings, list_workspaces  # noqa: PLC0415 - only at a TAB

    return [(kept.name, kept.kind) for kept in list_workspaces(HostSettings.from_environment())]


def _models(ctx: click.Context) -> Iterable[tuple[str, str]]:
    with _data(ctx) as store:
        return [(model, "") for model in store.models()]


def _data_names(ctx: click.Context) -> Iterable[tuple[str, str]]:
    with _data(ctx) as store:
        found = store.latest_of(ctx.params.get("model") or "")
    return [(one.name, f"{one.spec}, version {one.version}") for one in found]


def _data(ctx: click.Context) -> DataStore:
    from swamp_driver.host import HostSettings, find_repository  # noqa: PLC0415 - only at a TAB
    from swamp_driver.host.data import open_data_store  # noqa: PLC0415 - only at a TAB

    directory = Path(ctx.params.get("directory") or ".").absolute()
    return open_data_store(HostSettings.from_environment(), find_repository(directory))
