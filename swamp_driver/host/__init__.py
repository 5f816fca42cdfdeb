"""The reference host: plans in, records out. `load_workflow`, `plan` and `run` are the way in."""

from typing import TYPE_CHECKING

from swamp_driver._lazy import load_on_use
from swamp_driver.host._answer import answer_run, resume_run, wait_until_heard
from swamp_driver.host._api import (
    LoadedWorkflow,
    load_workflow,
    load_workflow_text,
    plan,
    plan_file,
    run,
)
from swamp_driver.host._approvals import Answer, Approval, Approvals
from swamp_driver.host._bound_driver import BoundDriver, LoadedDriver, open_driver
from swamp_driver.host._bus import Observer
from swamp_driver.host._discovery import InstalledDriver, discover
from swamp_driver.host._event_json import event_from_json, event_to_json
from swamp_driver.host._masking import looks_secret
from swamp_driver.host._records import (
    HandedOn,
    ReportRecord,
    ReportStatus,
    RunRecord,
    StepRecord,
    WorkspaceRecord,
)
from swamp_driver.host._registry import (
    DriverListing,
    RegistryCatalog,
    list_drivers,
    load_driver,
    load_driver_object,
)
from swamp_driver.host._repository import find_repository
from swamp_driver.host._rerun import Earlier, find_earlier
from swamp_driver.host._run import RunOptions, execute_run
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._step_log import LogExcerpt, LoggedOutput
from swamp_driver.host._store import Store, open_store
from swamp_driver.host._workspaces import (
    KeptWorkspace,
    find_workspace,
    list_workspaces,
    remove_workspace,
)

if TYPE_CHECKING:
    from swamp_driver.host._enter import EnterCommand, enter_command, export_workspace
    from swamp_driver.host._leftovers import FoundLeftover, LeftoverReport, find_leftovers
else:  # what runs do not need
    __getattr__, __dir__ = load_on_use(
        __name__,
        {
            "_enter": ("EnterCommand", "enter_command", "export_workspace"),
            "_leftovers": ("FoundLeftover", "LeftoverReport", "find_leftovers"),
        },
    )

__all__ = [
    "Answer",
    "Approval",
    "Approvals",
    "BoundDriver",
    "DriverListing",
    "Earlier",
    "EnterCommand",
    "FoundLeftover",
    "HandedOn",
    "HostSettings",
    "InstalledDriver",
    "KeptWorkspace",
    "LeftoverReport",
    "LoadedDriver",
    "LoadedWorkflow",
    "LogExcerpt",
    "LoggedOutput",
    "Observer",
    "RegistryCatalog",
    "ReportRecord",
    "ReportStatus",
    "RunOptions",
    "RunRecord",
    "StepRecord",
    "Store",
    "WorkspaceRecord",
    "answer_run",
    "discover",
    "enter_command",
    "event_from_json",
    "event_to_json",
    "execute_run",
    "export_workspace",
    "find_earlier",
    "find_leftovers",
    "find_repository",
    "find_workspace",
    "list_drivers",
    "list_workspaces",
    "load_driver",
    "load_driver_object",
    "load_workflow",
    "load_workflow_text",
    "looks_secret",
    "open_driver",
    "open_store",
    "plan",
    "plan_file",
    "remove_workspace",
    "resume_run",
    "run",
    "wait_until_heard",
]
