"""Going into a workspace that was kept, and taking its files out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import HostError, NotFoundError, WorkspaceError
from swamp_driver.host._bound_driver import open_driver
from swamp_driver.host._records import RunRecord, WorkspaceRecord
from swamp_driver.host._registry import RegistryCatalog
from swamp_driver.spec import Workspace, structure_config

_SHELL = "/bin/sh"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EnterCommand(Value):
    """A program that gives a person a shell in a workspace."""

    argv: tuple[str, ...]
    cwd: str | None
    """Where to start it; None where that makes no difference."""
    env: Mapping[str, str]
    """What to add to the caller's environment."""


def enter_command(
    record: RunRecord, *, driver: str | None = None, environ: Mapping[str, str] | None = None
) -> EnterCommand:
    """Return how to get a shell where the steps of a run ran: its image, its mounts, its user.

    `driver` chooses where a run used several; the first that it opened otherwise.

    Raises:
        NotFoundError: the workspace was not kept, or no step of the run used that driver.
    """
    prepared = _prepared(record, driver)
    path = _kept_path(record)
    if prepared.enter:
        return EnterCommand(argv=prepared.enter, cwd=None, env={})
    shell = (os.environ if environ is None else environ).get("SHELL", _SHELL)
    home = str(Path(path).parent / "home")
    return EnterCommand(argv=(shell,), cwd=path, env={"HOME": home, "SWAMP_WORKSPACE": path})


def export_workspace(record: RunRecord, directory: Path, *, catalog: RegistryCatalog) -> None:
    """Copy what is in the kept workspace of a run into `directory`, which is made.

    Symlinks stay symlinks, modes and empty directories are kept, the files belong to the caller.

    Raises:
        NotFoundError: the workspace was not kept.
        HostError: `directory` is not empty, or something could not be copied.
        DriverError: the driver that has the workspace cannot give it.
    """
    prepared = _prepared(record, None)
    path = _kept_path(record)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise HostError(f"'{directory}' is not empty: give one that is, or that does not exist")
        if prepared.host_visible:
            shutil.copytree(path, directory, symlinks=True, dirs_exist_ok=True)
            return
    except shutil.Error as error:
        lines = "; ".join(str(reason) for _, _, reason in error.args[0])
        raise HostError(f"not everything was copied to '{directory}': {lines}") from error
    except OSError as error:
        raise HostError(f"'{error.filename}' cannot be copied: {error.strerror}") from error
    _ask_driver(prepared, path, directory, catalog)


def _ask_driver(
    prepared: WorkspaceRecord, path: str, directory: Path, catalog: RegistryCatalog
) -> None:
    loaded = catalog.load(prepared.driver)
    bound = open_driver(loaded, structure_config(loaded.info.config, prepared.config))
    workspace = Workspace(
        path=path, host_visible=False, handle=prepared.handle, enter=prepared.enter
    )
    if not bound.export_workspace(workspace, str(directory.absolute())):
        raise WorkspaceError(f"driver '{prepared.driver}' cannot take files out of its workspaces")


def _kept_path(record: RunRecord) -> str:
    if record.workspace_path is None or not record.workspace_kept:
        raise NotFoundError(
            f"the workspace of run {record.run_id} was not kept: run it again with "
            "--preserve-workspace"
        )
    host_visible = all(prepared.host_visible for prepared in record.workspaces)
    if host_visible and not Path(record.workspace_path).is_dir():
        raise NotFoundError(f"the workspace '{record.workspace_path}' is not there any more")
    return record.workspace_path


def _prepared(record: RunRecord, driver: str | None) -> WorkspaceRecord:
    for prepared in record.workspaces:
        if driver in (None, prepared.driver):
            return prepared
    if driver is None:
        raise NotFoundError(f"run {record.run_id} prepared no workspace")
    used = ", ".join(f"'{one.driver}'" for one in record.workspaces) or "none"
    raise NotFoundError(f"run {record.run_id} did not use driver '{driver}' (it used {used})")
