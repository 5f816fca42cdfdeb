"""The host as a library: load a workflow, plan it, run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.host._bus import Observer
from swamp_driver.host._records import RunRecord
from swamp_driver.host._registry import RegistryCatalog, as_catalog
from swamp_driver.host._repository import find_repository, read_repository_file, vault_names
from swamp_driver.host._run import RunOptions, execute_run
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._store import open_store
from swamp_driver.host._workflow_files import MOST_BYTES, WorkflowFiles
from swamp_driver.spec import CancelToken, Json
from swamp_driver.workflow import (
    DriverSelection,
    FoundReports,
    ModelCatalog,
    Plan,
    ReportCatalog,
    Workflow,
    parse_workflow,
    plan_text,
    plan_workflow,
)

if TYPE_CHECKING:
    from swamp_driver.workflow import RepositoryFile


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LoadedWorkflow(Value):
    """A workflow and the file it came from."""

    workflow: Workflow
    source: str
    """The file as the caller named it, for messages."""
    directory: str
    """Absolute path of the directory that it is in."""


def load_workflow(path: str | Path) -> LoadedWorkflow:
    """Read a workflow file.

    Raises:
        WorkflowError: it cannot be read, or what is in it is wrong; all problems at once.
    """
    return load_workflow_text(_read(Path(path)), source=str(path), directory=Path(path).parent)


def load_workflow_text(
    text: str, *, source: str = "<text>", directory: str | Path = "."
) -> LoadedWorkflow:
    """Take a workflow from text, as `load_workflow` does from a file; `source` is for messages.

    Raises:
        WorkflowError: what is in it is wrong; all problems at once.
    """
    return LoadedWorkflow(
        workflow=parse_workflow(
            text, source=source, vaults=vault_names(_repository_file(Path(directory)))
        ),
        source=source,
        directory=str(Path(directory).absolute()),
    )


def plan(
    loaded: LoadedWorkflow,
    *,
    inputs: Mapping[str, Json] | None = None,
    driver: str | None = None,
    driver_config: Mapping[str, Json] | None = None,
    drivers: Mapping[str, type] | RegistryCatalog | None = None,
) -> Plan:
    """Decide everything that can be decided before a run, and check it; nothing is run or made.

    In a repository with a file `.swamp-driver.yaml`, its driver is used where neither the caller
    nor the workflow names one.

    `driver` and `driver_config` override the file. `drivers` adds driver classes by name, beside
    those that are installed; or it is a catalog, which calls that follow each other may share so
    that drivers are looked for, imported and checked once.

    Raises:
        WorkflowError: the file, the inputs or the options of a driver are wrong, or the
            repository's file is; all problems.
        PluginError: `driver` cannot be used.
    """
    return plan_workflow(
        loaded.workflow,
        source=loaded.source,
        directory=loaded.directory,
        inputs=inputs or {},
        selection=_selection(_repository_file(Path(loaded.directory)), driver, driver_config),
        catalog=as_catalog(drivers),
        reports=_reports(Path(loaded.directory)),
        workflows=WorkflowFiles(),
        models=_models(Path(loaded.directory)),
    )


def plan_file(
    path: str | Path,
    *,
    inputs: Mapping[str, Json] | None = None,
    driver: str | None = None,
    driver_config: Mapping[str, Json] | None = None,
    drivers: Mapping[str, type] | RegistryCatalog | None = None,
) -> Plan:
    """Load and plan a file in one, with the problems of both at once.

    As `plan(load_workflow(path), ...)`, but a wrong key does not hide a driver that is unknown.

    Raises:
        WorkflowError: the file, the inputs or the options of a driver are wrong, or the
            repository's file is; all problems.
        PluginError: `driver` cannot be used.
    """
    return plan_text(
        _read(Path(path)),
        source=str(path),
        directory=str(Path(path).parent.absolute()),
        inputs=inputs or {},
        selection=_selection(_repository_file(Path(path).parent), driver, driver_config),
        catalog=as_catalog(drivers),
        reports=_reports(Path(path).parent),
        workflows=WorkflowFiles(),
        models=_models(Path(path).parent),
    )


def run(
    planned: Plan,
    *,
    observers: Sequence[Observer] = (),
    cancel: CancelToken | None = None,
    settings: HostSettings | None = None,
    options: RunOptions | None = None,
    drivers: Mapping[str, type] | RegistryCatalog | None = None,
) -> RunRecord:
    """Run a plan to its end and return its record, with its steps and its exit code.

    Blocks; may be called from any thread, several times at once. Step and driver failures do not
    raise: look at `RunRecord.status`. Set `cancel` from another thread to end it early.

    Raises:
        StoreError: records cannot be read or written.
    """
    settings = settings or HostSettings.from_environment()
    catalog = as_catalog(drivers)
    with open_store(settings) as store:
        return execute_run(
            planned,
            store=store,
            load=catalog.load,
            observers=observers,
            cancel=cancel,
            options=options,
        )


def _repository_file(directory: Path) -> RepositoryFile | None:
    """Return what the repository of a directory says, checked."""
    found = read_repository_file(find_repository(directory))
    if found is not None and found.vaults:
        from swamp_driver.host.vaults import check_vaults  # noqa: PLC0415 - few have one

        check_vaults(found)
    return found


def _selection(
    repository: RepositoryFile | None, driver: str | None, driver_config: Mapping[str, Json] | None
) -> DriverSelection:
    """Return what the caller and the repository say about drivers."""
    return DriverSelection(
        cli_driver=driver,
        cli_config=driver_config,
        repo=None if repository is None else repository.tier,
        vaults=vault_names(repository),
    )


def _reports(directory: Path) -> ReportCatalog:
    def own() -> FoundReports:
        repository = find_repository(directory)
        if not (repository / "extensions/reports").is_dir():
            return FoundReports()
        from swamp_driver.host.reports import find_own_reports  # noqa: PLC0415 - few have any

        return find_own_reports(repository)

    def installed() -> FoundReports:
        from swamp_driver.host.reports import find_installed_reports  # noqa: PLC0415 - as above

        return find_installed_reports()

    return ReportCatalog(own=own, installed=installed)


def _models(directory: Path) -> ModelCatalog:
    from swamp_driver.host.models import catalog_of  # noqa: PLC0415 - not to load a run

    return catalog_of(directory)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise WorkflowError(
            [Problem(what=f"the file cannot be read: {error.strerror}", file=str(path))]
        ) from error
    if len(data) > MOST_BYTES:
        raise WorkflowError(
            [Problem(what=f"the file is larger than {MOST_BYTES} bytes", file=str(path))]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = Problem(what="the file is not UTF-8 text", file=str(path), line=line, column=1)
        raise WorkflowError([problem]) from error
